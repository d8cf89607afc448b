/* net/runtime.c - see net/runtime.h */
#include "net/runtime.h"
#include "core/base/assert.h"
#include "core/base/number.h"
#include "core/base/version.h"
#include "net/http_write.h"

#define API "/2018-06-01/runtime/"

/* ------------------------------------------------------------------------
 * Request heads. A head always fits: at most 512 bytes of address, 3 * 256 of
 * an escaped id, 256 of nonce, and less than 400 of everything else.
 */
static struct mote_http_out begin_head(struct mote_runtime *r,
                                       struct mote_text method)
{
    struct mote_http_out h = {.at = r->head, .cap = sizeof r->head};

    mote_http_put(&h, method);
    mote_http_put(&h, r->http.address.prefix);
    mote_http_put(&h, MOTE_TEXT(API));
    return h;
}

/* The rest of a head, from behind the path to the blank line. */
static struct mote_text end_head(struct mote_runtime *r,
                                 struct mote_http_out *h, struct mote_text type,
                                 struct mote_text nonce,
                                 const struct mote_text *body)
{
    mote_http_put(h, MOTE_TEXT(" HTTP/1.1\r\n"));
    mote_http_put_field(h, MOTE_TEXT("Host"), r->http.address.host);
    mote_http_put_field(h, MOTE_TEXT("User-Agent"),
                        MOTE_TEXT("mote/" MOTE_VERSION));
    if (nonce.n)
        mote_http_put_field(h, MOTE_TEXT("Lambda-Runtime-Invocation-Id"),
                            nonce);
    if (type.n)
        mote_http_put_field(h, MOTE_TEXT("Lambda-Runtime-Function-Error-Type"),
                            type);
    if (body) {
        mote_http_put_field(
            h, MOTE_TEXT("Content-Type"),
            type.n ? MOTE_TEXT("application/vnd.aws.lambda.error+json")
                   : MOTE_TEXT("application/json"));
        mote_http_put(h, MOTE_TEXT("Content-Length: "));
        mote_http_put_uint(h, body->n);
        mote_http_put(h, MOTE_TEXT("\r\n"));
    }
    mote_http_put(h, MOTE_TEXT("\r\n"));
    assert(!h->full);
    return mote_http_written(h);
}

/* ------------------------------------------------------------------------ */

/* Once more on a fresh connection when the old one died before it said
 * anything: then it was dead before we wrote, and nothing was done twice. */
static enum mote_status call(struct mote_runtime *r, struct mote_text head,
                             struct mote_text body, bool idle)
{
    const bool was_open = r->http.fd >= 0;
    enum mote_status s =
        mote_http_exchange(&r->http, head, body, idle, &r->answer);

    r->repeated = s == MOTE_E_CLOSED && was_open && r->http.in_used == 0;
    if (r->repeated)
        s = mote_http_exchange(&r->http, head, body, idle, &r->answer);
    return s;
}

static enum mote_status post(struct mote_runtime *r, struct mote_text head,
                             struct mote_text body)
{
    const enum mote_status s = call(r, head, body, false);

    if (s != MOTE_OK)
        return s;
    switch (r->answer.head.status) {
    case 400: /* this event is over, or was never known */
    case 403: /* not now; whether the process is lost, next will tell */
    case 410: /* too late */
    case 413: /* too big: already failed by the platform */
        return MOTE_OK;
    }
    return r->answer.head.status / 100 == 2 ? MOTE_OK : MOTE_E_REFUSED;
}

static bool is_visible(struct mote_text text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.at[i] < 0x20 ||
            (unsigned char)text.at[i] >= 0x7F)
            return false;
    return true;
}

static enum mote_status read_invocation(const struct mote_http_response *r,
                                        struct mote_invocation *v)
{
    const struct mote_text id =
        mote_http_field(&r->head, MOTE_TEXT("Lambda-Runtime-Aws-Request-Id"));
    const struct mote_text nonce =
        mote_http_field(&r->head, MOTE_TEXT("Lambda-Runtime-Invocation-Id"));
    const struct mote_text deadline =
        mote_http_field(&r->head, MOTE_TEXT("Lambda-Runtime-Deadline-Ms"));

