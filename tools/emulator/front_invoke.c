/* tools/emulator/front_invoke.c - see tools/emulator/front_invoke.h */
#include "tools/emulator/front_invoke.h"

#include <stdio.h>
#include <string.h>

#include "core/base/base64.h"
#include "core/base/json_write.h"
#include "tools/emulator/base64_write.h"
#include "tools/emulator/emulator.h"

#define ASYNC_MAX (1024 * 1024) /* bytes of an event that nobody waits for */
#define CONTEXT_MAX 3583        /* bytes of a client context, as base64    */

static struct mote_text header(const struct emu_conn *c, const char *name)
{
    return mote_http_field(&c->head, mote_text_of(name));
}

/* ---- answers ------------------------------------------------------------ */

/* Lambda's own errors: a type in a header and a message in the body. */
static void say_error(struct emu_conn *c, int status, const char *type,
                      const char *message)
{
    struct emu_buffer headers = {0};
    char body[512], id[EMU_UUID_CHARS];
    struct mote_json_out o;

    emu_uuid_make(id);
    emu_buffer_print(&headers,
                     "Content-Type: application/json\r\n"
                     "X-Amzn-RequestId: %s\r\nX-Amzn-ErrorType: %s\r\n%s",
                     id, type, status == 405 ? "Allow: POST\r\n" : "");
    mote_json_out_begin(&o, body, sizeof body);
    mote_json_put_open(&o, '{');
    mote_json_put_member(&o, MOTE_TEXT("Type"), MOTE_TEXT("User"));
    mote_json_put_member(&o, MOTE_TEXT("Message"), mote_text_of(message));
    mote_json_put_close(&o, '}');
    emu_conn_answer(c,
                    &(struct emu_answer){.status = status,
                                         .headers = emu_buffer_text(&headers),
                                         .body = {o.at, o.n},
                                         .close = status == 413});
    emu_buffer_free(&headers);
}

static void say_busy(struct emu_conn *c)
{
    say_error(c, 429, "TooManyRequestsException", "Rate Exceeded.");
}

static void say_hint(struct emu_conn *c)
{
    emu_conn_say(c, 200, "text/plain; charset=utf-8",
                 MOTE_TEXT("POST an event to "
                           "/2015-03-31/functions/function/invocations\n"));
}

/* A status alone, about v. */
static void say_status(struct emu_conn *c, int status,
                       const struct emu_invocation *v)
{
    char headers[80];
    const int n =
        snprintf(headers, sizeof headers, "X-Amzn-RequestId: %s\r\n", v->id);

    emu_conn_answer(c, &(struct emu_answer){.status = status,
                                            .headers = {headers, (size_t)n}});
}

/* The reply of a synchronous invocation. */
static void done(struct emu_invocation *v, const struct emu_result *result)
{
    struct emu_conn *c = v->caller;
    struct emu_buffer headers = {0};

    if (!c) /* it has not waited */
        return;
    c->call = NULL;
    emu_buffer_print(&headers,
                     "Content-Type: application/json\r\n"
                     "X-Amzn-RequestId: %s\r\n"
                     "X-Amz-Executed-Version: $LATEST\r\n",
                     v->id);
    if (result->failed)
        emu_buffer_add(&headers,
                       MOTE_TEXT("X-Amz-Function-Error: Unhandled\r\n"));
    if (mote_text_equal(header(c, "X-Amz-Log-Type"), MOTE_TEXT("Tail"))) {
        emu_buffer_add(&headers, MOTE_TEXT("X-Amz-Log-Result: "));
        emu_base64_add(&headers, emu_log_tail(v));
        emu_buffer_add(&headers, MOTE_TEXT("\r\n"));
    }
    emu_conn_answer(c,
                    &(struct emu_answer){.status = 200,
                                         .headers = emu_buffer_text(&headers),
                                         .body = result->payload});
    emu_buffer_free(&headers);
}

/* ---- requests ----------------------------------------------------------- */

static bool is_invocations(struct mote_text path)
{
    const struct mote_text start = MOTE_TEXT("/2015-03-31/functions/"),
                           end = MOTE_TEXT("/invocations");

    if (path.n <= start.n + end.n || !mote_text_starts(path, start) ||
        memcmp(path.at + path.n - end.n, end.at, end.n) != 0)
        return false;
    return !memchr(path.at + start.n, '/', path.n - start.n - end.n);
}

static bool has_type(const struct emu_conn *c, const char *type)
{
    return mote_text_equal(header(c, "X-Amz-Invocation-Type"),
                           mote_text_of(type));
}

static bool has_unknown_type(const struct emu_conn *c)
{
    return header(c, "X-Amz-Invocation-Type").n && !has_type(c, "Event") &&
           !has_type(c, "RequestResponse") && !has_type(c, "DryRun");
}

