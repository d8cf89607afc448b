/* core/function/records.c - see core/function/records.h */
#include "core/function/records.h"
#include "core/base/base64.h"
#include "core/base/number.h"
#include "core/base/url.h"

/* ------------------------------------------------------------------------
 * Walking through records: the event was read, so nothing here can fail
 */
struct walk {
    struct mote_json j;
    uint64_t count; /* members given so far */
};

static struct walk walk_into(struct mote_text array_or_object)
{
    struct mote_where ignored;
    struct mote_json_token t;
    struct walk w = {.count = 0};

    mote_json_begin(&w.j, array_or_object);
    (void)mote_json_next(&w.j, &t, &ignored);
    return w;
}

/* The next member and, inside an object, its key's token. */
static bool walk_on(struct walk *w, struct mote_text *value,
                    struct mote_json_token *t)
{
    struct mote_where ignored;

    if (mote_json_next(&w->j, t, &ignored) != MOTE_OK ||
        t->type == MOTE_JSON_END || t->type == MOTE_JSON_DONE ||
        mote_value_take(value, &w->j, t, &ignored) != MOTE_OK)
        return false;
    w->count++;
    return true;
}

/* ------------------------------------------------------------------------
 * One input, its result thrown away
 */
static bool predict_text(struct mote_function *f, struct mote_text text,
                         struct mote_failure *failure)
{
    struct mote_json_out nowhere;

    mote_json_out_begin(&nowhere, NULL, 0);
    return mote_predict(f, text, &nowhere, failure);
}

static bool predict_base64(struct mote_function *f, struct mote_text data,
                           struct mote_failure *failure)
{
    struct mote_where where = {.row = MOTE_NO_ROW, .field = MOTE_TEXT("data")};
    struct mote_text text = mote_value_string(data);
    const enum mote_status s =
        mote_base64_decode((char *)text.at, &text.n, text, &where);

    if (s == MOTE_OK)
        return predict_text(f, text, failure);
    mote_failure_input(failure, s, &where);
    return false;
}

/* Which record it was and why, without what it held. */
static void tell(const struct mote_function *f, uint64_t number,
                 const struct mote_failure *failure)
{
    mote_failure_tell(failure, f->log, MOTE_TEXT("record"), number);
}

/* ------------------------------------------------------------------------
 * SQS
 */
static void put_item_failure(struct mote_json_out *o, struct mote_text id)
{
    mote_json_put_open(o, '{');
    mote_json_put_member(o, MOTE_TEXT("itemIdentifier"), mote_value_string(id));
    mote_json_put_close(o, '}');
}

static void open_item_failures(struct mote_json_out *o)
{
    mote_json_put_open(o, '{');
    mote_json_put_key(o, MOTE_TEXT("batchItemFailures"));
    mote_json_put_open(o, '[');
}

bool mote_records_sqs(struct mote_function *f, const struct mote_event *event,
                      struct mote_json_out *o, struct mote_failure *failure)
{
    struct walk w = walk_into(event->keys[MOTE_KEY_RECORDS]);
    struct mote_text record;
    struct mote_json_token t;
    bool stopped = false; /* a FIFO queue must keep its order */

    (void)failure;
    open_item_failures(o);
    while (walk_on(&w, &record, &t)) {
        const struct mote_text id = mote_value_at(record, "messageId", NULL);
        const struct mote_text body = mote_value_at(record, "body", NULL);
        const struct mote_text group =
            mote_value_at(record, "attributes", "MessageGroupId");
        struct mote_failure why;

        if (!stopped && predict_text(f, mote_value_string(body), &why))
            continue;
        if (!stopped)
            tell(f, w.count - 1, &why);
        put_item_failure(o, id);
        stopped = group.n > 0;
    }
    mote_json_put_close(o, ']');
    mote_json_put_close(o, '}');
    return true;
}

/* ------------------------------------------------------------------------
 * Kinesis and DynamoDB streams
 */

/* {"N": "5.1"}, {"NULL": true} or, of a text, {"S": "..."}, as feature i. */
static enum mote_status set_attribute(struct mote_function *f, uint32_t i,
                                      struct mote_text value,
                                      struct mote_where *where)
{
    const struct mote_text number = mote_value_at(value, "N", NULL);
    const struct mote_text null = mote_value_at(value, "NULL", NULL);
    const struct mote_text string = mote_value_at(value, "S", NULL);
    const struct mote_text text = mote_value_string(number);
    double x;

