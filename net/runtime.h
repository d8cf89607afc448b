/*
 * net/runtime.h - client of the Lambda Runtime API, version 2018-06-01.
 *
 * One connection, one request at a time: next, then exactly one of respond or
 * fail, then next again. How the platform's answers are to be taken is decided
 * here; what to log and when to leave is the caller's.
 *
 * source  AWS, "Using the Lambda runtime API for custom runtimes" and its
 *         OpenAPI description 1.0.3; aws/aws-lambda-cpp#221 (invocation id)
 */
#ifndef MOTE_NET_RUNTIME_H
#define MOTE_NET_RUNTIME_H

#include "net/http_client.h"

/* Largest event and largest buffered response, in bytes: 6 MiB + 100. */
#define MOTE_RUNTIME_BODY_MAX 6291556
#define MOTE_RUNTIME_ID_MAX 256

struct mote_runtime {
    struct mote_http_client http;
    struct mote_http_response answer; /* to the last call            */
    bool repeated;   /* the last call went over a fresh connection  */
    char head[2048]; /* of the request being sent                   */
};

/* An event and what has to be known to answer it. */
struct mote_invocation {
    char request_id[MOTE_RUNTIME_ID_MAX];
    char nonce[MOTE_RUNTIME_ID_MAX]; /* Lambda-Runtime-Invocation-Id */
    size_t request_id_bytes, nonce_bytes;
    uint64_t deadline_ms; /* Unix time; 0 when it is missing or no number */

    /* Views into the receive buffer, gone when the event is answered. */
    struct mote_text event;
    struct mote_text arn, trace_id;
    bool oversized; /* the event was too long; `event` is empty */
};

static inline struct mote_text
mote_invocation_id(const struct mote_invocation *v)
{
    return (struct mote_text){v->request_id, v->request_id_bytes};
}

/* buffer: MOTE_RUNTIME_BUFFER bytes, lives as long as the client. */
#define MOTE_RUNTIME_BUFFER                                                    \
    (MOTE_HTTP_HEAD_MAX + MOTE_RUNTIME_BODY_MAX + MOTE_HTTP_SLACK)

void mote_runtime_begin(struct mote_runtime *runtime,
                        const struct mote_address *address, char *buffer);

/*
 * Asks for the next event and waits for it as long as it takes. When the
 * connection turns out to have died while idle, asks once more on a new one.
 *
 * errors   MOTE_E_AGAIN    no event at present (only some emulators say so):
 *                          pause, then ask again
 *          MOTE_E_REFUSED  the platform will not go on with this process; its
 *                          status is in runtime->answer.head.status: exit
 *          MOTE_E_STOP     a signal came, and no event
 *          MOTE_E_FORMAT   not HTTP, or no usable request id
 *          others          the connection failed, see mote_http_exchange;
 *                          nothing of an event that came in part is given out
 */
enum mote_status mote_runtime_next(struct mote_runtime *runtime,
                                   struct mote_invocation *invocation);

/*
 * Answers an event with a result, at most MOTE_RUNTIME_BODY_MAX bytes of JSON.
 * Sent once more, on a new connection, only if no byte of an answer came.
 *
 * returns  MOTE_OK         the platform has done with this event: go on to the
 *                          next, even if answer.head.status says that this one
 *                          was not taken (400, 403, 410, 413: log it)
 *          MOTE_E_REFUSED  500 or the like: the process must exit
 *          others          no answer could be had; go on to the next
 */
enum mote_status mote_runtime_respond(struct mote_runtime *runtime,
                                      const struct mote_invocation *invocation,
                                      struct mote_text result);

/*
 * Answers an event with an error. error is JSON with errorMessage, errorType
 * and stackTrace; type names its kind, "Function.BadInput", in letters and a
 * dot. Returns as mote_runtime_respond.
 */
enum mote_status mote_runtime_fail(struct mote_runtime *runtime,
                                   const struct mote_invocation *invocation,
                                   struct mote_text type,
                                   struct mote_text error);

/* Reports that this process cannot serve, before its first next. Whatever the
 * answer, the process must exit. */
enum mote_status mote_runtime_fail_init(struct mote_runtime *runtime,
                                        struct mote_text type,
                                        struct mote_text error);

#endif
