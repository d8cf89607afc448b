/*
 * tools/emulator/invocation.h - one event on its way through the function,
 * and the queue of those that nobody waits for.
 */
#ifndef EMU_INVOCATION_H
#define EMU_INVOCATION_H

#include "tools/emulator/ids.h"
#include "tools/emulator/loop.h"

struct emu;
struct emu_invocation;

/*
 * How an attempt ended. payload is the function's bytes, or for a failure an
 * error object, its own or ours; it lives as long as the call.
 */
struct emu_result {
    bool failed;
    struct mote_text payload;
};

struct emu_invocation {
    struct emu *emu;
    char id[EMU_UUID_CHARS];
    char nonce[EMU_UUID_CHARS]; /* of this attempt */
    struct emu_buffer event;
    /* headers on /next; empty ones are left out */
    struct emu_buffer client_context, trace_id, tenant_id;

    /* Called once per invocation: its caller's. Frees nothing of it. */
    void (*done)(struct emu_invocation *v, const struct emu_result *result);
    void *caller; /* done()'s; NULL when the caller has gone */

    int64_t started_us;     /* this attempt: when its event was handed over */
    int64_t deadline_ms;    /* wall clock                                   */
    int64_t init_us;        /* of a cold start, else 0                      */
    struct emu_buffer tail; /* of its log, see emu_log_tail                 */

    int failures;                /* attempts of an asynchronous one */
    struct emu_timer retry;      /* until the next attempt          */
    struct emu_invocation *next; /* in the queue                    */
};

/* Whether text is one JSON value; nested deeper than our reader follows, it
 * is believed. */
bool emu_is_json(struct mote_text text);

struct emu_invocation *emu_invocation_new(struct emu *emu);

/* Ends an attempt: calls done() and frees v, or tries again later. */
void emu_invocation_end(struct emu_invocation *v,
                        const struct emu_result *result);

/* Ends it with {"errorType": type, "errorMessage": "RequestId: id Error: .."}
 * where the dots are the message. */
__attribute__((format(printf, 3, 4))) void
emu_invocation_fail(struct emu_invocation *v, const char *type,
                    const char *format, ...);

/*
 * Asynchronous invocations wait here until a sandbox is free, and between
 * their attempts: at most three, EMU_RETRY_US and then twice that apart. (On
 * Lambda it is one minute and two.)
 */
#define EMU_ATTEMPTS 3
#define EMU_RETRY_US 200000
#define EMU_QUEUE_MAX 256 /* each at most 1 MiB, see front_invoke.c */

struct emu_queue {
    struct emu_invocation *first; /* all, whether ready or waiting */
    unsigned count;
};

/* Takes v, which has no done(); false when the queue is full, and v is still
 * the caller's. */
bool emu_queue_add(struct emu *emu, struct emu_invocation *v);

/* Gives sandboxes what they can take. */
void emu_queue_run(struct emu *emu);

void emu_queue_free(struct emu *emu);
void emu_invocation_free(struct emu_invocation *v);

#endif