    if (mote_is_text(f->model->features) && mote_value_is_string(string))
        return mote_input_text(&f->input, i, mote_value_string(string), false,
                               value, where);
    if (mote_text_equal(null, MOTE_TEXT("true")))
        return mote_input_missing(&f->input, i, MOTE_TEXT("null"), where);
    if (mote_f64_read(text, &x) != MOTE_E_FORMAT)
        return mote_input_number(&f->input, i, x, text, where);
    where->field = mote_model_string(f->model, f->model->features[i].name);
    where->expected = mote_is_text(f->model->features)
                          ? "an attribute of type S"
                          : "an attribute of type N";
    where->got = value;
    return MOTE_E_SCHEMA;
}

static bool predict_image(struct mote_function *f, struct mote_text image,
                          struct mote_failure *failure)
{
    struct mote_where where = {.row = MOTE_NO_ROW};
    struct walk w = walk_into(image);
    struct mote_json_out nowhere;
    struct mote_text value;
    struct mote_json_token t;
    enum mote_status s = MOTE_OK;

    if (!mote_predict_begin(f, false, failure))
        return false;
    while (s == MOTE_OK && walk_on(&w, &value, &t)) {
        const uint32_t i = mote_input_find(&f->input, t.key, t.key_escaped);
        if (i != MOTE_NONE)
            s = set_attribute(f, i, value, &where);
        if (s != MOTE_OK && mote_is_text(f->model->features))
            where.field = t.key; /* as the table calls it */
    }
    if (s == MOTE_OK)
        s = mote_input_end_row(&f->input, &where);
    mote_json_out_begin(&nowhere, NULL, 0);
    if (s == MOTE_OK)
        return mote_predict_rows(f, &nowhere, failure);
    mote_failure_input(failure, s, &where);
    return false;
}

static bool predict_record(struct mote_function *f, enum mote_shape shape,
                           struct mote_text record,
                           struct mote_failure *failure)
{
    if (shape == MOTE_SHAPE_KINESIS) {
        const struct mote_text data = mote_value_at(record, "kinesis", "data");
        return predict_base64(f, data, failure);
    }
    const struct mote_text name = mote_value_at(record, "eventName", NULL);
    return mote_value_is(name, "REMOVE") ||
           predict_image(f, mote_value_at(record, "dynamodb", "NewImage"),
                         failure);
}

bool mote_records_stream(struct mote_function *f,
                         const struct mote_event *event,
                         struct mote_json_out *o, struct mote_failure *failure)
{
    const bool kinesis = event->shape == MOTE_SHAPE_KINESIS;
    const struct mote_text state = event->keys[MOTE_KEY_STATE];
    struct walk w = walk_into(event->keys[MOTE_KEY_RECORDS]);
    struct mote_text record;
    struct mote_json_token t;

    (void)failure;
    open_item_failures(o);
    while (walk_on(&w, &record, &t)) {
        /* before the data is decoded where it stands: after that the record
         * is no JSON any more */
        const struct mote_text id =
            kinesis ? mote_value_at(record, "kinesis", "sequenceNumber")
                    : mote_value_at(record, "dynamodb", "SequenceNumber");
        struct mote_failure why;
        if (predict_record(f, event->shape, record, &why))
            continue;
        tell(f, w.count - 1, &why);
        put_item_failure(o, id);
        break;
    }
    mote_json_put_close(o, ']');
    if (mote_value_is_object(event->keys[MOTE_KEY_WINDOW])) {
        mote_json_put_key(o, MOTE_TEXT("state"));
        mote_json_put_raw(o, mote_value_is_object(state) ? state
                                                         : MOTE_TEXT("{}"));
    }
    mote_json_put_close(o, '}');
    return true;
}

/* ------------------------------------------------------------------------
 * SNS and Kafka
 */
bool mote_records_sns(struct mote_function *f, const struct mote_event *event,
                      struct mote_json_out *o, struct mote_failure *failure)
{
    struct walk w = walk_into(event->keys[MOTE_KEY_RECORDS]);
    struct mote_text record;
    struct mote_json_token t;

    while (walk_on(&w, &record, &t)) {
        const struct mote_text message =
            mote_value_at(record, "Sns", "Message");
        if (!predict_text(f, mote_value_string(message), failure)) {
            tell(f, w.count - 1, failure);
            return false;
        }
    }
    mote_json_put_null(o);
    return true;
}

bool mote_records_kafka(struct mote_function *f, const struct mote_event *event,
                        struct mote_json_out *o, struct mote_failure *failure)
{
    struct walk topics = walk_into(event->keys[MOTE_KEY_KAFKA_RECORDS]);
    struct mote_text topic, record;
    struct mote_json_token t;

