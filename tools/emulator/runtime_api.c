/* tools/emulator/runtime_api.c - see tools/emulator/runtime_api.h */
#include "tools/emulator/runtime_api.h"

#include <stdio.h>
#include <string.h>

#include "core/base/json_write.h"
#include "tools/emulator/emulator.h"
#include "tools/emulator/error_type.h"

#define HEADER(name) MOTE_TEXT("Lambda-Runtime-" name)

/* ---- which call it is --------------------------------------------------- */

enum call { NEXT, RESPONSE, ERROR, INIT_ERROR, PING, UNKNOWN };

static bool cut_start(struct mote_text *t, struct mote_text start)
{
    if (!mote_text_starts(*t, start))
        return false;
    t->at += start.n;
    t->n -= start.n;
    return true;
}

static bool cut_end(struct mote_text *t, struct mote_text end)
{
    if (t->n < end.n || memcmp(t->at + t->n - end.n, end.at, end.n) != 0)
        return false;
    t->n -= end.n;
    return true;
}

/* id: the request id in the path, empty when there is none. */
static enum call call_of(struct mote_text path, struct mote_text *id)
{
    *id = (struct mote_text){0};
    if (mote_text_equal(path, MOTE_TEXT("/2018-06-01/ping")))
        return PING;
    if (!cut_start(&path, MOTE_TEXT("/2018-06-01/runtime/")))
        return UNKNOWN;
    if (mote_text_equal(path, MOTE_TEXT("init/error")))
        return INIT_ERROR;
    if (mote_text_equal(path, MOTE_TEXT("invocation/next")))
        return NEXT;
    if (!cut_start(&path, MOTE_TEXT("invocation/")))
        return UNKNOWN; /* restore/... too: there are no snapshots here */
    const enum call call = cut_end(&path, MOTE_TEXT("/response")) ? RESPONSE
                           : cut_end(&path, MOTE_TEXT("/error"))  ? ERROR
                                                                  : UNKNOWN;
    *id = path;
    return path.n && !memchr(path.at, '/', path.n) ? call : UNKNOWN;
}

/* ---- answers ------------------------------------------------------------ */

static void say_error(struct emu_conn *c, int status, const char *type,
                      const char *message)
{
    char body[512];
    struct mote_json_out o;

    mote_json_out_begin(&o, body, sizeof body - 1);
    mote_json_put_open(&o, '{');
    mote_json_put_member(&o, MOTE_TEXT("errorMessage"), mote_text_of(message));
    mote_json_put_member(&o, MOTE_TEXT("errorType"), mote_text_of(type));
    mote_json_put_close(&o, '}');
    body[o.n++] = '\n';
    emu_conn_say(c, status, "application/json", (struct mote_text){body, o.n});
}

static void accept_call(struct emu_conn *c)
{
    emu_conn_say(c, 202, "application/json",
                 MOTE_TEXT("{\"status\":\"OK\"}\n"));
}

static void forbid(struct emu_conn *c, const char *to)
{
    static const char *const names[] = {
        [EMU_EMPTY] = "Terminated",
        [EMU_STARTED] = "Started",
        [EMU_INIT_ERROR] = "InitError",
        [EMU_READY] = "Ready",
        [EMU_RUNNING] = "Running",
        [EMU_RESPONSE] = "InvocationResponse",
        [EMU_ERROR_RESPONSE] = "InvocationErrorResponse",
        [EMU_SENT] = "RuntimeResponseSentState",
        [EMU_STUCK] = "InvocationResponse",
        [EMU_LATE] = "Running",
        [EMU_DYING] = "Terminated",
    };
    const struct emu_sandbox *s = c->owner;
    char message[200];

    snprintf(message, sizeof message,
             "State transition from %s to %s failed for runtime. Error: State "
             "transition is not allowed",
             names[s->state], to);
    say_error(c, 403, "InvalidStateTransition", message);
}

/* ---- next --------------------------------------------------------------- */

static void next(struct emu_sandbox *s, struct emu_conn *c)
{
    switch (s->state) {
    case EMU_STARTED:
    case EMU_READY:
    case EMU_RUNNING: /* gets the same event again */
    case EMU_SENT:
    case EMU_LATE:
        emu_sandbox_next(s, c);
        break;
    default:
        forbid(c, "Ready");
    }
}

/* ---- response and error ------------------------------------------------- */

/* Whether a POST for the running invocation belongs to an earlier attempt. A
 * process that does not echo the nonce is not checked. */
static bool is_other_attempt(const struct emu_sandbox *s,
                             const struct mote_http_head *head)
{
    const struct mote_text echo =
        mote_http_field(head, HEADER("Invocation-Id"));

    return echo.n && !mote_text_equal(echo, mote_text_of(s->invocation->nonce));
}

static bool has_bad_mode(enum call call, const struct mote_http_head *head)
{
    const struct mote_text mode =
        mote_http_field(head, HEADER("Function-Response-Mode"));

    return call == RESPONSE && mode.n &&
           !mote_text_equal(mode, MOTE_TEXT("streaming"));
}

/* Judges a POST by its head, in this order; with no answer, it is the one
 * that ends the invocation. */
static void begin_result(struct emu_sandbox *s, struct emu_conn *c,
                         enum call call, struct mote_text id)
{
    const bool current = mote_text_equal(id, mote_text_of(s->id));

