/* core/function/job_series.c - observations of a source, for a forecaster.
 * See core/function/job_taker.h. */
#include "core/base/number.h"
#include "core/function/job_taker.h"
#include "core/function/observations.h"

/* No observations so far, none later than the schedule. */
static bool begin_series(struct mote_job_work *w)
{
    const struct mote_file_job *job = w->job;
    struct mote_series *s = &w->room->series;

    if (mote_series_begin(s, w->f->model, &w->f->scratch) != MOTE_OK)
        return mote_job_refuse_text(
            w, MOTE_TEXT("expected windows that the function's memory holds"));
    s->until = w->time;
    s->time = mote_model_string(w->own, job->time);
    s->named_by = w->own;
    s->names = job->columns;
    return true;
}

static bool begin(struct mote_job_work *w)
{
    struct mote_failure failure;

    if (!mote_predict_begin(w->f, false, &failure))
        return mote_job_refuse_failure(w, &failure);
    w->room->scratch = w->f->scratch.used;
    w->room->keeps = false;
    return begin_series(w);
}

/* Only where there was something before the object is it kept, a second time
 * in memory. */
static bool mark(struct mote_job_work *w)
{
    struct mote_job_room *room = w->room;

    if (!room->keeps && mote_series_begin(&room->before, w->f->model,
                                          &w->f->scratch) != MOTE_OK)
        return mote_job_refuse_text(
            w, MOTE_TEXT("expected windows of half the length for CSV below a "
                         "prefix: what was read is kept twice"));
    room->keeps = true;
    mote_series_copy(&room->before, &room->series);
    return true;
}

static bool undo(struct mote_job_work *w)
{
    struct mote_job_room *room = w->room;

    if (room->keeps) {
        mote_series_copy(&room->series, &room->before);
        return true;
    }
    mote_arena_rewind(&w->f->scratch, room->scratch);
    return begin_series(w);
}

/* The time, and then the series' own. */
static uint32_t columns(const struct mote_job_work *w)
{
    return 1 + w->f->model->series->columns;
}

static struct mote_text column(const void *work, uint32_t i)
{
    const struct mote_series *s =
        &((const struct mote_job_work *)work)->room->series;

    return i ? mote_series_name(s, i - 1) : s->time;
}

static bool refuse(struct mote_job_work *w, struct mote_text field,
                   const char *expected, struct mote_text got)
{
    const struct mote_where where = {
        .row = (uint32_t)w->room->csv.csv.record,
        .field = field,
        .expected = expected,
        .got = got,
    };
    return mote_job_refuse(w, MOTE_E_SCHEMA, &where);
}

static bool take_value(struct mote_job_work *w, uint32_t c, int64_t seconds)
{
    const struct mote_table_csv *csv = &w->room->csv;
    const struct mote_text text = mote_table_csv_field(csv, 1 + c);
    struct mote_where where = {.row = (uint32_t)csv->csv.record, .got = text};
    double value = 0;

    if (mote_csv_is_missing(text))
        return true;
    if (mote_f64_read(text, &value) == MOTE_E_FORMAT)
        return refuse(w, column(w, 1 + c), "a number, or nothing", text);
    const enum mote_status status =
        mote_series_add(&w->room->series, c, seconds, value, &where);
    return status == MOTE_OK || mote_job_refuse(w, status, &where);
}

static bool record(void *work)
{
    struct mote_job_work *w = work;
    const struct mote_text time = mote_table_csv_field(&w->room->csv, 0);
    int64_t seconds = 0;
    bool good = true;

    if (mote_observation_time(time, &seconds) != MOTE_OK)
        return refuse(w, column(w, 0),
                      "a time such as 2026-11-28T13:00:00Z, or Unix seconds",
                      time);
    for (uint32_t c = 0; good && c < w->f->model->series->columns; c++)
        good = take_value(w, c, seconds);
    return good;
}

static bool json(struct mote_job_work *w, struct mote_json *j,
                 const struct mote_json_token *t)
{
    struct mote_where where = {.row = MOTE_NO_ROW};
    const enum mote_status status =
        mote_observations_read(&w->room->series, j, t, &where);

    return status == MOTE_OK || mote_job_refuse(w, status, &where);
}

static bool end(struct mote_job_work *w)
{
    (void)w;
    return true;
}

/* The forecast that begins behind the observations. */
static bool result(struct mote_job_work *w, struct mote_text *text)
{
    struct mote_function *f = w->f;
    const struct mote_result_of of = {w->own, w->job, w->target};
    struct mote_where where = {.row = MOTE_NO_ROW};
    struct mote_failure failure;
    struct mote_json_out o;
    const enum mote_status status =
        mote_series_end(&w->room->series, &f->input, &where);

    if (status != MOTE_OK)
        return mote_job_refuse(w, status, &where);
    mote_json_out_begin(&o, w->room->result, sizeof w->room->result);
    f->series = &w->room->series;
    f->result_of = &of;
    const bool good = mote_predict_rows(f, &o, &failure);
    f->series = NULL;
    f->result_of = NULL;
    *text = (struct mote_text){o.at, o.n};
    if (!good)
        return mote_job_refuse_failure(w, &failure);
    return !o.full ||
           mote_job_refuse_text(w, MOTE_TEXT("expected a result of up to 4 "
                                             "MiB; ask for less history"));
}

const struct mote_job_taker mote_job_series = {
    .member = "series",
    .none = "observations in the event, as the job has no source",
    .begin = begin,
    .mark = mark,
    .undo = undo,
    .columns = columns,
    .column = column,
    .record = record,
    .json = json,
    .end = end,
    .result = result,
};
