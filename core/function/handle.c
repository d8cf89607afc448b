/* core/function/handle.c - see core/function/handle.h */
#include "core/function/handle.h"
#include "core/function/event.h"
#include "core/function/http.h"
#include "core/function/job.h"
#include "core/function/records.h"
#include "core/function/results.h"

/* A ping: awake, and nothing done. */
static bool answer_ping(struct mote_function *f, const struct mote_event *event,
                        struct mote_json_out *o, struct mote_failure *failure)
{
    (void)event, (void)failure;
    mote_json_put_open(o, '{');
    mote_json_put_member(o, MOTE_TEXT("status"), MOTE_TEXT("ok"));
    mote_results_put_model(f->model, o);
    mote_json_put_close(o, '}');
    return true;
}

/* A model without jobs has nothing to do. */
static bool answer_schedule(struct mote_function *f,
                            const struct mote_event *event,
                            struct mote_json_out *o,
                            struct mote_failure *failure)
{
    return mote_has_jobs(f->model) ? mote_job_answer(f, event, o, failure)
                                   : answer_ping(f, event, o, failure);
}

static bool answer_direct(struct mote_function *f,
                          const struct mote_event *event,
                          struct mote_json_out *o, struct mote_failure *failure)
{
    return mote_has_jobs(f->model) && mote_job_asked(event->text)
               ? mote_job_answer(f, event, o, failure)
               : mote_predict(f, event->text, o, failure);
}

/* {"body": ...} by itself, from tutorials and tests of HTTP functions: the
 * body counts, and the reply has no envelope. */
static bool answer_body(struct mote_function *f, const struct mote_event *event,
                        struct mote_json_out *o, struct mote_failure *failure)
{
    struct mote_text body;

    return mote_http_body(event, true, &body, failure) &&
           mote_predict(f, body, o, failure);
}

/* An event of one's own on an event bus: what it carries is the input. */
static bool answer_detail(struct mote_function *f,
                          const struct mote_event *event,
                          struct mote_json_out *o, struct mote_failure *failure)
{
    return mote_predict(f, event->keys[MOTE_KEY_DETAIL], o, failure);
}

static bool answer_http(struct mote_function *f, const struct mote_event *event,
                        struct mote_json_out *o, struct mote_failure *failure)
{
    (void)failure;
    mote_http_answer(f, event, o);
    return true;
}

static bool refuse_s3(struct mote_function *f, const struct mote_event *event,
                      struct mote_json_out *o, struct mote_failure *failure)
{
    (void)f, (void)event, (void)o;
    mote_failure_plain(
        failure, 400, "Unsupported",
        "an S3 notification names an object, and this model has no job that "
        "would read it; send the model's input itself");
    return false;
}

static bool refuse_durable(struct mote_function *f,
                           const struct mote_event *event,
                           struct mote_json_out *o,
                           struct mote_failure *failure)
{
    (void)f, (void)event, (void)o;
    mote_failure_plain(
        failure, 400, "Unsupported",
        "this is a durable execution, and a prediction has no steps to "
        "resume; configure the function without it");
    return false;
}

bool mote_handle(struct mote_function *f, struct mote_text event,
                 struct mote_json_out *o, struct mote_failure *failure)
{
    static bool (*const answers[])(
        struct mote_function *, const struct mote_event *,
        struct mote_json_out *, struct mote_failure *) = {
        [MOTE_SHAPE_DIRECT] = answer_direct,
        [MOTE_SHAPE_HTTP] = answer_http,
        [MOTE_SHAPE_REST] = answer_http,
        [MOTE_SHAPE_ALB] = answer_http,
        [MOTE_SHAPE_ALB_MULTI] = answer_http,
        [MOTE_SHAPE_BODY] = answer_body,
        [MOTE_SHAPE_SCHEDULE] = answer_schedule,
        [MOTE_SHAPE_DETAIL] = answer_detail,
        [MOTE_SHAPE_SQS] = mote_records_sqs,
        [MOTE_SHAPE_KINESIS] = mote_records_stream,
        [MOTE_SHAPE_DYNAMODB] = mote_records_stream,
        [MOTE_SHAPE_KAFKA] = mote_records_kafka,
        [MOTE_SHAPE_SNS] = mote_records_sns,
        [MOTE_SHAPE_S3] = refuse_s3,
        [MOTE_SHAPE_S3_BATCH] = mote_records_s3_batch,
        [MOTE_SHAPE_MAP] = mote_records_map,
        [MOTE_SHAPE_WARMUP] = answer_ping,
        [MOTE_SHAPE_DURABLE] = refuse_durable,
    };
    struct mote_where where = {.row = MOTE_NO_ROW};
    struct mote_event e;
    const enum mote_status s = mote_event_read(&e, event, &where);

    if (s != MOTE_OK) {
        mote_failure_input(failure, s, &where);
        return false;
    }
    if (!answers[e.shape](f, &e, o, failure))
        return false;
    if (!o->full)
        return true;
    mote_failure_plain(
        failure, 413, "ResponseSizeTooLarge",
        "the result is larger than a reply may be; send fewer rows at once");
    return false;
}
