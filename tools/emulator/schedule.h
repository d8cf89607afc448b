/*
 * tools/emulator/schedule.h - --tick: an EventBridge rule that calls the
 * function now and then.
 */
#ifndef EMU_SCHEDULE_H
#define EMU_SCHEDULE_H

#include "tools/emulator/loop.h"

struct emu;

struct emu_schedule {
    struct emu *emu;
    struct emu_timer timer;
    uint64_t ticks; /* sent up to now */
};

/* Sends the first event at once and one every options.tick_us after it, each
 * an asynchronous invocation. Nothing happens if that is 0. */
void emu_schedule_start(struct emu_schedule *schedule, struct emu *emu);

#endif
