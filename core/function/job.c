/* core/function/job.c - see core/function/job.h */
#include "core/function/job.h"
#include "core/base/number.h"
#include "core/base/time.h"
#include "core/function/job_taker.h"
#include "core/function/observations.h"

#include <sys/auxv.h>

/* ------------------------------------------------------------------------
 * Targets
 */

/* What the model says of a target, as JSON in the room. */
static bool make_result(struct mote_job_work *w, struct mote_text *result)
{
    const struct mote_job_taker *taker = mote_job_taker_of(w->own);

    return taker->begin(w) && mote_job_read_source(w) &&
           taker->result(w, result);
}

static bool takes_the_same_series(const struct mote_model *a,
                                  const struct mote_model *b)
{
    if (a->series->columns != b->series->columns ||
        a->series->forecasts != b->series->forecasts ||
        a->series->step != b->series->step ||
        a->series->offset != b->series->offset)
        return false;
    for (uint32_t c = 0; c < a->series->columns; c++)
        if (a->series_columns[c].window != b->series_columns[c].window ||
            a->series_columns[c].ahead != b->series_columns[c].ahead)
            return false;
    return true;
}

/* The job names them by number. */
static bool has_the_same_features(const struct mote_model *a,
                                  const struct mote_model *b)
{
    if (a->feature_count != b->feature_count)
        return false;
    for (uint32_t i = 0; i < a->feature_count; i++)
        if (!mote_text_equal(mote_model_string(a, a->features[i].name),
                             mote_model_string(b, b->features[i].name)))
            return false;
    return true;
}

/* Whether a model takes the rows that the job's own does. */
static bool takes_the_same(struct mote_job_work *w, const struct mote_model *m)
{
    if (w->own->series)
        return (m->series && takes_the_same_series(m, w->own)) ||
               mote_job_refuse_text(w, MOTE_TEXT("the target's model: expected "
                                                 "the series of the "
                                                 "function's own"));
    return (!m->series && has_the_same_features(m, w->own)) ||
           mote_job_refuse_text(w, MOTE_TEXT("the target's model: expected the "
                                             "features of the function's own, "
                                             "in their order"));
}

/* With the target's own model, if it has one. */
static bool make_with_its_model(struct mote_job_work *w,
                                struct mote_text *result)
{
    struct mote_job_room *room = w->room;
    struct mote_load load = {
        .environment = w->f->environment,
        .deadline_ms = w->f->deadline_ms,
        .max = MOTE_LOADED_MAX,
        .cpu = mote_cpu_flags(getauxval(AT_HWCAP), getauxval(AT_HWCAP2)),
    };
    struct mote_function other = *w->f;

    if (w->target->model == MOTE_NONE)
        return make_result(w, result);
    if (!mote_job_fill_url(w, w->target->model, &load.url))
        return false;
    if (mote_load(&load, NULL, &room->loaded, &room->answer) != MOTE_OK)
        return mote_job_refuse_text(w, room->answer.message);
    bool good = takes_the_same(w, &room->loaded.model);
    if (good) {
        struct mote_function *f = w->f;
        other.model = &room->loaded.model;
        other.arena = room->loaded.arena;
        other.kept = NULL;
        w->f = &other;
        good = make_result(w, result);
        w->f = f;
    }
    mote_unload(&room->loaded);
    return good;
}

static bool run_target(struct mote_job_work *w)
{
    struct mote_outside_request request = {
        .environment = w->f->environment,
        .deadline_ms = w->f->deadline_ms,
    };
    struct mote_text result;

    if (!mote_job_in_time(w) || !make_with_its_model(w, &result) ||
        !mote_job_fill_url(w, w->job->sink, &request.url))
        return false;
    return mote_outside_put(&request, MOTE_TEXT("application/json"), result,
                            &w->room->answer) == MOTE_OK ||
           mote_job_refuse_text(w, w->room->answer.message);
}

/* Whether the event's list of targets, if there is one, has this. */
static bool is_wanted(const struct mote_job_work *w, struct mote_text id)
{
    struct mote_where ignored;
    struct mote_json_token t;
    struct mote_json j;

    if (!w->targets.n)
        return true;
    mote_json_begin(&j, w->targets);
    (void)mote_json_next(&j, &t, &ignored);
    while (mote_json_next(&j, &t, &ignored) == MOTE_OK &&
           t.type != MOTE_JSON_END && t.type != MOTE_JSON_DONE) {
        if (t.type == MOTE_JSON_STRING && mote_json_is(t.text, t.escaped, id))
            return true;
        if (mote_json_skip(&j, &t, &ignored) != MOTE_OK)
            break;
    }
    return false;
}

static void tell_target(struct mote_job_work *w, struct mote_text id)
{
    struct mote_log_line line;

    if (!w->f->log || !mote_log_begin(&line, w->f->log, MOTE_ERROR,
                                      mote_text_of(w->room->words)))
        return;
    mote_json_put_member(&line.json, MOTE_TEXT("target"), id);
    mote_log_end(&line, w->f->log);
}

static void run_targets(struct mote_job_work *w, struct mote_json_out *o)
{
    const struct mote_model *m = w->f->model;

    mote_json_put_key(o, MOTE_TEXT("targets"));
    mote_json_put_open(o, '[');
    for (uint32_t i = 0; i < w->job->targets; i++) {
        w->target = mote_job_target(w->job, i);
        const struct mote_text id = mote_model_string(m, w->target->id);
        if (!is_wanted(w, id))
            continue;
        const bool good = run_target(w);
        mote_json_put_open(o, '{');
        mote_json_put_member(o, MOTE_TEXT("id"), id);
        mote_json_put_member(o, MOTE_TEXT("status"),
                             good ? MOTE_TEXT("written") : MOTE_TEXT("failed"));
        if (!good) {
            mote_json_put_member(o, MOTE_TEXT("message"),
                                 mote_text_of(w->room->words));
            tell_target(w, id);
        }
        mote_json_put_close(o, '}');
        w->written += good;
        w->failed += !good;
    }
    mote_json_put_close(o, ']');
}