    if (!current && !mote_text_equal(id, mote_text_of(s->late_id))) {
        say_error(c, 400, "InvalidRequestID", "Invalid request ID");
    } else if (!current || s->state == EMU_LATE ||
               (s->state == EMU_RUNNING && is_other_attempt(s, &c->head))) {
        if (s->state == EMU_LATE && current)
            s->state = EMU_SENT;
        say_error(c, 410, "InvokeTimeout", "Invoke timeout");
    } else if (s->state != EMU_RUNNING) {
        forbid(c, call == RESPONSE ? "InvocationResponse"
                                   : "InvocationErrorResponse");
    } else if (has_bad_mode(call, &c->head)) {
        s->state = EMU_STUCK;
        emu_sandbox_fail(s, "Runtime.InvalidResponseModeHeader",
                         "Lambda-Runtime-Function-Response-Mode: expected "
                         "streaming or no such header");
        say_error(c, 400, "InvalidFunctionResponseMode",
                  "Invalid function response mode");
    } else {
        s->state = call == RESPONSE ? EMU_RESPONSE : EMU_ERROR_RESPONSE;
        s->uploader = c;
    }
}

static void begin_init_error(struct emu_sandbox *s, struct emu_conn *c)
{
    if (s->state != EMU_STARTED) {
        forbid(c, "InitError");
        return;
    }
    s->state = EMU_INIT_ERROR;
    s->uploader = c;
}

/* The invocation fails with the object that was posted; from the header if
 * that is missing or cannot be read. */
static void end_with_error(struct emu_sandbox *s, const struct emu_conn *c)
{
    const struct mote_text body = emu_buffer_text(&c->body);
    char type[64];

    if (body.n && emu_is_json(body)) {
        emu_sandbox_end(s,
                        &(struct emu_result){.failed = true, .payload = body});
        return;
    }
    const struct mote_text known = emu_error_type(
        mote_http_field(&c->head, HEADER("Function-Error-Type")));
    snprintf(type, sizeof type, "%.*s", (int)known.n, known.at);
    emu_sandbox_fail(s, type, "the runtime gave no error object");
}

/* The POST that ends the invocation is complete. It is accepted first: what
 * the runtime waits for should not contain our reports. */
static void end_result(struct emu_sandbox *s, struct emu_conn *c)
{
    const bool failed = s->state != EMU_RESPONSE;

    s->uploader = NULL;
    if (s->state == EMU_LATE) { /* it timed out while it was on the way */
        s->state = EMU_SENT;
        say_error(c, 410, "InvokeTimeout", "Invoke timeout");
        return;
    }
    if (s->state == EMU_INIT_ERROR)
        emu_sandbox_expect_exit(s);
    else
        s->state = EMU_SENT;
    accept_call(c);
    if (failed)
        end_with_error(s, c);
    else
        emu_sandbox_end(
            s, &(struct emu_result){.payload = emu_buffer_text(&c->body)});
}

/* The POST that should end the invocation never will. */
static void abandon_result(struct emu_sandbox *s)
{
    s->uploader = NULL;
    if (s->state == EMU_INIT_ERROR)
        emu_sandbox_expect_exit(s);
    else if (s->state == EMU_RESPONSE || s->state == EMU_ERROR_RESPONSE)
        s->state = EMU_STUCK;
    else
        return; /* it has timed out meanwhile */
    emu_sandbox_fail(s, "Runtime.TruncatedResponse",
                     "the runtime's POST ended early");
}

/* ---- calls of the connection -------------------------------------------- */

static void head(struct emu_conn *c)
{
    struct emu_sandbox *s = c->owner;
    struct mote_text id;
    const enum call call = call_of(emu_conn_path(c), &id);
    const struct mote_text method =
        call == NEXT || call == PING ? MOTE_TEXT("GET") : MOTE_TEXT("POST");

    c->body_max = EMU_PAYLOAD_MAX;
    if (call == UNKNOWN)
        emu_conn_say(c, 404, "text/plain; charset=utf-8",
                     MOTE_TEXT("404 page not found\n"));
    else if (!mote_text_equal(c->head.method, method))
        emu_conn_answer(c, &(struct emu_answer){.status = 405});
    else if (call == PING) /* AWS keeps it, though nothing of its own asks */
        emu_conn_say(c, 200, "text/plain; charset=utf-8", MOTE_TEXT("pong"));
    else if (call == INIT_ERROR)
        begin_init_error(s, c);
    else if (call != NEXT)
        begin_result(s, c, call, id);
}

static void request(struct emu_conn *c)
{
    struct emu_sandbox *s = c->owner;

    if (s->uploader == c)
        end_result(s, c);
    else
        next(s, c);
}

static void too_long(struct emu_conn *c)
{
    struct emu_sandbox *s = c->owner;
    char message[80];

    if (s->uploader == c) {
        s->uploader = NULL;
        if (s->state == EMU_INIT_ERROR)
            emu_sandbox_expect_exit(s);
        else
            s->state = EMU_SENT;
        if (s->invocation) /* it has not timed out meanwhile */
            emu_sandbox_fail(s, "Function.ResponseSizeTooLarge",
                             "Response payload size exceeded maximum allowed "
                             "payload size (%d bytes).",
                             EMU_PAYLOAD_MAX);
    }
    snprintf(message, sizeof message,
             "Exceeded maximum allowed payload size (%d bytes).",
             EMU_PAYLOAD_MAX);
    say_error(c, 413, "RequestEntityTooLarge", message);
}

static void truncated(struct emu_conn *c)
{
    struct emu_sandbox *s = c->owner;

    if (s->uploader == c)
        abandon_result(s);
    say_error(c, 400, "TruncatedHTTPRequest",
              "HTTP request detected as truncated");
}

static void gone(struct emu_conn *c)
{
    struct emu_sandbox *s = c->owner;

    if (s->waiter == c)
        s->waiter = NULL;
    if (s->uploader == c)
        abandon_result(s);
}

const struct emu_conn_calls emu_api_calls = {
    .head = head,
    .request = request,
    .too_long = too_long,
    .truncated = truncated,
    .gone = gone,
};
