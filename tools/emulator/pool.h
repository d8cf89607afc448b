/*
 * tools/emulator/pool.h - all the sandboxes: options.concurrency of them,
 * each empty until a call needs it.
 */
#ifndef EMU_POOL_H
#define EMU_POOL_H

#include <stdbool.h>

struct emu;

void emu_pool_open(struct emu *emu);
void emu_pool_free(struct emu *emu);

/* A sandbox that can take an invocation, now or in a moment; NULL when all
 * have one, or the emulator stops. */
struct emu_sandbox *emu_pool_find(struct emu *emu);

/* Clears up after every process that has exited. */
void emu_pool_reap(struct emu *emu);

/* Sends a signal to every process and what it has started. */
void emu_pool_signal(struct emu *emu, int signal);

/* Whether there is no process. */
bool emu_pool_is_empty(const struct emu *emu);

#endif
