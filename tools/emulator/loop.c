/* tools/emulator/loop.c - see tools/emulator/loop.h */
#include "tools/emulator/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/emulator/clock.h"

struct grave {
    void (*destroy)(void *);
    void *thing;
};

bool emu_loop_begin(struct emu_loop *loop)
{
    *loop = (struct emu_loop){.epoll = epoll_create1(EPOLL_CLOEXEC)};
    return loop->epoll >= 0;
}

static void empty_graves(struct emu_loop *loop)
{
    for (size_t i = 0; i < loop->graves.n; i += sizeof(struct grave)) {
        struct grave grave;
        memcpy(&grave, loop->graves.at + i, sizeof grave);
        grave.destroy(grave.thing);
    }
    loop->graves.n = 0;
}

void emu_loop_end(struct emu_loop *loop)
{
    empty_graves(loop);
    emu_buffer_free(&loop->graves);
    close(loop->epoll);
}

void emu_loop_bury(struct emu_loop *loop, void (*destroy)(void *), void *thing)
{
    const struct grave grave = {destroy, thing};
    emu_buffer_add(&loop->graves,
                   (struct mote_text){(const char *)&grave, sizeof grave});
}

/* epoll counts in milliseconds: rounded up, or it would spin through the last
 * one. */
static int patience_ms(const struct emu_loop *loop)
{
    if (!loop->timers)
        return -1;
    const int64_t us = loop->timers->due_us - emu_now_us();
    if (us <= 0)
        return 0;
    return us / 1000 >= INT_MAX ? INT_MAX : (int)((us + 999) / 1000);
}

static void fire_due(struct emu_loop *loop)
{
    const int64_t now = emu_now_us();

    while (loop->timers && loop->timers->due_us <= now) {
        struct emu_timer *timer = loop->timers;
        emu_timer_stop(loop, timer);
        timer->fire(timer->owner);
    }
}

void emu_loop_turn(struct emu_loop *loop)
{
    struct epoll_event event;
    const int n = epoll_wait(loop->epoll, &event, 1, patience_ms(loop));

    if (n < 0 && errno != EINTR) {
        perror("emulator: epoll_wait");
        exit(1);
    }
    if (n == 1) {
        struct emu_watch *watch = event.data.ptr;
        watch->ready(watch, event.events);
    }
    fire_due(loop);
    empty_graves(loop);
}

void emu_watch_for(struct emu_loop *loop, struct emu_watch *watch,
                   uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};

    if (watch->known && watch->events == events)
        return;
    if (epoll_ctl(loop->epoll, watch->known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
                  watch->fd, &event)) {
        perror("emulator: epoll_ctl");
        exit(1);
    }
    watch->known = true;
    watch->events = events;
}

void emu_watch_close(struct emu_loop *loop, struct emu_watch *watch)
{
    if (watch->fd < 0)
        return;
    if (watch->known)
        epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    close(watch->fd);
    watch->fd = -1;
    watch->known = false;
}

void emu_timer_start(struct emu_loop *loop, struct emu_timer *timer,
                     int64_t after_us)
{
    struct emu_timer **at = &loop->timers;

    emu_timer_stop(loop, timer);
    timer->due_us = emu_now_us() + after_us;
    while (*at && (*at)->due_us <= timer->due_us)
        at = &(*at)->next;
    timer->next = *at;
    timer->set = true;
    *at = timer;
}

void emu_timer_stop(struct emu_loop *loop, struct emu_timer *timer)
{
    struct emu_timer **at = &loop->timers;

    if (!timer->set)
        return;
    while (*at != timer)
        at = &(*at)->next;
    *at = timer->next;
    timer->set = false;
}
