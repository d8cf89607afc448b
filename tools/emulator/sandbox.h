/*
 * tools/emulator/sandbox.h - one place for a process: which state it is in,
 * which invocation it has, when its time is over.
 *
 *   EMPTY --give--> STARTED --next--> READY --event--> RUNNING --,
 *                      |                ^                        | POST
 *                  init/error          next                      v
 *                      |                |   complete   (ERROR_)RESPONSE
 *                      v               SENT <----------'         |
 *                  INIT_ERROR                       cut off, bad mode
 *                                                                v
 *   DYING <-- any, when its time is over                       STUCK
 *   LATE  <-- instead of DYING, if a process may live on after a timeout
 *   EMPTY <-- any, at exit
 *
 * A sandbox that will be free in a moment can be given an invocation already:
 * it fetches it with its next "next" (SENT), or its next process does.
 */
#ifndef EMU_SANDBOX_H
#define EMU_SANDBOX_H

#include "tools/emulator/ids.h"
#include "tools/emulator/listen.h"
#include "tools/emulator/log.h"
#include "tools/emulator/process.h"

struct emu;
struct emu_invocation;
struct emu_result;

enum emu_state {
    EMU_EMPTY,
    EMU_STARTED,
    EMU_INIT_ERROR,
    EMU_READY,
    EMU_RUNNING,
    EMU_RESPONSE,       /* its body is on the way        */
    EMU_ERROR_RESPONSE, /* likewise                      */
    EMU_SENT,
    EMU_STUCK, /* only its exit helps                    */
    EMU_LATE,  /* timed out, and still running           */
    EMU_DYING, /* killed, not yet gone                   */
};

struct emu_sandbox {
    struct emu *emu;
    enum emu_state state;
    struct emu_process process;
    bool warm;            /* the process has called next            */
    int64_t exit_peak_mb; /* memory of a process that has exited    */
    struct emu_lines lines;
    struct emu_listener api; /* opened for the first process, kept  */
    int api_port;
    struct emu_timer timer; /* when it is over depends on the state */

    struct emu_invocation *invocation; /* open, or to be fetched    */
    struct emu_conn *waiter;           /* in next, without an answer     */
    struct emu_conn *uploader;         /* POSTs what ends the invocation */
    char id[EMU_UUID_CHARS];           /* of the event handed over last  */
    char late_id[EMU_UUID_CHARS];      /* of the last that timed out     */
};

/* Gives v to a sandbox that emu_pool_find has just found. It may have ended,
 * and be freed, before this returns. */
void emu_sandbox_give(struct emu_sandbox *s, struct emu_invocation *v);

/* Its process asks for an event on connection c, and may. */
void emu_sandbox_next(struct emu_sandbox *s, struct emu_conn *c);

/* Its process said that it cannot serve, and should exit by itself. */
void emu_sandbox_expect_exit(struct emu_sandbox *s);

/* The open invocation ends; s->state has its new value already. */
void emu_sandbox_end(struct emu_sandbox *s, const struct emu_result *result);

/* Likewise, with an error object of our own: see emu_invocation_fail. */
__attribute__((format(printf, 3, 4))) void
emu_sandbox_fail(struct emu_sandbox *s, const char *type, const char *format,
                 ...);

/* Its process has exited; what it had started is gone, too. The place is free
 * then, or the next process starts in it. */
void emu_sandbox_exited(struct emu_sandbox *s, int status, int64_t peak_mb);

/* A zeroed sandbox becomes an empty one; an empty one gives back what it
 * holds. */
void emu_sandbox_init(struct emu_sandbox *s, struct emu *emu);
void emu_sandbox_close(struct emu_sandbox *s);

#endif
