/*
 * core/function/job.h - scheduled work: rows in, what the model says out to S3.
 *
 * Of each target the source is read, and its result put to the sink: of a
 * forecaster's observations their forecast, of a model's rows an array of its
 * replies to them. A target that fails is told of, and the others go on. The
 * same schedule's time gives the same keys and, of the same source, the same
 * bytes: what was observed later is not looked at.
 *
 * The reply, which names addresses without their query (keys may stand in it):
 *
 *   {"job": "daily", "time": "2026-11-28T06:00:00Z",
 *    "targets": [{"id": "a", "status": "written"},
 *                {"id": "b", "status": "failed", "message": "..."}],
 *    "written": 1, "failed": 1}
 */
#ifndef MOTE_FUNCTION_JOB_H
#define MOTE_FUNCTION_JOB_H

#include "core/function/event.h"
#include "core/function/loaded.h"
#include "core/function/predict.h"
#include "core/function/table_csv.h"

#define MOTE_JOB_JSON_MAX (4u << 20)   /* bytes of a source in JSON     */
#define MOTE_JOB_RESULT_MAX (4u << 20) /* bytes of a result             */
#define MOTE_JOB_RECORD_MAX 65536      /* bytes of a record of CSV      */
#define MOTE_JOB_URL_MAX 2048
#define MOTE_JOB_KEYS_MAX                                                      \
    (1u << 20) /* bytes of a page of a listing: 1000                           \
                  keys of 1024, each with its length */

/* What a job needs beside the function's own; lies in .bss, and costs nothing
 * until there is a job. */
struct mote_job_room {
    char *const *environment;
    uint64_t deadline_ms;      /* of the invocation, Unix time; 0: none */
    struct mote_loaded loaded; /* a target's own model */
    struct mote_outside_answer answer;
    struct mote_table_csv csv;
    /* of a forecaster: what is observed; what was before an object, if it is
     * kept; the scratch memory's bytes before the series */
    struct mote_series series, before;
    bool keeps;
    size_t scratch;
    /* of a model over rows: their results so far, and before the object */
    struct mote_json_out rows, rows_before;
    char url[MOTE_JOB_URL_MAX];
    char object[MOTE_JOB_URL_MAX];   /* one below a prefix */
    uint8_t keys[MOTE_JOB_KEYS_MAX]; /* ... and what else lies there */
    char record[MOTE_JOB_RECORD_MAX];
    char json[MOTE_JOB_JSON_MAX];
    char result[MOTE_JOB_RESULT_MAX];
    char words[MOTE_FAILURE_TEXT]; /* what went wrong with a target */
    char summary[MOTE_FAILURE_TEXT + 1];
};

/* Whether an event's text asks for a job by name: {"job": "NAME", ...}. */
bool mote_job_asked(struct mote_text event);

/*
 * Runs the job that an event asks for, or the first one for a schedule's.
 * Beside "job" an event may have "time" (the schedule's; now), "targets" (an
 * array of ids; all), and of a job without source "series" or "rows".
 */
bool mote_job_answer(struct mote_function *f, const struct mote_event *event,
                     struct mote_json_out *o, struct mote_failure *failure);

#endif