/* ------------------------------------------------------------------------
 * Events
 */
static void put_counts(const struct mote_job_work *w, struct mote_json_out *o)
{
    mote_json_put_key(o, MOTE_TEXT("written"));
    mote_json_put_uint(o, w->written);
    mote_json_put_key(o, MOTE_TEXT("failed"));
    mote_json_put_uint(o, w->failed);
}

static void log_summary(const struct mote_job_work *w, struct mote_text time)
{
    struct mote_log_line line;

    if (!w->f->log ||
        !mote_log_begin(&line, w->f->log, MOTE_INFO, MOTE_TEXT("job finished")))
        return;
    mote_json_put_member(&line.json, MOTE_TEXT("job"),
                         mote_model_string(w->f->model, w->job->name));
    mote_json_put_member(&line.json, MOTE_TEXT("time"), time);
    put_counts(w, &line.json);
    mote_log_end(&line, w->f->log);
}

/* The job of that name, the first one without a name; NULL: there is none. */
static const struct mote_file_job *find_job(const struct mote_model *m,
                                            struct mote_text name)
{
    const struct mote_file_job *job = mote_jobs_next(m, NULL);

    while (name.n && job &&
           !mote_text_equal(name, mote_model_string(m, job->name)))
        job = mote_jobs_next(m, job);
    return job;
}

bool mote_job_asked(struct mote_text event)
{
    return mote_value_is_string(mote_value_at(event, "job", NULL));
}

static bool refuse_event(struct mote_failure *failure, struct mote_text field,
                         const char *expected, struct mote_text got)
{
    const struct mote_where where = {
        .row = MOTE_NO_ROW, .field = field, .expected = expected, .got = got};

    mote_failure_input(failure, MOTE_E_SCHEMA, &where);
    return false;
}

/* What the event says, of which nothing but strings is undone in place. */
static bool read_event(struct mote_job_work *w, struct mote_text text,
                       struct mote_failure *failure)
{
    const struct mote_text time = mote_value_at(text, "time", NULL);
    const struct mote_text job = mote_value_at(text, "job", NULL);

    w->targets = mote_value_at(text, "targets", NULL);
    w->rows = mote_value_at(text, mote_job_taker_of(w->own)->member, NULL);
    /* from here on strings are undone where they stand */
    const struct mote_text name = mote_value_string(job);
    w->job = find_job(w->f->model, name);
    if (!w->job)
        return refuse_event(failure, MOTE_TEXT("job"), "the name of a job",
                            name);
    if (w->targets.n && !mote_value_is_array(w->targets))
        return refuse_event(failure, MOTE_TEXT("targets"), "an array of ids",
                            w->targets);
    w->time = (int64_t)(mote_clock_wall_us() / 1000000);
    if (time.n && mote_observation_time(mote_value_is_string(time)
                                            ? mote_value_string(time)
                                            : time,
                                        &w->time) != MOTE_OK)
        return refuse_event(failure, MOTE_TEXT("time"),
                            "a time such as \"2026-11-28T13:00:00Z\"", time);
    if (!mote_time_is_writable(w->time))
        return refuse_event(failure, MOTE_TEXT("time"),
                            "a time within the years 1 to 9999", time);
    return true;
}

/* Whether the invocation fails, by what the job says. */
static bool has_failed(const struct mote_job_work *w)
{
    return (w->job->failure == MOTE_JOB_FAIL_ANY && w->failed) ||
           (w->job->failure == MOTE_JOB_FAIL_ALL && w->failed && !w->written);
}

/* The last failed target's words stand for the others', which the log has. */
static bool fail(struct mote_job_work *w, struct mote_failure *failure)
{
    const struct mote_text before = MOTE_TEXT("targets of the job failed, the "
                                              "last one because: ");
    char *at = w->room->summary;
    const char *end = at + sizeof w->room->summary - 1;

    at += mote_uint_write(at, w->failed);
    *at++ = ' ';
    memcpy(at, before.at, before.n);
    at += before.n;
    for (const char *word = w->room->words; *word && at < end;)
        *at++ = *word++;
    *at = '\0';
    mote_failure_plain(failure, 500, "JobFailed", w->room->summary);
    return false;
}

bool mote_job_answer(struct mote_function *f, const struct mote_event *event,
                     struct mote_json_out *o, struct mote_failure *failure)
{
    struct mote_job_work w = {.f = f, .room = f->room};
    char time[MOTE_TIME_CHARS];

    if (!f->room) {
        mote_failure_plain(failure, 400, "Unsupported",
                           "jobs run in the function, not in the engine alone");
        return false;
    }
    /* days may have passed since the last event */
    mote_outside_model_refresh(f, f->deadline_ms);
    w.own = f->model;
    if (!mote_has_jobs(w.own)) {
        mote_failure_plain(failure, 400, "Unsupported",
                           "the model that was loaded last has no jobs");
        return false;
    }
    if (!read_event(&w, event->text, failure))
        return false;
    mote_time_write(time, w.time);
    const struct mote_text when = {time, sizeof time};
    mote_json_put_open(o, '{');
    mote_json_put_member(o, MOTE_TEXT("job"),
                         mote_model_string(f->model, w.job->name));
    mote_json_put_member(o, MOTE_TEXT("time"), when);
    run_targets(&w, o);
    put_counts(&w, o);
    mote_json_put_close(o, '}');
    log_summary(&w, when);
    return !has_failed(&w) || fail(&w, failure);
}
