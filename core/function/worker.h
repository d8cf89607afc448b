/*
 * core/function/worker.h - everything that one loop of invocations changes.
 *
 * One worker today; many of them over one model some day. It lies in .bss, so
 * its large buffers cost nothing until they are touched.
 */
#ifndef MOTE_FUNCTION_WORKER_H
#define MOTE_FUNCTION_WORKER_H

#include "core/function/handle.h"
#include "core/function/job.h"
#include "core/function/settings.h"
#include "net/runtime.h"

/* When things happened, in microseconds of mote_clock_us. */
struct mote_phases {
    uint64_t started; /* main was entered            */
    uint64_t asked;   /* next was about to be called */
    uint64_t event;   /* the first event was there   */
    uint64_t reply;   /* its reply was taken         */
};

struct mote_worker {
    struct mote_settings settings;
    struct mote_model model;
    struct mote_function function;
    struct mote_runtime runtime;
    struct mote_invocation invocation;
    struct mote_phases phases;
    unsigned failures; /* of next, in a row */
    bool warm;         /* the second event has come */

    uint8_t scratch[MOTE_FUNCTION_SCRATCH];
    struct mote_job_room job;
    char receive[MOTE_RUNTIME_BUFFER];
    char reply[MOTE_RUNTIME_BODY_MAX];
};

#endif