    if (id.n == 0 || id.n > sizeof v->request_id)
        return MOTE_E_FORMAT;
    memcpy(v->request_id, id.at, id.n);
    v->request_id_bytes = id.n;

    v->nonce_bytes = nonce.n;
    if (nonce.n > sizeof v->nonce || !is_visible(nonce))
        v->nonce_bytes = 0; /* not one we could send back: as if absent */
    if (v->nonce_bytes)
        memcpy(v->nonce, nonce.at, v->nonce_bytes);

    if (mote_uint_read(deadline, &v->deadline_ms) != MOTE_OK)
        v->deadline_ms = 0;
    v->arn = mote_http_field(&r->head,
                             MOTE_TEXT("Lambda-Runtime-Invoked-Function-Arn"));
    v->trace_id =
        mote_http_field(&r->head, MOTE_TEXT("Lambda-Runtime-Trace-Id"));
    v->event = r->body;
    v->oversized = r->oversized;
    return MOTE_OK;
}

void mote_runtime_begin(struct mote_runtime *runtime,
                        const struct mote_address *address, char *buffer)
{
    mote_http_client_begin(&runtime->http, address, buffer, MOTE_RUNTIME_BUFFER,
                           MOTE_RUNTIME_BODY_MAX);
}

enum mote_status mote_runtime_next(struct mote_runtime *runtime,
                                   struct mote_invocation *invocation)
{
    const struct mote_text none = {0};
    struct mote_http_out h = begin_head(runtime, MOTE_TEXT("GET "));

    mote_http_put(&h, MOTE_TEXT("invocation/next"));
    const struct mote_text head = end_head(runtime, &h, none, none, NULL);
    const enum mote_status s = call(runtime, head, none, true);
    if (s != MOTE_OK)
        return s;
    if (runtime->answer.head.status == 204)
        return MOTE_E_AGAIN;
    if (runtime->answer.head.status != 200)
        return MOTE_E_REFUSED;
    return read_invocation(&runtime->answer, invocation);
}

static enum mote_status answer(struct mote_runtime *r,
                               const struct mote_invocation *v,
                               struct mote_text verb, struct mote_text type,
                               struct mote_text body)
{
    struct mote_http_out h = begin_head(r, MOTE_TEXT("POST "));

    mote_http_put(&h, MOTE_TEXT("invocation/"));
    mote_http_put_escaped(&h, mote_invocation_id(v), 0);
    mote_http_put(&h, verb);
    const struct mote_text nonce = {v->nonce, v->nonce_bytes};
    const struct mote_text head = end_head(r, &h, type, nonce, &body);
    return post(r, head, body);
}

enum mote_status mote_runtime_respond(struct mote_runtime *runtime,
                                      const struct mote_invocation *invocation,
                                      struct mote_text result)
{
    assert(result.n <= MOTE_RUNTIME_BODY_MAX);
    return answer(runtime, invocation, MOTE_TEXT("/response"),
                  (struct mote_text){0}, result);
}

enum mote_status mote_runtime_fail(struct mote_runtime *runtime,
                                   const struct mote_invocation *invocation,
                                   struct mote_text type,
                                   struct mote_text error)
{
    return answer(runtime, invocation, MOTE_TEXT("/error"), type, error);
}

enum mote_status mote_runtime_fail_init(struct mote_runtime *runtime,
                                        struct mote_text type,
                                        struct mote_text error)
{
    struct mote_http_out h = begin_head(runtime, MOTE_TEXT("POST "));

    mote_http_put(&h, MOTE_TEXT("init/error"));
    const struct mote_text none = {0};
    const struct mote_text head = end_head(runtime, &h, type, none, &error);
    return post(runtime, head, error);
}
