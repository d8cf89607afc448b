/*
 * core/function/job_taker.h - what becomes of the rows that a source has.
 *
 * A source is read the same way for every model (core/function/job_source.h).
 * What takes its rows is one of two: a forecaster collects observations
 * (job_series.c), a model over rows answers each (job_rows.c).
 */
#ifndef MOTE_FUNCTION_JOB_TAKER_H
#define MOTE_FUNCTION_JOB_TAKER_H

#include "core/function/job_source.h"

/* Of each function that may fail, false: the room's words say why. */
struct mote_job_taker {
    const char *member; /* of an event that brings the rows along        */
    const char *none;   /* what a job without a source expects there     */

    /* Nothing is taken yet of the target. */
    bool (*begin)(struct mote_job_work *w);
    /* An object begins. What was taken before it stays; what comes from now on
     * undo() forgets, as when a try failed and its bytes come once more. */
    bool (*mark)(struct mote_job_work *w);
    bool (*undo)(struct mote_job_work *w);

    /* Columns that CSV has to have, by their names there. */
    uint32_t (*columns)(const struct mote_job_work *w);
    struct mote_text (*column)(const void *work, uint32_t i);
    bool (*record)(void *work); /* the one that room->csv has */
    /* All rows of JSON, t being their token, j behind it. */
    bool (*json)(struct mote_job_work *w, struct mote_json *j,
                 const struct mote_json_token *t);
    /* The object is read to its end. */
    bool (*end)(struct mote_job_work *w);

    /* The document of the target, in the room. */
    bool (*result)(struct mote_job_work *w, struct mote_text *result);
};

extern const struct mote_job_taker mote_job_series, mote_job_rows;

/* The one for a model. */
static inline const struct mote_job_taker *
mote_job_taker_of(const struct mote_model *m)
{
    return m->series ? &mote_job_series : &mote_job_rows;
}

#endif
