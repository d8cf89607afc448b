/*
 * core/function/main.c - the function: open the model, then serve events until
 * told to stop.
 *
 * in      the environment, events from the Runtime API
 * out     replies and errors to the Runtime API, log lines to standard error
 * exit    0 when asked to stop while idle; 1 when it cannot serve, or not any
 *         more, and a fresh process should try
 * cost    what runs before the first GET next is counted by a test: nothing
 *         here that could wait
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/function/results.h"
#include "core/function/source.h"
#include "core/function/warm.h"
#include "core/function/worker.h"
#include "net/socket.h"

#define FAILURES_MAX 3   /* of next in a row, then a fresh process is better */
#define CONNECT_TRIES 10 /* at start, while the API may not listen yet */
#define PAUSE_MS 100

static struct mote_worker worker;

static volatile sig_atomic_t stop; /* set while the function waits, only */

static void on_signal(int signal)
{
    (void)signal;
    stop = 1;
}

/* The two that ask to stop are let in only where the function waits: an event
 * that has come is answered first. */
static void catch_signals(void)
{
    const struct sigaction end = {.sa_handler = on_signal};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t waits;

    sigemptyset(&waits);
    sigaddset(&waits, SIGTERM);
    sigaddset(&waits, SIGINT);
    sigprocmask(SIG_BLOCK, &waits, NULL);
    sigaction(SIGTERM, &end, NULL);
    sigaction(SIGINT, &end, NULL);
    sigaction(SIGPIPE, &ignore, NULL); /* a log that nobody reads */
}

/* ------------------------------------------------------------------------
 * Telling
 */

/* The status with which the platform did not take a call, and its words. */
static void log_answer(struct mote_worker *w, enum mote_level level,
                       struct mote_text message)
{
    const struct mote_http_response *answer = &w->runtime.answer;
    struct mote_log_line line;

    if (!mote_log_begin(&line, &w->settings.log, level, message))
        return;
    mote_json_put_key(&line.json, MOTE_TEXT("status"));
    mote_json_put_uint(&line.json, (uint64_t)answer->head.status);
    mote_json_put_member(
        &line.json, MOTE_TEXT("answer"),
        (struct mote_text){answer->body.at,
                           answer->body.n < 256 ? answer->body.n : 256});
    mote_log_end(&line, &w->settings.log);
}

static void log_status(struct mote_worker *w, enum mote_level level,
                       struct mote_text message, enum mote_status status)
{
    struct mote_log_line line;

    if (!mote_log_begin(&line, &w->settings.log, level, message))
        return;
    mote_json_put_member(&line.json, MOTE_TEXT("reason"),
                         mote_text_of(mote_status_text(status)));
    if (status == MOTE_E_IO) {
        mote_json_put_key(&line.json, MOTE_TEXT("errno"));
        mote_json_put_uint(&line.json, (uint64_t)errno);
    }
    mote_log_end(&line, &w->settings.log);
}

/* Where the time of a cold start went; once, when the first reply is out. */
static void log_phases(struct mote_worker *w)
{
    const struct mote_phases *p = &w->phases;
    const struct {
        struct mote_text name;
        uint64_t us;
    } phases[] = {
        {MOTE_TEXT("ready_us"), p->asked - p->started},
        {MOTE_TEXT("wait_us"), p->event - p->asked},
        {MOTE_TEXT("first_reply_us"), p->reply - p->event},
    };
    struct mote_log_line line;

    if (!mote_log_begin(&line, &w->settings.log, MOTE_INFO,
                        MOTE_TEXT("cold start")))
        return;
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        mote_json_put_key(&line.json, phases[i].name);
        mote_json_put_uint(&line.json, phases[i].us);
    }
    mote_results_put_model(&w->model, &line.json);
    mote_log_end(&line, &w->settings.log);
}

/* ------------------------------------------------------------------------
 * Start
 */

