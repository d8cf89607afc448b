/* tools/emulator/schedule.c - see tools/emulator/schedule.h */
#include "tools/emulator/schedule.h"

#include <stdio.h>

#include "core/base/json_write.h"
#include "tools/emulator/clock.h"
#include "tools/emulator/emulator.h"

static void put(struct mote_json_out *o, const char *key, const char *value)
{
    mote_json_put_member(o, mote_text_of(key), mote_text_of(value));
}

/* EventBridge leaves "detail" of a schedule empty; the number of the tick is
 * ours, so that a log tells which one it was. */
static void make_event(struct emu_invocation *v, const char *region,
                       uint64_t tick)
{
    char at[1024], time[EMU_TIME_CHARS], rule[200];
    struct mote_json_out o;

    snprintf(rule, sizeof rule,
             "arn:aws:events:%.64s:" EMU_ACCOUNT ":rule/emulator-tick", region);
    mote_json_out_begin(&o, at, sizeof at);
    mote_json_put_open(&o, '{');
    put(&o, "version", "0");
    put(&o, "id", v->id);
    put(&o, "detail-type", "Scheduled Event");
    put(&o, "source", "aws.events");
    put(&o, "account", EMU_ACCOUNT);
    put(&o, "time", emu_time_write(time, EMU_TIME_ISO, emu_wall_ms()));
    put(&o, "region", region);
    mote_json_put_key(&o, MOTE_TEXT("resources"));
    mote_json_put_open(&o, '[');
    mote_json_put_string(&o, mote_text_of(rule));
    mote_json_put_close(&o, ']');
    mote_json_put_key(&o, MOTE_TEXT("detail"));
    mote_json_put_open(&o, '{');
    mote_json_put_key(&o, MOTE_TEXT("tick"));
    mote_json_put_uint(&o, tick);
    mote_json_put_close(&o, '}');
    mote_json_put_close(&o, '}');
    emu_buffer_add(&v->event, (struct mote_text){o.at, o.n});
}

static void tick(void *owner)
{
    struct emu_schedule *schedule = owner;
    struct emu *emu = schedule->emu;
    struct emu_invocation *v = emu_invocation_new(emu);

    emu_timer_start(&emu->loop, &schedule->timer, emu->options.tick_us);
    make_event(v, emu->options.region, ++schedule->ticks);
    if (emu_queue_add(emu, v))
        return;
    emu_log_print(&emu->log, NULL, "Tick %llu is left out: the queue is full",
                  (unsigned long long)schedule->ticks);
    emu_invocation_free(v);
}

void emu_schedule_start(struct emu_schedule *schedule, struct emu *emu)
{
    *schedule = (struct emu_schedule){.emu = emu};
    schedule->timer = (struct emu_timer){.fire = tick, .owner = schedule};
    if (emu->options.tick_us)
        tick(schedule);
}
