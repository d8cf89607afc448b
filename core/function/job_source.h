/*
 * core/function/job_source.h - rows of a target, out of a job's source.
 *
 * A source is the event itself, a page by HTTP or HTTPS, an object of S3, or
 * all objects of S3 below a prefix: s3://BUCKET/KEY that ends in '/' or '*'.
 * Those are read one after the other in the order that S3 lists them in, which
 * is that of their keys' bytes, each a whole CSV or JSON by itself; objects
 * without bytes whose keys end in '/' stand for folders and are none. One that
 * cannot be read fails the target.
 *
 * JSON is read whole, up to 4 MiB an object; CSV as it comes, of any length.
 */
#ifndef MOTE_FUNCTION_JOB_SOURCE_H
#define MOTE_FUNCTION_JOB_SOURCE_H

#include "core/function/job.h"

/* A job under way. */
struct mote_job_work {
    struct mote_function *f;
    struct mote_job_room *room;
    const struct mote_model *own; /* that brought the job along  */
    const struct mote_file_job *job;
    const struct mote_file_target *target;
    int64_t time;             /* of the schedule, Unix seconds */
    struct mote_text targets; /* JSON array of ids, or empty: all */
    struct mote_text rows;    /* JSON, of a job without source    */
    uint64_t written, failed;
    bool told; /* room->words say what is wrong with the target */
};

/* Gives all of the target's source to what takes its rows, which has begun.
 * False: room->words say why not. */
bool mote_job_read_source(struct mote_job_work *w);

/* Template number i of w->own filled in room->url. False: room->words say why
 * not. */
bool mote_job_fill_url(struct mote_job_work *w, uint32_t i,
                       struct mote_text *url);

/* Whether there is time left to work in. False: room->words say so. */
bool mote_job_in_time(struct mote_job_work *w);

/* What went wrong with the target, into room->words. Always false. */
bool mote_job_refuse(struct mote_job_work *w, enum mote_status status,
                     const struct mote_where *where);
bool mote_job_refuse_failure(struct mote_job_work *w,
                             const struct mote_failure *failure);
bool mote_job_refuse_text(struct mote_job_work *w, struct mote_text text);

#endif
