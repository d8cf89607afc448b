/*
 * tools/emulator/emulator.h - everything that exists once.
 *
 * Who calls whom, from the outside in:
 *
 *   main ---> schedule, once, front_invoke, front_http ---> shape, reply
 *                 |
 *                 v
 *             invocation <---> pool ---> sandbox <---> runtime_api
 *                                        |     |            |
 *                                     process log          conn
 *
 * and everything stands on loop, buffer, clock and ids.
 */
#ifndef EMU_EMULATOR_H
#define EMU_EMULATOR_H

#include "tools/emulator/invocation.h"
#include "tools/emulator/listen.h"
#include "tools/emulator/log.h"
#include "tools/emulator/options.h"
#include "tools/emulator/pool.h"
#include "tools/emulator/sandbox.h"

/* The account in ARNs and events. */
#define EMU_ACCOUNT "123456789012"

/* Largest event and largest reply, in bytes: 6 MiB + 100. */
#define EMU_PAYLOAD_MAX 6291556

struct emu {
    struct emu_options options;
    struct emu_loop loop;
    struct emu_log log;
    struct emu_sandbox *sandboxes; /* [options.concurrency]    */
    struct emu_queue queue;        /* asynchronous invocations */
    struct emu_listener invoke, http;

    bool stopping;          /* no new processes; exit with the last one */
    struct emu_timer grace; /* from then until they are killed          */
    uint64_t finished;      /* attempts at invocations                  */
    int exit_status;
};

/* Starts the end: processes get SIGTERM, and SIGKILL half a second later; a
 * second call kills at once. */
void emu_stop(struct emu *emu);

#endif
