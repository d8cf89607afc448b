/*
 * core/function/event.h - what kind of event this is, and its parts.
 *
 * Lambda hands over JSON of many shapes and says nowhere which. The shape is
 * told by fields that only its sender sets, in a fixed order; whatever has
 * none of them is a direct call, and its event is the model's input.
 *
 * source  AWS Lambda developer guide, one page a sender; the samples of
 *         aws/aws-lambda-go: events/testdata
 */
#ifndef MOTE_FUNCTION_EVENT_H
#define MOTE_FUNCTION_EVENT_H

#include "core/base/json_read.h"

enum mote_shape {
    MOTE_SHAPE_DIRECT,    /* the event itself is the input             */
    MOTE_SHAPE_HTTP,      /* HTTP API 2.0, Function URL                */
    MOTE_SHAPE_REST,      /* REST proxy, HTTP API 1.0                  */
    MOTE_SHAPE_ALB,       /* load balancer, single-value headers       */
    MOTE_SHAPE_ALB_MULTI, /* load balancer, multi-value headers        */
    MOTE_SHAPE_BODY,      /* a bare {"body": ...}                      */
    MOTE_SHAPE_SCHEDULE,  /* EventBridge rule or schedule              */
    MOTE_SHAPE_DETAIL,    /* any other event of an EventBridge bus     */
    MOTE_SHAPE_SQS,
    MOTE_SHAPE_KINESIS,
    MOTE_SHAPE_DYNAMODB,
    MOTE_SHAPE_KAFKA,
    MOTE_SHAPE_SNS,
    MOTE_SHAPE_S3,
    MOTE_SHAPE_S3_BATCH,
    MOTE_SHAPE_MAP, /* Step Functions, {"Items": [...]}                */
    MOTE_SHAPE_WARMUP,
    MOTE_SHAPE_DURABLE,
};

/* Members of the event's top level that some shape uses. */
enum mote_event_key {
    MOTE_KEY_BODY,
    MOTE_KEY_CHECKPOINT_TOKEN,
    MOTE_KEY_DETAIL,
    MOTE_KEY_DETAIL_TYPE,
    MOTE_KEY_DURABLE_ARN,
    MOTE_KEY_EVENT,
    MOTE_KEY_EVENT_SOURCE,
    MOTE_KEY_HEADERS,
    MOTE_KEY_HTTP_METHOD,
    MOTE_KEY_INVOCATION_ID,
    MOTE_KEY_IS_BASE64,
    MOTE_KEY_ITEMS,
    MOTE_KEY_KEEP_WARM,
    MOTE_KEY_MULTI_HEADERS,
    MOTE_KEY_MULTI_QUERY,
    MOTE_KEY_PATH,
    MOTE_KEY_PING,
    MOTE_KEY_QUERY,
    MOTE_KEY_RAW_PATH,
    MOTE_KEY_RECORDS,
    MOTE_KEY_KAFKA_RECORDS,
    MOTE_KEY_REQUEST_CONTEXT,
    MOTE_KEY_SCHEMA_VERSION,
    MOTE_KEY_SOURCE,
    MOTE_KEY_STATE,
    MOTE_KEY_TASKS,
    MOTE_KEY_TYPE,
    MOTE_KEY_VAPOR_WARMER,
    MOTE_KEY_VERSION,
    MOTE_KEY_WARMER,
    MOTE_KEY_WARMUP,
    MOTE_KEY_WINDOW,
    MOTE_KEY_XLAMBDA,
    MOTE_KEYS
};

struct mote_event {
    enum mote_shape shape;
    struct mote_text text;            /* all of it                       */
    struct mote_text keys[MOTE_KEYS]; /* values of these members         */
};

/*
 * Tells the shape of an event. An event that is an object has been read to its
 * end, so everything found in it later is well-formed; anything else is left
 * for the reader of the input. Of a key that comes twice the last counts.
 *
 * errors  MOTE_E_FORMAT, MOTE_E_DEPTH: an object that is not JSON
 */
enum mote_status mote_event_read(struct mote_event *event,
                                 struct mote_text text,
                                 struct mote_where *where);

/*
 * Values inside an event that was read. A value is its JSON as it stands
 * there, and empty when it is not there: its first byte tells its type.
 */

/* Member a of an object or, with b, member b of member a. */
struct mote_text mote_value_at(struct mote_text object, const char *a,
                               const char *b);

/* The last element of an array. */
struct mote_text mote_value_last(struct mote_text array);

/* Whether it is the string `plain`. */
bool mote_value_is(struct mote_text value, const char *plain);

/* What a string says, its escapes undone where it stands, in the event's own
 * buffer: the value is no JSON any more, nor is what it is part of. Empty for
 * what is not a string. */
struct mote_text mote_value_string(struct mote_text value);

static inline bool mote_value_is_object(struct mote_text value)
{
    return value.n && *value.at == '{';
}

static inline bool mote_value_is_array(struct mote_text value)
{
    return value.n && *value.at == '[';
}

static inline bool mote_value_is_string(struct mote_text value)
{
    return value.n && *value.at == '"';
}

/* The value whose token was just read, to its end. */
enum mote_status mote_value_take(struct mote_text *value, struct mote_json *j,
                                 const struct mote_json_token *t,
                                 struct mote_where *where);

#endif
