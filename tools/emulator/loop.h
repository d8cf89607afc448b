/*
 * tools/emulator/loop.h - one thread that waits for descriptors and timers.
 *
 * Each turn handles one descriptor, so a handler may close any other without
 * an event for it being on its way. What a handler wants freed, itself
 * included, goes to emu_loop_bury and lives until the turn is over.
 */
#ifndef EMU_LOOP_H
#define EMU_LOOP_H

#include <sys/epoll.h>

#include "tools/emulator/buffer.h"

struct emu_watch {
    int fd;
    uint32_t events; /* waited for now; EPOLLERR and EPOLLHUP always are */
    bool known;      /* to epoll                                        */
    void (*ready)(struct emu_watch *watch, uint32_t events);
    void *owner;
};

struct emu_timer {
    int64_t due_us;
    struct emu_timer *next; /* the one that is due after it */
    bool set;
    void (*fire)(void *owner);
    void *owner;
};

struct emu_loop {
    int epoll;
    struct emu_timer *timers; /* soonest first */
    struct emu_buffer graves; /* struct grave, see loop.c */
};

/* Returns false, with errno, when the system refuses. */
bool emu_loop_begin(struct emu_loop *loop);
void emu_loop_end(struct emu_loop *loop);

/* Waits, without limit, for one descriptor or the next timer, and handles it.
 */
void emu_loop_turn(struct emu_loop *loop);

/* Waits for exactly these events on watch->fd from now on. */
void emu_watch_for(struct emu_loop *loop, struct emu_watch *watch,
                   uint32_t events);

/* Stops waiting and closes watch->fd, which becomes -1; nothing to do if it
 * is -1 already. */
void emu_watch_close(struct emu_loop *loop, struct emu_watch *watch);

/* Fires once, after_us from now; a timer that is set already is moved. */
void emu_timer_start(struct emu_loop *loop, struct emu_timer *timer,
                     int64_t after_us);
void emu_timer_stop(struct emu_loop *loop, struct emu_timer *timer);

/* Calls destroy(thing) when this turn is over. */
void emu_loop_bury(struct emu_loop *loop, void (*destroy)(void *), void *thing);

#endif
