/* tools/emulator/pool.c - see tools/emulator/pool.h */
#include "tools/emulator/pool.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tools/emulator/emulator.h"

void emu_pool_open(struct emu *emu)
{
    const size_t n = (size_t)emu->options.concurrency;

    emu->sandboxes = emu_alloc(n * sizeof *emu->sandboxes);
    for (size_t i = 0; i < n; i++)
        emu_sandbox_init(&emu->sandboxes[i], emu);
}

void emu_pool_free(struct emu *emu)
{
    for (int64_t i = 0; i < emu->options.concurrency; i++)
        emu_sandbox_close(&emu->sandboxes[i]);
    free(emu->sandboxes);
}

struct emu_sandbox *emu_pool_find(struct emu *emu)
{
    static const enum emu_state best_first[] = {
        EMU_READY, EMU_SENT, EMU_EMPTY, EMU_DYING, EMU_STUCK, EMU_INIT_ERROR};

    if (emu->stopping)
        return NULL;
    for (size_t i = 0; i < sizeof best_first / sizeof *best_first; i++) {
        for (int64_t k = 0; k < emu->options.concurrency; k++) {
            struct emu_sandbox *s = &emu->sandboxes[k];
            if (s->state == best_first[i] && !s->invocation)
                return s;
        }
    }
    return NULL;
}

static struct emu_sandbox *of_pid(struct emu *emu, pid_t pid)
{
    for (int64_t i = 0; i < emu->options.concurrency; i++)
        if (emu->sandboxes[i].process.pid == pid)
            return &emu->sandboxes[i];
    return NULL;
}

void emu_pool_reap(struct emu *emu)
{
    siginfo_t info = {0};

    /* the process stays a zombie until what it had started is killed: its id
     * is the group's, and must not be another's by then */
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid) {
        struct emu_sandbox *s = of_pid(emu, info.si_pid);
        struct rusage usage;
        int status;
        if (s)
            emu_process_signal(&s->process, SIGKILL);
        wait4(info.si_pid, &status, 0, &usage);
        if (s)
            emu_sandbox_exited(s, status, (usage.ru_maxrss + 1023) / 1024);
        info.si_pid = 0;
    }
}

void emu_pool_signal(struct emu *emu, int signal)
{
    for (int64_t i = 0; i < emu->options.concurrency; i++)
        emu_process_signal(&emu->sandboxes[i].process, signal);
}

bool emu_pool_is_empty(const struct emu *emu)
{
    for (int64_t i = 0; i < emu->options.concurrency; i++)
        if (emu->sandboxes[i].process.pid)
            return false;
    return true;
}