    while (walk_on(&topics, &topic, &t)) {
        struct walk w = walk_into(topic);
        while (walk_on(&w, &record, &t)) {
            const struct mote_text value = mote_value_at(record, "value", NULL);
            if (!predict_base64(f, value, failure)) {
                tell(f, w.count - 1, failure);
                return false;
            }
        }
    }
    mote_json_put_null(o);
    return true;
}

/* ------------------------------------------------------------------------
 * S3 Batch Operations
 */
#define RESULT_MAX 1024 /* characters of a task's result string */

static bool is_input(struct mote_text key)
{
    return key.n && (*key.at == '[' || *key.at == '{');
}

static void put_task(struct mote_function *f, struct mote_text id,
                     struct mote_text key, struct mote_json_out *o)
{
    char text[MOTE_FAILURE_TEXT];
    const struct mote_where where = {
        .row = MOTE_NO_ROW,
        .expected = "the model's input, as JSON, in the key",
        .got = key,
    };
    struct mote_failure failure;

    mote_failure_input(&failure, MOTE_E_SCHEMA, &where);
    mote_json_put_open(o, '{');
    mote_json_put_member(o, MOTE_TEXT("taskId"), mote_value_string(id));
    const struct mote_json_out start = *o;
    mote_json_put_member(o, MOTE_TEXT("resultCode"), MOTE_TEXT("Succeeded"));
    mote_json_put_key(o, MOTE_TEXT("resultString"));
    mote_json_put_embedded(o, true);
    const size_t before = o->n;
    bool good = is_input(key) && mote_predict(f, key, o, &failure);
    if (good && o->n - before > RESULT_MAX) {
        mote_failure_plain(&failure, 413, "ResponseSizeTooLarge",
                           "the result is longer than 1024 "
                           "characters: set reply to \"label\"");
        good = false;
    }
    if (good) {
        mote_json_put_embedded(o, false);
    } else {
        *o = start;
        mote_json_put_member(o, MOTE_TEXT("resultCode"),
                             MOTE_TEXT("PermanentFailure"));
        mote_json_put_member(o, MOTE_TEXT("resultString"),
                             mote_failure_message(&failure, false, text));
    }
    mote_json_put_close(o, '}');
}

bool mote_records_s3_batch(struct mote_function *f,
                           const struct mote_event *event,
                           struct mote_json_out *o,
                           struct mote_failure *failure)
{
    struct walk w = walk_into(event->keys[MOTE_KEY_TASKS]);
    struct mote_text task;
    struct mote_json_token t;

    (void)failure;
    mote_json_put_open(o, '{');
    mote_json_put_member(
        o, MOTE_TEXT("invocationSchemaVersion"),
        mote_value_string(event->keys[MOTE_KEY_SCHEMA_VERSION]));
    mote_json_put_member(o, MOTE_TEXT("treatMissingKeysAs"),
                         MOTE_TEXT("PermanentFailure"));
    mote_json_put_member(
        o, MOTE_TEXT("invocationId"),
        mote_value_string(event->keys[MOTE_KEY_INVOCATION_ID]));
    mote_json_put_key(o, MOTE_TEXT("results"));
    mote_json_put_open(o, '[');
    while (walk_on(&w, &task, &t)) {
        const struct mote_text id = mote_value_at(task, "taskId", NULL);
        const struct mote_text key = mote_value_at(task, "s3Key", NULL);
        put_task(f, id, mote_url_decode(mote_value_string(key)), o);
    }
    mote_json_put_close(o, ']');
    mote_json_put_close(o, '}');
    return true;
}

/* ------------------------------------------------------------------------
 * Step Functions
 */
bool mote_records_map(struct mote_function *f, const struct mote_event *event,
                      struct mote_json_out *o, struct mote_failure *failure)
{
    struct walk w = walk_into(event->keys[MOTE_KEY_ITEMS]);
    struct mote_text item;
    struct mote_json_token t;
    uint32_t good = 0;

    f->texts = true; /* a map over a CSV file gives objects of texts */
    mote_json_put_open(o, '[');
    while (walk_on(&w, &item, &t) && mote_predict(f, item, o, failure))
        good++;
    mote_json_put_close(o, ']');
    f->texts = false;
    if (good == w.count)
        return true;
    if (failure->where.row == MOTE_NO_ROW)
        failure->where.row = good;
    return false;
}
