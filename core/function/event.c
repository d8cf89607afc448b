/* core/function/event.c - see core/function/event.h */
#include "core/function/event.h"

static const char *const key_names[MOTE_KEYS] = {
    [MOTE_KEY_BODY] = "body",
    [MOTE_KEY_CHECKPOINT_TOKEN] = "CheckpointToken",
    [MOTE_KEY_DETAIL] = "detail",
    [MOTE_KEY_DETAIL_TYPE] = "detail-type",
    [MOTE_KEY_DURABLE_ARN] = "DurableExecutionArn",
    [MOTE_KEY_EVENT] = "Event",
    [MOTE_KEY_EVENT_SOURCE] = "eventSource",
    [MOTE_KEY_HEADERS] = "headers",
    [MOTE_KEY_HTTP_METHOD] = "httpMethod",
    [MOTE_KEY_INVOCATION_ID] = "invocationId",
    [MOTE_KEY_IS_BASE64] = "isBase64Encoded",
    [MOTE_KEY_ITEMS] = "Items",
    [MOTE_KEY_KEEP_WARM] = "keep-warm",
    [MOTE_KEY_MULTI_HEADERS] = "multiValueHeaders",
    [MOTE_KEY_MULTI_QUERY] = "multiValueQueryStringParameters",
    [MOTE_KEY_PATH] = "path",
    [MOTE_KEY_PING] = "ping",
    [MOTE_KEY_QUERY] = "queryStringParameters",
    [MOTE_KEY_RAW_PATH] = "rawPath",
    [MOTE_KEY_RECORDS] = "Records",
    [MOTE_KEY_KAFKA_RECORDS] = "records",
    [MOTE_KEY_REQUEST_CONTEXT] = "requestContext",
    [MOTE_KEY_SCHEMA_VERSION] = "invocationSchemaVersion",
    [MOTE_KEY_SOURCE] = "source",
    [MOTE_KEY_STATE] = "state",
    [MOTE_KEY_TASKS] = "tasks",
    [MOTE_KEY_TYPE] = "type",
    [MOTE_KEY_VAPOR_WARMER] = "vaporWarmer",
    [MOTE_KEY_VERSION] = "version",
    [MOTE_KEY_WARMER] = "warmer",
    [MOTE_KEY_WARMUP] = "warmup",
    [MOTE_KEY_WINDOW] = "window",
    [MOTE_KEY_XLAMBDA] = "xlambda",
};

enum mote_status mote_value_take(struct mote_text *value, struct mote_json *j,
                                 const struct mote_json_token *t,
                                 struct mote_where *where)
{
    const enum mote_status s = mote_json_skip(j, t, where);

    *value = (struct mote_text){j->start + t->offset,
                                (size_t)(j->at - j->start) - t->offset};
    return s;
}

/* A member of one object by name; the event was read, so no errors. */
static struct mote_text find(struct mote_text object, const char *name)
{
    const struct mote_text key = mote_text_of(name);
    struct mote_text found = {0}, value;
    struct mote_where ignored;
    struct mote_json_token t;
    struct mote_json j;

    if (!mote_value_is_object(object))
        return found;
    mote_json_begin(&j, object);
    if (mote_json_next(&j, &t, &ignored) != MOTE_OK)
        return found;
    while (mote_json_next(&j, &t, &ignored) == MOTE_OK &&
           t.type != MOTE_JSON_END &&
           mote_value_take(&value, &j, &t, &ignored) == MOTE_OK)
        if (mote_json_key_is(&t, key))
            found = value;
    return found;
}

struct mote_text mote_value_at(struct mote_text object, const char *a,
                               const char *b)
{
    object = find(object, a);
    return b ? find(object, b) : object;
}

struct mote_text mote_value_last(struct mote_text array)
{
    struct mote_text found = {0}, value;
    struct mote_where ignored;
    struct mote_json_token t;
    struct mote_json j;

    if (!mote_value_is_array(array))
        return found;
    mote_json_begin(&j, array);
    (void)mote_json_next(&j, &t, &ignored);
    while (mote_json_next(&j, &t, &ignored) == MOTE_OK &&
           t.type != MOTE_JSON_END &&
           mote_value_take(&value, &j, &t, &ignored) == MOTE_OK)
        found = value;
    return found;
}

/* What is between the quotes of a string. */
static struct mote_text unquoted(struct mote_text value)
{
    return (struct mote_text){value.at + 1, value.n - 2};
}

bool mote_value_is(struct mote_text value, const char *plain)
{
    return mote_value_is_string(value) &&
           mote_json_is(unquoted(value), true, mote_text_of(plain));
}

struct mote_text mote_value_string(struct mote_text value)
{
    if (!mote_value_is_string(value))
        return (struct mote_text){0};
    value = unquoted(value);
    char *at = (char *)value.at; /* the event's buffer is ours to write */
    return (struct mote_text){at, mote_json_unescape(at, value)};
}

/* ------------------------------------------------------------------------
 * Shapes, in the order in which they are tried
 */

