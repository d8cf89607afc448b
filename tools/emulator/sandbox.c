/* tools/emulator/sandbox.c - see tools/emulator/sandbox.h */
#include "tools/emulator/sandbox.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "tools/emulator/clock.h"
#include "tools/emulator/emulator.h"
#include "tools/emulator/next_event.h"
#include "tools/emulator/runtime_api.h"

#define EXIT_GRACE_US 1000000 /* from init/error to exit */

static void restart_timer(struct emu_sandbox *s, int64_t after_us)
{
    emu_timer_start(&s->emu->loop, &s->timer, after_us);
}

/* ---- the end of an invocation ------------------------------------------- */

static struct emu_invocation *take_out(struct emu_sandbox *s)
{
    struct emu_log *log = &s->emu->log;
    struct emu_invocation *v = s->invocation;
    const int64_t ended_us = emu_now_us();

    if (!v->started_us) /* it never got that far, but every END has a START */
        emu_log_start(log, v);
    emu_lines_drain(&s->lines);
    if (!log->quiet) {
        const int64_t peak_mb =
            s->process.pid ? emu_process_peak_mb(&s->process) : s->exit_peak_mb;
        emu_log_report(log, v, ended_us, s->emu->options.memory_mb, peak_mb);
    }
    if (s->state == EMU_SENT)
        emu_timer_stop(&s->emu->loop, &s->timer);
    s->invocation = NULL;
    return v;
}

void emu_sandbox_end(struct emu_sandbox *s, const struct emu_result *result)
{
    emu_invocation_end(take_out(s), result);
}

void emu_sandbox_fail(struct emu_sandbox *s, const char *type,
                      const char *format, ...)
{
    char message[256];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    emu_invocation_fail(take_out(s), type, "%s", message);
}

static void time_out(struct emu_sandbox *s, int64_t limit_us)
{
    const double seconds = (double)limit_us / 1e6;
    char now[EMU_TIME_CHARS];

    emu_lines_drain(&s->lines);
    emu_log_print(&s->emu->log, s->invocation,
                  "%s %s Task timed out after %.2f seconds",
                  emu_time_write(now, EMU_TIME_ISO, emu_wall_ms()),
                  s->invocation->id, seconds);
    emu_sandbox_fail(s, "Sandbox.Timedout", "Task timed out after %.2f seconds",
                     seconds);
}

/* ---- time --------------------------------------------------------------- */

/* The invocation ends, unless limit_us is 0: what was given meanwhile is for
 * the next process. It ends first, as its report reads the memory used. */
static void die(struct emu_sandbox *s, int64_t limit_us)
{
    s->state = EMU_DYING;
    if (limit_us)
        time_out(s, limit_us);
    emu_process_signal(&s->process, SIGKILL);
    emu_listener_close_conns(&s->api);
}

static void be_late(struct emu_sandbox *s)
{
    s->state = EMU_LATE;
    memcpy(s->late_id, s->id, sizeof s->id);
    time_out(s, s->emu->options.timeout_us);
}

static void time_is_over(void *sandbox)
{
    struct emu_sandbox *s = sandbox;
    const struct emu_options *options = &s->emu->options;

    switch (s->state) {
    case EMU_STARTED:
        die(s, options->init_timeout_us);
        break;
    case EMU_RUNNING:
    case EMU_RESPONSE:
    case EMU_ERROR_RESPONSE:
        if (options->keep_after_timeout)
            be_late(s);
        else
            die(s, options->timeout_us);
        break;
    case EMU_READY: /* given an event, but it does not fetch it */
    case EMU_SENT:
        die(s, options->timeout_us);
        break;
    case EMU_INIT_ERROR: /* its error came in full, or did not */
        die(s, s->uploader ? options->init_timeout_us : 0);
        break;
    case EMU_STUCK:
        die(s, 0);
        break;
    case EMU_EMPTY:
    case EMU_LATE:
    case EMU_DYING:
        break;
    }
}

void emu_sandbox_expect_exit(struct emu_sandbox *s)
{
    restart_timer(s, EXIT_GRACE_US);
}

/* ---- events ------------------------------------------------------------- */

static void send_event(struct emu_sandbox *s)
{
    struct emu_conn *c = s->waiter;

    s->waiter = NULL;
    emu_next_event_send(c, s->invocation);
}

static void hand_over(struct emu_sandbox *s)
{
    struct emu_invocation *v = s->invocation;
    const struct emu_options *options = &s->emu->options;

    emu_uuid_make(v->nonce);
    memcpy(s->id, v->id, sizeof s->id);
    emu_log_start(&s->emu->log, v);
    if (options->freeze)
        emu_process_signal(&s->process, SIGCONT);
    s->state = EMU_RUNNING;
    v->started_us = emu_now_us();
    v->deadline_ms = emu_wall_ms() + options->timeout_us / 1000;
    restart_timer(s, options->timeout_us);
    send_event(s);
}