static void head(struct emu_conn *c)
{
    const struct mote_text path = emu_conn_path(c);
    const bool get = mote_text_equal(c->head.method, MOTE_TEXT("GET"));

    c->body_max = has_type(c, "Event") ? ASYNC_MAX : EMU_PAYLOAD_MAX;
    if (get && (mote_text_equal(path, MOTE_TEXT("/")) ||
                mote_text_equal(path, MOTE_TEXT("/ping"))))
        say_hint(c);
    else if (!is_invocations(path))
        say_error(c, 404, "ResourceNotFoundException",
                  "expected /2015-03-31/functions/NAME/invocations");
    else if (!mote_text_equal(c->head.method, MOTE_TEXT("POST")))
        say_error(c, 405, "MethodNotAllowedException", "expected POST");
    else if (has_unknown_type(c))
        say_error(c, 400, "InvalidParameterValueException",
                  "X-Amz-Invocation-Type: expected RequestResponse, Event or "
                  "DryRun");
}

static void too_long(struct emu_conn *c)
{
    char message[128];

    snprintf(message, sizeof message,
             "Request must be at most %zu bytes for the InvokeFunction "
             "operation",
             c->body_max);
    say_error(c, 413, "RequestTooLargeException", message);
}

/* Only synchronous invocations have a client context. It must be a JSON object,
 * in base64. It becomes a header's value, so that line breaks in it turn into
 * blanks. */
static bool take_context(struct emu_invocation *v, struct mote_text base64)
{
    struct mote_where where;
    char *at = emu_buffer_room(&v->client_context, base64.n + 2);
    size_t n;

    if (base64.n > CONTEXT_MAX ||
        mote_base64_decode(at, &n, base64, &where) != MOTE_OK)
        return false;
    v->client_context.n = n;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)at[i] < 0x20 || at[i] == 0x7F)
            at[i] = ' ';
    const struct mote_text context = emu_buffer_text(&v->client_context);
    size_t blanks = 0;
    while (blanks < n && at[blanks] == ' ')
        blanks++;
    return blanks < n && at[blanks] == '{' && emu_is_json(context);
}

static struct emu_invocation *invocation_of(struct emu_conn *c)
{
    struct emu_invocation *v = emu_invocation_new(c->owner);

    emu_buffer_add(&v->trace_id, header(c, "X-Amzn-Trace-Id"));
    emu_buffer_add(&v->tenant_id, header(c, "X-Amz-Tenant-Id"));
    v->event = c->body;
    c->body = (struct emu_buffer){0};
    return v;
}

/* Says why not, if v cannot be what the caller meant. */
static bool is_valid(struct emu_conn *c, struct emu_invocation *v)
{
    const struct mote_text context = header(c, "X-Amz-Client-Context");
    const struct emu *emu = c->owner;

    if (context.n && !has_type(c, "Event") && !take_context(v, context)) {
        say_error(c, 400, "InvalidRequestContentException",
                  "Client context must be a valid Base64-encoded JSON object.");
        return false;
    }
    if (v->event.n && !emu->options.any_payload &&
        !emu_is_json(emu_buffer_text(&v->event))) {
        say_error(c, 400, "InvalidRequestContentException",
                  "Could not parse request body into json");
        return false;
    }
    return true;
}

/* Each of these takes v over if it returns true, and has answered if not. */

static bool invoke_later(struct emu_conn *c, struct emu_invocation *v)
{
    if (!emu_queue_add(c->owner, v)) {
        say_busy(c);
        return false;
    }
    say_status(c, 202, v);
    return true;
}

static bool invoke_now(struct emu_conn *c, struct emu_invocation *v)
{
    struct emu_sandbox *s = emu_pool_find(c->owner);

    if (!s) {
        say_busy(c);
        return false;
    }
    v->done = done;
    v->caller = c;
    c->call = v;
    emu_sandbox_give(s, v);
    return true;
}

static bool invoke(struct emu_conn *c, struct emu_invocation *v)
{
    if (!is_valid(c, v))
        return false;
    if (has_type(c, "Event"))
        return invoke_later(c, v);
    if (has_type(c, "DryRun")) {
        say_status(c, 204, v);
        return false;
    }
    return invoke_now(c, v);
}

static void request(struct emu_conn *c)
{
    struct emu_invocation *v = invocation_of(c);

    if (!invoke(c, v))
        emu_invocation_free(v);
}

static void gone(struct emu_conn *c)
{
    struct emu_invocation *v = c->call;

    if (v)
        v->caller = NULL;
}

const struct emu_conn_calls emu_invoke_calls = {
    .head = head,
    .request = request,
    .too_long = too_long,
    .gone = gone,
};