/* Tells the platform and the log why there will be no service. */
static int refuse_to_start(struct mote_worker *w, struct mote_text type,
                           enum mote_status status,
                           const struct mote_where *where)
{
    struct mote_failure failure;
    char text[MOTE_FAILURE_TEXT];
    struct mote_json_out o;

    /* as of a schema: where in the file it is says its section, no offset */
    mote_failure_input(&failure, MOTE_E_SCHEMA, where);
    const struct mote_text message = mote_failure_message(&failure, true, text);
    mote_json_out_begin(&o, w->reply, sizeof w->reply);
    mote_json_put_open(&o, '{');
    mote_json_put_member(&o, MOTE_TEXT("errorMessage"), message);
    mote_json_put_member(&o, MOTE_TEXT("errorType"), type);
    mote_json_put_key(&o, MOTE_TEXT("stackTrace"));
    mote_json_put_open(&o, '[');
    mote_json_put_close(&o, ']');
    mote_json_put_close(&o, '}');
    log_status(w, MOTE_FATAL, message, status);
    mote_runtime_fail_init(&w->runtime, type, (struct mote_text){o.at, o.n});
    return 1;
}

static enum mote_status map_arena(struct mote_worker *w,
                                  char *const *environment)
{
    const size_t n = w->model.header->request_arena;

    w->function = (struct mote_function){
        .model = &w->model,
        .log = &w->settings.log,
        .environment = environment,
        .room = MOTE_LINKED_JOBS ? &w->job : NULL,
        .arena = mmap(NULL, n ? n : 1, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
    };
    mote_arena_init(&w->function.scratch, w->scratch, sizeof w->scratch);
    return w->function.arena == MAP_FAILED ? MOTE_E_SPACE : MOTE_OK;
}

/* ------------------------------------------------------------------------
 * One invocation
 */
static enum mote_status fail(struct mote_worker *w,
                             const struct mote_failure *failure)
{
    char text[MOTE_FAILURE_TEXT], type[64];
    struct mote_json_out o;

    mote_json_out_begin(&o, w->reply, sizeof w->reply);
    mote_failure_put_invocation(failure, mote_invocation_id(&w->invocation),
                                &o);
    mote_log(&w->settings.log, MOTE_WARN,
             mote_failure_message(failure, true, text));
    return mote_runtime_fail(&w->runtime, &w->invocation,
                             mote_failure_type(failure, type),
                             (struct mote_text){o.at, o.n});
}

static enum mote_status answer(struct mote_worker *w)
{
    const struct mote_invocation *v = &w->invocation;
    struct mote_failure failure;
    struct mote_json_out o;

    if (v->oversized) {
        mote_failure_plain(&failure, 413, "EventTooLarge",
                           "the event is longer than 6291556 bytes");
        return fail(w, &failure);
    }
    w->function.deadline_ms = v->deadline_ms;
    mote_json_out_begin(&o, w->reply, sizeof w->reply);
    if (!mote_handle(&w->function, v->event, &o, &failure))
        return fail(w, &failure);
    return mote_runtime_respond(&w->runtime, v, (struct mote_text){o.at, o.n});
}

/* Places for copies of what is decoded, once. */
static void keep_decoded(struct mote_worker *w)
{
    const uint64_t bytes = mote_decoded_bytes(&w->model, w->settings.decoded,
                                              w->settings.memory_mib);
    struct mote_log_line line;

    if (bytes)
        w->function.kept = mote_decoded_map(&w->model, bytes);
    if (!w->function.kept ||
        !mote_log_begin(&line, &w->settings.log, MOTE_INFO,
                        MOTE_TEXT("decoded weights are kept")))
        return;
    mote_json_put_key(&line.json, MOTE_TEXT("bytes"));
    mote_json_put_uint(&line.json, bytes);
    mote_log_end(&line, &w->settings.log);
}

/* Before the first event; a model from outside keeps no copies. */
static enum mote_status warm_up(struct mote_worker *w, struct mote_where *where)
{
    const enum mote_ahead ahead =
        mote_warm_asked(&w->function, w->settings.init);
    struct mote_failure failure;
    char text[MOTE_FAILURE_TEXT];
    struct mote_json_out o;

    if (ahead != MOTE_AHEAD_NOTHING)
        mote_warm_read(w->function.model);
    if (ahead != MOTE_AHEAD_RUN)
        return MOTE_OK;
    if (MOTE_LINKED_CODED && w->function.model == &w->model) {
        w->warm = true;
        keep_decoded(w);
    }
    mote_json_out_begin(&o, w->reply, sizeof w->reply);
    if (mote_warm_run(&w->function, &o, &failure))
        return MOTE_OK;
    if (failure.http == 500) {
        where->field = MOTE_TEXT("DATA");
        where->expected = "weights that decode";
        return MOTE_E_DAMAGED;
    }
    mote_log(&w->settings.log, MOTE_WARN,
             mote_failure_message(&failure, true, text));
    return MOTE_OK;
}

/* False: the process must end. */
static bool serve(struct mote_worker *w)
{
    w->settings.log.request_id = mote_invocation_id(&w->invocation);
    if (MOTE_LINKED_CODED && w->phases.reply && !w->warm &&
        w->function.model == &w->model) {
        w->warm = true;
        keep_decoded(w);
    }
    const enum mote_status s = answer(w);
    const int status = w->runtime.answer.head.status;

    if (s == MOTE_E_REFUSED)
        log_answer(w, MOTE_FATAL,
                   MOTE_TEXT("the platform gave this process up"));
    else if (s != MOTE_OK)
        log_status(w, MOTE_ERROR, MOTE_TEXT("no answer to a reply"), s);
    else if (status / 100 != 2)
        log_answer(w, MOTE_WARN,
                   MOTE_TEXT("the platform did not take a reply"));
    if (w->phases.reply == 0 && s == MOTE_OK) {
        w->phases.reply = mote_clock_us();
        log_phases(w);
    }
    w->settings.log.request_id.n = 0;
    mote_outside_model_refresh(&w->function, 0);
    return s != MOTE_E_REFUSED;
}

/* No event came. False: asking again is of no use. */
static bool recover(struct mote_worker *w, enum mote_status s)
{
    const bool first = w->phases.event == 0;
    const unsigned most = first ? CONNECT_TRIES : FAILURES_MAX;

    if (s == MOTE_E_AGAIN)
        return true;
    if (s == MOTE_E_REFUSED) {
        log_answer(w, MOTE_FATAL, MOTE_TEXT("the platform refused next"));
        return false;
    }
    log_status(w, MOTE_ERROR, MOTE_TEXT("next failed"), s);
    return ++w->failures < most;
}

static int serve_all(struct mote_worker *w)
{
    while (!stop) {
        enum mote_status s = mote_runtime_next(&w->runtime, &w->invocation);
        if (s != MOTE_OK && s != MOTE_E_STOP) {
            if (!recover(w, s))
                return 1;
            s = mote_socket_wait(-1, PAUSE_MS);
        }
        if (s != MOTE_OK)
            continue;
        w->failures = 0;
        if (w->phases.event == 0)
            w->phases.event = mote_clock_us();
        if (!serve(w))
            return 1;
    }
    return 0;
}

int main(int argc, char **argv, char **environment)
{
    struct mote_worker *w = &worker;
    struct mote_where where = {.row = MOTE_NO_ROW};
    enum mote_status s;

    (void)argc, (void)argv;
    w->phases.started = mote_clock_us();
    catch_signals();
    s = mote_settings_read(&w->settings, environment, &where);
    if (s != MOTE_OK) {
        struct mote_failure failure;
        char text[MOTE_FAILURE_TEXT];

        mote_failure_input(&failure, MOTE_E_SCHEMA, &where);
        mote_log(&w->settings.log, MOTE_FATAL,
                 mote_failure_message(&failure, false, text));
        return 1;
    }
    mote_runtime_begin(&w->runtime, &w->settings.runtime_api, w->receive);
    s = mote_source_open(
        &w->model,
        MOTE_LINKED_CODED && w->settings.verify == MOTE_VERIFY_ALWAYS, &where);
    if (s != MOTE_OK)
        return refuse_to_start(w,
                               s == MOTE_E_IO
                                   ? MOTE_TEXT("Runtime.ModelMissing")
                                   : MOTE_TEXT("Runtime.ModelInvalid"),
                               s, &where);
    if (mote_model_has_choice(&w->model))
        mote_model_use_cpu(&w->model, mote_cpu_flags(getauxval(AT_HWCAP),
                                                     getauxval(AT_HWCAP2)));
    w->model.verifies_blocks = w->settings.verify == MOTE_VERIFY_USED;
    s = map_arena(w, environment);
    if (s != MOTE_OK)
        return refuse_to_start(w, MOTE_TEXT("Runtime.OutOfMemory"), s, &where);
    s = mote_outside_model(&w->function, environment, &where);
    if (s != MOTE_OK)
        return refuse_to_start(w, MOTE_TEXT("Runtime.SettingInvalid"), s,
                               &where);
    if (MOTE_LINKED_INIT)
        s = warm_up(w, &where);
    if (s != MOTE_OK)
        return refuse_to_start(w, MOTE_TEXT("Runtime.ModelInvalid"), s, &where);
    w->phases.asked = mote_clock_us();
    return serve_all(w);
}
