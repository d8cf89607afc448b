/*
 * tools/emulator/main.c - AWS Lambda on a developer's machine.
 *
 * in    a BOOTSTRAP and how to run it (options.h), calls on two ports
 * out   replies; the functions' lines and Lambda's own on stdout
 * cost  one thread, one descriptor per connection, nothing while idle
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "tools/emulator/emulator.h"
#include "tools/emulator/front_http.h"
#include "tools/emulator/front_invoke.h"
#include "tools/emulator/once.h"
#include "tools/emulator/schedule.h"

#define STOP_GRACE_US 500000 /* between SIGTERM and SIGKILL, as on Lambda */

/* ---- the end ------------------------------------------------------------ */

static void kill_all(void *owner)
{
    struct emu *emu = owner;
    emu_pool_signal(emu, SIGKILL);
}

void emu_stop(struct emu *emu)
{
    if (emu->stopping) {
        kill_all(emu);
        return;
    }
    emu->stopping = true;
    emu_pool_signal(emu, SIGTERM);
    emu_pool_signal(emu, SIGCONT); /* those that were frozen */
    emu->grace = (struct emu_timer){.fire = kill_all, .owner = emu};
    emu_timer_start(&emu->loop, &emu->grace, STOP_GRACE_US);
}

static bool has_output(const struct emu_listener *l)
{
    for (const struct emu_conn *c = l->conns; c; c = c->next)
        if (c->out.n)
            return true;
    return false;
}

/* Last answers may leave, but not keep us. */
static bool is_over(const struct emu *emu)
{
    return emu->stopping && emu_pool_is_empty(emu) &&
           (!emu->grace.set ||
            (!has_output(&emu->invoke) && !has_output(&emu->http)));
}

/* ---- signals ------------------------------------------------------------ */

static void on_signal(struct emu_watch *watch, uint32_t events)
{
    struct emu *emu = watch->owner;
    struct signalfd_siginfo info;

    (void)events;
    if (read(watch->fd, &info, sizeof info) != sizeof info)
        return;
    if (info.ssi_signo == SIGCHLD)
        emu_pool_reap(emu);
    else
        emu_stop(emu);
}

static bool watch_signals(struct emu *emu, struct emu_watch *watch)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    *watch =
        (struct emu_watch){.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC),
                           .ready = on_signal,
                           .owner = emu};
    if (watch->fd < 0)
        return false;
    emu_watch_for(&emu->loop, watch, EPOLLIN);
    return true;
}

/* ---- the start ---------------------------------------------------------- */

/* Listens, and says where, unless the front is switched off. */
static bool open_front(struct emu *emu, struct emu_listener *l, int64_t port,
                       const struct emu_conn_calls *calls, const char *name,
                       const char *path)
{
    const char *host = emu->options.host;

    if (port == EMU_PORT_NONE)
        return true;
    *l = (struct emu_listener){
        .loop = &emu->loop, .calls = calls, .owner = emu, .front = true};
    const int bound = emu_listen(l, host, (int)port);
    if (bound < 0) {
        fprintf(stderr, "emulator: cannot listen on %s:%lld: %s\n", host,
                (long long)port, strerror(-bound));
        return false;
    }
    printf("%s: http://%s:%d%s\n", name, host, bound, path);
    fflush(stdout);
    return true;
}

static bool open_fronts(struct emu *emu)
{
    return open_front(emu, &emu->invoke, emu->options.port, &emu_invoke_calls,
                      "invoke", "/2015-03-31/functions/function/invocations") &&
           open_front(emu, &emu->http, emu->options.http_port, &emu_http_calls,
                      "http", "/");
}

static void open_log(struct emu *emu)
{
    emu->log.quiet = emu->options.quiet;
    emu->log.fd = !emu->options.once     ? STDOUT_FILENO
                  : emu->options.verbose ? STDERR_FILENO
                                         : -1;
}

static void close_all(struct emu *emu, struct emu_watch *signals)
{
    emu_listener_close(&emu->invoke);
    emu_listener_close(&emu->http);
    emu_pool_free(emu);
    emu_queue_free(emu);
    emu_watch_close(&emu->loop, signals);
    emu_loop_end(&emu->loop);
    emu_options_free(&emu->options);
}

int main(int argc, char **argv)
{
    struct emu emu = {0};
    struct emu_schedule schedule;
    struct emu_watch signals;

    emu_options_read(&emu.options, argc, argv);
    open_log(&emu);
    if (!emu_loop_begin(&emu.loop) || !watch_signals(&emu, &signals)) {
        perror("emulator");
        return 1;
    }
    emu_pool_open(&emu);
    if (emu.options.once ? !emu_once_start(&emu) : !open_fronts(&emu)) {
        emu.exit_status = 1;
        emu.stopping = true;
    } else if (!emu.options.once) {
        emu_schedule_start(&schedule, &emu);
    }
    while (!is_over(&emu)) {
        emu_queue_run(&emu);
        emu_loop_turn(&emu.loop);
    }
    close_all(&emu, &signals);
    return emu.exit_status;
}
