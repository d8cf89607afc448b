/* tools/emulator/invocation.c - see tools/emulator/invocation.h */
#include "tools/emulator/invocation.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/json_read.h"
#include "core/base/json_write.h"
#include "tools/emulator/emulator.h"

bool emu_is_json(struct mote_text text)
{
    struct mote_json j;
    struct mote_json_token t = {.type = MOTE_JSON_NULL};
    struct mote_where where;
    enum mote_status s = MOTE_OK;

    mote_json_begin(&j, text);
    while (s == MOTE_OK && t.type != MOTE_JSON_DONE)
        s = mote_json_next(&j, &t, &where);
    return s != MOTE_E_FORMAT;
}

struct emu_invocation *emu_invocation_new(struct emu *emu)
{
    struct emu_invocation *v = emu_alloc(sizeof *v);

    v->emu = emu;
    emu_uuid_make(v->id);
    return v;
}

void emu_invocation_free(struct emu_invocation *v)
{
    emu_timer_stop(&v->emu->loop, &v->retry);
    emu_buffer_free(&v->event);
    emu_buffer_free(&v->client_context);
    emu_buffer_free(&v->trace_id);
    emu_buffer_free(&v->tenant_id);
    emu_buffer_free(&v->tail);
    free(v);
}

/* ---- the queue ---------------------------------------------------------- */

static void append(struct emu_queue *queue, struct emu_invocation *v)
{
    struct emu_invocation **at = &queue->first;

    while (*at)
        at = &(*at)->next;
    v->next = NULL;
    *at = v;
    queue->count++;
}

bool emu_queue_add(struct emu *emu, struct emu_invocation *v)
{
    if (emu->queue.count >= EMU_QUEUE_MAX)
        return false;
    append(&emu->queue, v);
    return true;
}

void emu_queue_run(struct emu *emu)
{
    struct emu_invocation **at = &emu->queue.first;

    while (*at && !emu->stopping) {
        struct emu_invocation *v = *at;
        struct emu_sandbox *s = v->retry.set ? NULL : emu_pool_find(emu);
        if (!s && !v->retry.set)
            return;
        if (!s) { /* not yet time for it */
            at = &v->next;
            continue;
        }
        *at = v->next;
        emu->queue.count--;
        emu_sandbox_give(s, v);
        at = &emu->queue.first; /* giving may have ended it, or another */
    }
}

void emu_queue_free(struct emu *emu)
{
    while (emu->queue.first) {
        struct emu_invocation *v = emu->queue.first;
        emu->queue.first = v->next;
        emu_invocation_free(v);
    }
}

/* Only its time has to come: the loop runs the queue after every turn. */
static void due(void *invocation)
{
    (void)invocation;
}

static void try_again(struct emu_invocation *v)
{
    v->init_us = v->started_us = 0;
    v->tail.n = 0;
    v->retry.fire = due;
    v->retry.owner = v;
    emu_timer_start(&v->emu->loop, &v->retry,
                    (int64_t)EMU_RETRY_US << (v->failures - 1));
    append(&v->emu->queue, v);
}

/* ---- the end ------------------------------------------------------------ */

void emu_invocation_end(struct emu_invocation *v,
                        const struct emu_result *result)
{
    struct emu *emu = v->emu;
    const int64_t limit = emu->options.max_invocations;

    emu->finished++;
    if (!v->done && result->failed && ++v->failures < EMU_ATTEMPTS) {
        try_again(v);
    } else {
        if (v->done)
            v->done(v, result);
        emu_invocation_free(v);
    }
    if (limit && emu->finished == (uint64_t)limit)
        emu_stop(emu);
}

void emu_invocation_fail(struct emu_invocation *v, const char *type,
                         const char *format, ...)
{
    char message[512], object[1024];
    struct mote_json_out o;
    va_list args;

    int n = snprintf(message, sizeof message, "RequestId: %s Error: ", v->id);
    va_start(args, format);
    vsnprintf(message + n, sizeof message - (size_t)n, format, args);
    va_end(args);
    mote_json_out_begin(&o, object, sizeof object);
    mote_json_put_open(&o, '{');
    mote_json_put_member(&o, MOTE_TEXT("errorType"), mote_text_of(type));
    mote_json_put_member(&o, MOTE_TEXT("errorMessage"), mote_text_of(message));
    mote_json_put_close(&o, '}');
    emu_invocation_end(
        v, &(struct emu_result){.failed = true, .payload = {o.at, o.n}});
}
