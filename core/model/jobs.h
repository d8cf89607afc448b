/*
 * core/model/jobs.h - the scheduled work that a model brings along.
 *
 * A job reads rows, or a forecaster's observations, from a source for each of
 * its targets and writes what the model says of them to a sink. What is here is
 * only its description, JOBS of compress/FORMAT.md; core/function/job.c does
 * the work.
 */
#ifndef MOTE_MODEL_JOBS_H
#define MOTE_MODEL_JOBS_H

#include "core/model/model.h"

/* Proves JOBS of a model whose other sections are open. NULL, or what was
 * expected. */
const char *mote_jobs_check(const struct mote_model *m);

static inline bool mote_has_jobs(const struct mote_model *m)
{
    return MOTE_LINKED_JOBS && m->sections[MOTE_SECTION_JOBS] != NULL;
}

/* Jobs one after another: the first of NULL; NULL after the last. */
const struct mote_file_job *mote_jobs_next(const struct mote_model *m,
                                           const struct mote_file_job *job);

/* Target i of a job, i < job->targets. */
const struct mote_file_target *mote_job_target(const struct mote_file_job *job,
                                               uint32_t i);

/* What fills a template's parts; see enum mote_part_kind. */
struct mote_template_values {
    const struct mote_model *model;
    const struct mote_file_target *target; /* or NULL: no such parts */
    int64_t time;                          /* of the schedule, Unix seconds */
    char *const *environment;              /* "NAME=value", NULL at the end */
};

/*
 * Writes template number i, without a NUL, to out. Returns its length, or 0
 * when it is longer than cap or names a variable that is not set or empty:
 * *missing is then that variable's name, else empty.
 */
size_t mote_template_fill(const struct mote_template_values *values, uint32_t i,
                          char *out, size_t cap, struct mote_text *missing);

#endif