/* {"Records": [{"eventSource": ...}]}; a sender's first record tells. */
static bool record_shape(struct mote_event *e)
{
    static const struct {
        const char *source;
        enum mote_shape shape;
    } sources[] = {
        {"aws:sqs", MOTE_SHAPE_SQS},           {"aws:sns", MOTE_SHAPE_SNS},
        {"aws:kinesis", MOTE_SHAPE_KINESIS},   {"aws:s3", MOTE_SHAPE_S3},
        {"aws:dynamodb", MOTE_SHAPE_DYNAMODB},
    };
    struct mote_where ignored;
    struct mote_json_token t;
    struct mote_text record;
    struct mote_json j;

    if (!mote_value_is_array(e->keys[MOTE_KEY_RECORDS]))
        return false;
    mote_json_begin(&j, e->keys[MOTE_KEY_RECORDS]);
    if (mote_json_next(&j, &t, &ignored) != MOTE_OK ||
        mote_json_next(&j, &t, &ignored) != MOTE_OK)
        return false;
    if (t.type == MOTE_JSON_END &&
        mote_value_is_object(e->keys[MOTE_KEY_WINDOW])) {
        e->shape = MOTE_SHAPE_KINESIS; /* or DynamoDB: the same reply */
        return true;
    }
    if (mote_value_take(&record, &j, &t, &ignored) != MOTE_OK)
        return false;
    struct mote_text source = find(record, "eventSource");
    if (source.n == 0)
        source = find(record, "EventSource"); /* SNS spells it so */
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (mote_value_is(source, sources[i].source)) {
            e->shape = sources[i].shape;
            return true;
        }
    return false;
}

static bool http_shape(struct mote_event *e)
{
    const struct mote_text context = e->keys[MOTE_KEY_REQUEST_CONTEXT];

    if (mote_value_is_object(find(context, "elb")))
        e->shape = mote_value_is_object(e->keys[MOTE_KEY_MULTI_HEADERS])
                       ? MOTE_SHAPE_ALB_MULTI
                       : MOTE_SHAPE_ALB;
    else if (mote_value_is(e->keys[MOTE_KEY_VERSION], "2.0") &&
             mote_value_is_object(find(context, "http")))
        e->shape = MOTE_SHAPE_HTTP;
    else if (mote_value_is_string(e->keys[MOTE_KEY_HTTP_METHOD]) &&
             mote_value_is_object(context))
        e->shape = MOTE_SHAPE_REST;
    else
        return false;
    return true;
}

/* The pings of the tools that keep functions warm, and nothing like them. */
static bool is_warmup(const struct mote_event *e)
{
    static const uint8_t flags[] = {
        MOTE_KEY_WARMER,    MOTE_KEY_WARMUP,       MOTE_KEY_PING,
        MOTE_KEY_KEEP_WARM, MOTE_KEY_VAPOR_WARMER,
    };
    static const char plugin[] = "serverless-plugin-warmup";

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (mote_text_equal(e->keys[flags[i]], MOTE_TEXT("true")))
            return true;
    return mote_value_is(e->keys[MOTE_KEY_SOURCE], plugin) ||
           mote_value_is(find(e->keys[MOTE_KEY_EVENT], "source"), plugin) ||
           mote_value_is(e->keys[MOTE_KEY_TYPE], "warmer") ||
           mote_value_is(find(e->keys[MOTE_KEY_XLAMBDA], "action"), "warm_up");
}

static void tell_shape(struct mote_event *e)
{
    const struct mote_text body = e->keys[MOTE_KEY_BODY];
    const struct mote_text source = e->keys[MOTE_KEY_EVENT_SOURCE];

    if (e->keys[MOTE_KEY_SCHEMA_VERSION].n &&
        mote_value_is_array(e->keys[MOTE_KEY_TASKS]))
        e->shape = MOTE_SHAPE_S3_BATCH;
    else if (record_shape(e) || http_shape(e))
        return;
    else if (mote_value_is(source, "aws:kafka") ||
             mote_value_is(source, "SelfManagedKafka"))
        e->shape = MOTE_SHAPE_KAFKA;
    else if (mote_value_is_string(e->keys[MOTE_KEY_DETAIL_TYPE]) &&
             mote_value_is_string(e->keys[MOTE_KEY_SOURCE]))
        e->shape =
            mote_value_is(e->keys[MOTE_KEY_DETAIL_TYPE], "Scheduled Event")
                ? MOTE_SHAPE_SCHEDULE
                : MOTE_SHAPE_DETAIL;
    else if (mote_value_is_array(e->keys[MOTE_KEY_ITEMS]))
        e->shape = MOTE_SHAPE_MAP;
    else if (e->keys[MOTE_KEY_DURABLE_ARN].n &&
             e->keys[MOTE_KEY_CHECKPOINT_TOKEN].n)
        e->shape = MOTE_SHAPE_DURABLE;
    else if (is_warmup(e))
        e->shape = MOTE_SHAPE_WARMUP;
    else if (mote_value_is_string(body) ||
             mote_text_equal(body, MOTE_TEXT("null")))
        e->shape = MOTE_SHAPE_BODY;
}

static void keep(struct mote_event *e, const struct mote_json_token *t,
                 struct mote_text value)
{
    for (int key = 0; key < MOTE_KEYS; key++)
        if (mote_json_key_is(t, mote_text_of(key_names[key]))) {
            e->keys[key] = value;
            return;
        }
}

enum mote_status mote_event_read(struct mote_event *event,
                                 struct mote_text text,
                                 struct mote_where *where)
{
    struct mote_json_token t;
    struct mote_text value;
    struct mote_json j;

    *event = (struct mote_event){.shape = MOTE_SHAPE_DIRECT, .text = text};
    mote_json_begin(&j, text);
    enum mote_status s = mote_json_next(&j, &t, where);
    if (s != MOTE_OK || t.type != MOTE_JSON_OBJECT)
        return s;
    for (;;) {
        s = mote_json_next(&j, &t, where);
        if (s != MOTE_OK || t.type == MOTE_JSON_END)
            break;
        s = mote_value_take(&value, &j, &t, where);
        if (s != MOTE_OK)
            break;
        keep(event, &t, value);
    }
    if (s == MOTE_OK)
        s = mote_json_next(&j, &t, where); /* nothing after it */
    if (s == MOTE_OK)
        tell_shape(event);
    return s;
}
