/* core/function/job_rows.c - rows of a source, each answered by the model.
 * See core/function/job_taker.h.
 *
 * The document is what a batch of all rows is replied with: an array of results
 * in the model's style. Rows run as they come, as many at once as the plan
 * takes, so that a source may be longer than memory; its results may not. */
#include "core/function/job_taker.h"

static bool begin(struct mote_job_work *w)
{
    struct mote_function *f = w->f;
    struct mote_json_out *o = &w->room->rows;
    struct mote_failure failure;

    mote_predict_as_stated(f);
    if (!mote_predict_begin(f, true, &failure))
        return mote_job_refuse_failure(w, &failure);
    f->input.named_by = w->own;
    f->input.names = w->job->columns;
    mote_json_out_begin(o, w->room->result, sizeof w->room->result);
    mote_json_put_open(o, '[');
    w->room->rows_before = *o;
    return true;
}

static bool mark(struct mote_job_work *w)
{
    w->room->rows_before = w->room->rows;
    return true;
}

/* Before each object of CSV. Messages count its records as a forecaster's do,
 * from the header, which is number 0. */
static bool undo(struct mote_job_work *w)
{
    struct mote_input *in = &w->f->input;

    mote_input_rewind(in);
    in->number = 1;
    in->texts = true;
    w->room->rows = w->room->rows_before;
    return true;
}

static uint32_t columns(const struct mote_job_work *w)
{
    return w->f->model->feature_count;
}

static struct mote_text column(const void *work, uint32_t i)
{
    const struct mote_job_work *w = work;

    return mote_model_string(w->own, w->job->columns + i);
}

static bool fits(struct mote_job_work *w)
{
    return !w->room->rows.full ||
           mote_job_refuse_text(
               w, MOTE_TEXT("expected a result of up to 4 MiB; give a target "
                            "fewer rows, or the model a shorter reply"));
}

/* The rows that wait, answered. */
static bool run_rows(struct mote_job_work *w)
{
    struct mote_failure failure;

    if (!mote_job_in_time(w))
        return false;
    if (!mote_predict_rows(w->f, &w->room->rows, &failure))
        return mote_job_refuse_failure(w, &failure);
    return fits(w);
}

/* A row was read, or not. */
static bool take_row(struct mote_job_work *w, enum mote_status status,
                     const struct mote_where *where)
{
    if (status != MOTE_OK)
        return mote_job_refuse(w, status, where);
    return !mote_input_full(&w->f->input) || run_rows(w);
}

static bool record(void *work)
{
    struct mote_job_work *w = work;
    struct mote_input *in = &w->f->input;
    struct mote_where where = {.row = MOTE_NO_ROW};
    enum mote_status status = MOTE_OK;

    for (uint32_t i = 0; status == MOTE_OK && i < columns(w); i++)
        status = mote_input_field(in, i, mote_table_csv_field(&w->room->csv, i),
                                  &where);
    if (status == MOTE_OK)
        status = mote_input_end_row(in, &where);
    return take_row(w, status, &where);
}

static bool json(struct mote_job_work *w, struct mote_json *j,
                 const struct mote_json_token *t)
{
    struct mote_where where = {.row = MOTE_NO_ROW};
    bool good = true;

    w->f->input.number = 0;
    if (t->type != MOTE_JSON_ARRAY) {
        where.expected = "an array of rows";
        where.got = mote_json_type_text(t->type);
        return mote_job_refuse(w, MOTE_E_SCHEMA, &where);
    }
    while (good) {
        struct mote_json_token row;
        enum mote_status status = mote_json_next(j, &row, &where);
        if (status == MOTE_OK && row.type == MOTE_JSON_END)
            break;
        if (status == MOTE_OK)
            status = mote_input_json_row(&w->f->input, j, &row, &where);
        good = take_row(w, status, &where);
    }
    return good;
}

/* So that no object's rows wait for another's, which may be undone. */
static bool end(struct mote_job_work *w)
{
    return run_rows(w);
}

static bool result(struct mote_job_work *w, struct mote_text *text)
{
    struct mote_json_out *o = &w->room->rows;

    mote_json_put_close(o, ']');
    *text = (struct mote_text){o->at, o->n};
    return fits(w);
}

const struct mote_job_taker mote_job_rows = {
    .member = "rows",
    .none = "rows in the event, as the job has no source",
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