void emu_sandbox_next(struct emu_sandbox *s, struct emu_conn *c)
{
    if (!s->process.pid) /* its last words: there is nobody to serve */
        return;
    if (s->waiter) /* it has connected anew, perhaps to ask again */
        emu_conn_close(s->waiter);
    s->waiter = c;
    if (s->state == EMU_RUNNING) {
        send_event(s);
        return;
    }
    if (!s->warm && s->invocation)
        s->invocation->init_us = emu_now_us() - s->process.exec_us;
    s->warm = true;
    s->state = EMU_READY;
    s->id[0] = 0;
    emu_timer_stop(&s->emu->loop, &s->timer);
    if (s->invocation)
        hand_over(s);
    else if (s->emu->options.freeze)
        emu_process_signal(&s->process, SIGSTOP);
}

/* ---- processes ---------------------------------------------------------- */

/* Returns 0, or the errno of why there is no socket. */
static int open_api(struct emu_sandbox *s)
{
    const bool first = s == s->emu->sandboxes;

    if (s->api.loop)
        return 0;
    s->api = (struct emu_listener){
        .loop = &s->emu->loop, .calls = &emu_api_calls, .owner = s};
    s->api_port = emu_listen(&s->api, "127.0.0.1",
                             first ? (int)s->emu->options.api_port : 0);
    return s->api_port < 0 ? -s->api_port : 0;
}

static void start(struct emu_sandbox *s)
{
    const struct emu_options *options = &s->emu->options;

    int error = open_api(s);
    if (error) {
        emu_sandbox_fail(s, "Sandbox.Failure", "Runtime API on port %lld: %s",
                         (long long)options->api_port, strerror(error));
        return;
    }
    error = emu_process_start(&s->process, options, s->api_port);
    if (error) {
        emu_sandbox_fail(s, "Runtime.InvalidEntrypoint", "fork/exec %s: %s",
                         options->command[0], strerror(error));
        return;
    }
    s->state = EMU_STARTED;
    s->warm = false;
    s->id[0] = s->late_id[0] = 0;
    emu_lines_open(&s->lines, s->process.log_fd);
    restart_timer(s, options->init_timeout_us);
}

static void describe_exit(char *out, size_t size, int status)
{
    char name[32];

    if (WIFSIGNALED(status)) {
        /* as Go writes it: "killed", "segmentation fault" */
        const char *known = sigdescr_np(WTERMSIG(status));
        snprintf(name, sizeof name, "%s", known ? known : "unknown");
        name[0] = (char)(name[0] | 0x20);
        snprintf(out, size, "with error: signal: %s", name);
    } else if (WEXITSTATUS(status)) {
        snprintf(out, size, "with error: exit status %d", WEXITSTATUS(status));
    } else {
        snprintf(out, size, "without providing a reason");
    }
}

void emu_sandbox_exited(struct emu_sandbox *s, int status, int64_t peak_mb)
{
    char how[64];

    s->process.pid = 0;
    s->exit_peak_mb = peak_mb;
    emu_listener_pump(&s->api); /* what it sent before still counts */
    emu_listener_close_conns(&s->api);
    emu_timer_stop(&s->emu->loop, &s->timer);
    emu_lines_close(&s->lines);
    describe_exit(how, sizeof how, status);
    const enum emu_state was = s->state;
    s->state = EMU_EMPTY;
    if (s->invocation && (was == EMU_STARTED || was == EMU_RUNNING))
        emu_sandbox_fail(s, "Runtime.ExitError", "Runtime exited %s", how);
    else if (s->invocation && s->emu->stopping)
        emu_sandbox_fail(s, "Sandbox.Failure", "the emulator stops");
    else if (was == EMU_READY && !s->emu->stopping)
        emu_log_print(&s->emu->log, NULL, "An idle runtime exited %s", how);
    if (s->invocation && s->state == EMU_EMPTY)
        start(s);
}

/* The event is for the next "next", which should come soon. */
static void await_next(struct emu_sandbox *s)
{
    if (s->emu->options.freeze)
        emu_process_signal(&s->process, SIGCONT);
    restart_timer(s, s->emu->options.timeout_us);
}

void emu_sandbox_give(struct emu_sandbox *s, struct emu_invocation *v)
{
    s->invocation = v;
    if (s->state == EMU_EMPTY)
        start(s);
    else if (s->state == EMU_READY && s->waiter)
        hand_over(s);
    else if (s->state == EMU_READY || s->state == EMU_SENT)
        await_next(s);
}

void emu_sandbox_init(struct emu_sandbox *s, struct emu *emu)
{
    s->emu = emu;
    s->timer = (struct emu_timer){.fire = time_is_over, .owner = s};
    s->lines = (struct emu_lines){.loop = &emu->loop,
                                  .log = &emu->log,
                                  .of = &s->invocation,
                                  .watch.fd = -1};
}

void emu_sandbox_close(struct emu_sandbox *s)
{
    emu_listener_close(&s->api);
    emu_lines_close(&s->lines);
}
