/* core/function/predict.c - see core/function/predict.h */
#include "core/function/predict.h"
#include "core/base/maths.h"
#include "core/base/number.h"
#include "core/base/time.h"
#include "core/function/observations.h"

static bool fail(const struct mote_function *f, struct mote_failure *failure,
                 enum mote_status status, const struct mote_where *where)
{
    mote_failure_input(failure, status, where);
    failure->schema = status == MOTE_E_SCHEMA ? f->model : NULL;
    return false;
}

/* ------------------------------------------------------------------------
 * Results
 */
struct results {
    const struct mote_model *model;
    const int32_t *index; /* [rows], or NULL                      */
    const void *scores;   /* [rows][count], or NULL               */
    uint8_t scores_dtype; /* f32 or f64                           */
};

static struct results results_of(const struct mote_run *run)
{
    const struct mote_file_output *o = run->model->output;
    struct results r = {.model = run->model};

    if (o->index != MOTE_NONE)
        r.index = mote_run_output(run, o->index);
    if (o->scores != MOTE_NONE) {
        r.scores = mote_run_output(run, o->scores);
        r.scores_dtype = run->plan->values[run->plan->outputs[o->scores]].dtype;
    }
    return r;
}

static double score(const struct results *r, uint32_t row, uint32_t i)
{
    const size_t at = (size_t)row * r->model->output->count + i;
    return r->scores_dtype == MOTE_F64 ? ((const double *)r->scores)[at]
                                       : ((const float *)r->scores)[at];
}

static bool is_number(const struct results *r, uint32_t row)
{
    if (r->index && r->index[row] < 0)
        return false; /* some score was none */
    for (uint32_t i = 0; r->scores && i < r->model->output->count; i++)
        if (!mote_is_finite(score(r, row, i)))
            return false;
    return true;
}

static void put_score(struct mote_json_out *o, const struct results *r,
                      uint32_t row, uint32_t i)
{
    if (r->scores_dtype == MOTE_F64)
        mote_json_put_f64(o, score(r, row, i));
    else
        mote_json_put_f32(o, (float)score(r, row, i));
}

static struct mote_text name_of(const struct results *r, uint32_t i)
{
    return mote_model_string(r->model, r->model->output->first_name + i);
}

static void put_label(struct mote_json_out *o, const struct results *r,
                      uint32_t row)
{
    const struct mote_text label = name_of(r, (uint32_t)r->index[row]);

    if (r->model->output->labels == MOTE_LABELS_NUMBER)
        mote_json_put_raw(o, label);
    else
        mote_json_put_string(o, label);
}

static void put_scores(struct mote_json_out *o, const struct results *r,
                       uint32_t row)
{
    mote_json_put_open(o, '{');
    for (uint32_t i = 0; i < r->model->output->count; i++) {
        mote_json_put_key(o, name_of(r, i));
        put_score(o, r, row, i);
    }
    mote_json_put_close(o, '}');
}

void mote_predict_put_model(const struct mote_model *m, struct mote_json_out *o)
{
    mote_json_put_key(o, MOTE_TEXT("model"));
    mote_json_put_open(o, '{');
    mote_json_put_member(o, MOTE_TEXT("name"),
                         mote_model_string(m, m->about->name));
    mote_json_put_member(o, MOTE_TEXT("version"),
                         mote_model_string(m, m->about->version));
    mote_json_put_close(o, '}');
}

static void put_class(struct mote_json_out *o, const struct results *r,
                      uint32_t row)
{
    char digits[MOTE_UINT_CHARS];
    const uint64_t index = (uint64_t)r->index[row];

    switch ((enum mote_reply_style)r->model->output->style) {
    case MOTE_REPLY_INDEX: /* "1", a string */
        mote_json_put_string(
            o, (struct mote_text){digits, mote_uint_write(digits, index)});
        return;
    case MOTE_REPLY_LABEL:
        put_label(o, r, row);
        return;
    case MOTE_REPLY_FULL:
        break;
    }
    mote_json_put_open(o, '{');
    mote_json_put_key(o, MOTE_TEXT("label"));
    put_label(o, r, row);
    mote_json_put_key(o, MOTE_TEXT("index"));
    mote_json_put_uint(o, index);
    if (r->scores) {
        mote_json_put_key(o, MOTE_TEXT("scores"));
        put_scores(o, r, row);
    }
    mote_predict_put_model(r->model, o);
    mote_json_put_close(o, '}');
}

/* One number stands for itself, several are named. */
static void put_numbers(struct mote_json_out *o, const struct results *r,
                        uint32_t row)
{
    const bool one = r->model->output->count == 1;
    const bool full = r->model->output->style == MOTE_REPLY_FULL;

    if (full) {
        mote_json_put_open(o, '{');
        mote_json_put_key(o, one ? MOTE_TEXT("value") : MOTE_TEXT("values"));
    }
    if (one)
        put_score(o, r, row, 0);
    else
        put_scores(o, r, row);
    if (full) {
        mote_predict_put_model(r->model, o);
        mote_json_put_close(o, '}');
    }
}

/* All forecasts begin together; timestamps are those of the longest. */
static void put_forecasts(struct mote_json_out *o, const struct results *r,
                          uint32_t row, const struct mote_series *s)
{
    const struct mote_model *m = r->model;
    uint32_t steps = 0;

    mote_json_put_open(o, '{');
    mote_json_put_key(o, MOTE_TEXT("timestamps"));
    mote_json_put_open(o, '[');
    for (uint32_t f = 0; f < m->series->forecasts; f++)
        for (; steps < m->forecasts[f].steps; steps++) {
            char time[MOTE_TIME_CHARS];
            mote_time_write(time, mote_series_time(s, s->last + 1 + steps));
            mote_json_put_string(o, (struct mote_text){time, sizeof time});
        }
    mote_json_put_close(o, ']');
    for (uint32_t f = 0; f < m->series->forecasts; f++) {
        const struct mote_file_forecast *forecast = m->forecasts + f;
        mote_json_put_key(o, mote_model_string(m, forecast->name));
        mote_json_put_open(o, '[');
        for (uint32_t i = 0; i < forecast->steps; i++)
            put_score(o, r, row, forecast->first + i);
        mote_json_put_close(o, ']');
    }
    if (m->output->style == MOTE_REPLY_FULL)
        mote_predict_put_model(m, o);
    mote_json_put_close(o, '}');
}

/* ------------------------------------------------------------------------
 * Runs
 */
bool mote_predict_begin(struct mote_function *f, bool batch,
                        struct mote_failure *failure)
{
    mote_arena_rewind(&f->scratch, 0);
    if (mote_input_begin(&f->input, f->model, f->arena, &f->scratch, batch) ==
        MOTE_OK) {
        f->input.texts = f->texts;
        return true;
    }
    mote_failure_plain(failure, 500, "Internal",
                       "the model has more features than this "
                       "build can take");
    return false;
}

bool mote_predict_rows(struct mote_function *f, struct mote_json_out *o,
                       struct mote_failure *failure)
{
    struct mote_input *in = &f->input;
    const uint32_t rows = in->rows;
    const uint64_t first = in->number - rows;
    struct mote_where where = {.row = 0};

    if (rows == 0)
        return true;
    struct mote_run run = mote_run_of(f->model, f->arena, rows);
    run.kept = f->kept;
    enum mote_status s = mote_plan_run(&run, &where);
    const struct results r = results_of(&run);
    for (uint32_t row = 0; s == MOTE_OK && row < rows; row++) {
        if (!is_number(&r, row)) {
            s = MOTE_E_RANGE;
            where.row = row;
            where.expected = "numbers that stay finite in the model";
        } else if (MOTE_LINKED_SERIES && f->series) {
            put_forecasts(o, &r, row, f->series);
        } else if (f->model->output->kind == MOTE_OUTPUT_CLASS) {
            put_class(o, &r, row);
        } else {
            put_numbers(o, &r, row);
        }
    }
    mote_input_rewind(in);
    if (s == MOTE_OK)
        return true;
    if (s == MOTE_E_DAMAGED) {
        mote_failure_plain(failure, 500, "ModelDamaged",
                           "the model's weights are damaged; deploy it again");
        return false;
    }
    where.got = MOTE_TEXT("larger ones");
    where.row = in->batch ? (uint32_t)(first + where.row) : MOTE_NO_ROW;
    return fail(f, failure, s, &where);
}

/* ------------------------------------------------------------------------
 * Forms of input
 */

/* The next row, token t; runs the plan when the batch is full. */
static bool take_row(struct mote_function *f, struct mote_json *j,
                     const struct mote_json_token *t, struct mote_json_out *o,
                     struct mote_failure *failure)
{
    struct mote_where where = {.row = MOTE_NO_ROW};
    const enum mote_status s = mote_input_json_row(&f->input, j, t, &where);

    if (s != MOTE_OK)
        return fail(f, failure, s, &where);
    return !mote_input_full(&f->input) || mote_predict_rows(f, o, failure);
}

static bool next(const struct mote_function *f, struct mote_json *j,
                 struct mote_json_token *t, struct mote_failure *failure)
{
    struct mote_where where = {.row = MOTE_NO_ROW};
    const enum mote_status s = mote_json_next(j, t, &where);

    return s == MOTE_OK || fail(f, failure, s, &where);
}

/* The rows of an array whose bracket has been read, as an array of results. */
static bool take_batch(struct mote_function *f, struct mote_json *j,
                       struct mote_json_out *o, struct mote_failure *failure)
{
    struct mote_json_token t;

    if (!mote_predict_begin(f, true, failure))
        return false;
    mote_json_put_open(o, '[');
    for (;;) {
        if (!next(f, j, &t, failure))
            return false;
        if (t.type == MOTE_JSON_END)
            break;
        if (!take_row(f, j, &t, o, failure))
            return false;
    }
    if (!mote_predict_rows(f, o, failure))
        return false;
    mote_json_put_close(o, ']');
    return true;
}

static bool take_one(struct mote_function *f, struct mote_json *j,
                     const struct mote_json_token *t, struct mote_json_out *o,
                     struct mote_failure *failure)
{
    return mote_predict_begin(f, false, failure) &&
           take_row(f, j, t, o, failure) && mote_predict_rows(f, o, failure);
}

/* The value of a member "series", a copy of the reader being behind the brace;
 * j goes behind the object. */
static bool take_series(struct mote_function *f, struct mote_json *j,
                        struct mote_json inside,
                        const struct mote_json_token *t,
                        struct mote_json_out *o, struct mote_failure *failure)
{
    struct mote_where where = {.row = MOTE_NO_ROW};
    struct mote_series series;

    if (!mote_predict_begin(f, false, failure))
        return false;
    enum mote_status s = mote_series_begin(&series, f->model, &f->scratch);
    if (s == MOTE_OK)
        s = mote_observations_read(&series, &inside, t, &where);
    if (s == MOTE_OK)
        s = mote_series_end(&series, &f->input, &where);
    if (s != MOTE_OK)
        return fail(f, failure, s, &where);
    f->series = &series;
    const bool good = mote_predict_rows(f, o, failure);
    f->series = NULL;
    *j = inside;
    return good;
}

/* {"instances": [...]}, a copy of the reader being behind the brace; other
 * members, such as a signature's name, are for others. */
static bool has_instances(struct mote_json j, struct mote_json *found)
{
    struct mote_where ignored;
    struct mote_json_token t;

    while (mote_json_next(&j, &t, &ignored) == MOTE_OK &&
           t.type != MOTE_JSON_END) {
        if (t.type == MOTE_JSON_ARRAY &&
            mote_json_key_is(&t, MOTE_TEXT("instances"))) {
            *found = j;
            return true;
        }
        if (mote_json_skip(&j, &t, &ignored) != MOTE_OK)
            break;
    }
    return false;
}

static bool take_object(struct mote_function *f, struct mote_json *j,
                        const struct mote_json_token *t,
                        struct mote_json_out *o, struct mote_failure *failure)
{
    struct mote_json_token rest;
    struct mote_json inside;

    if (MOTE_LINKED_SERIES && mote_has_series(f->model) &&
        mote_observations_asked(*j, &inside, &rest)) {
        if (!take_series(f, j, inside, &rest, o, failure))
            return false;
    } else if (has_instances(*j, &inside)) {
        *j = inside;
        mote_json_put_open(o, '{');
        mote_json_put_key(o, MOTE_TEXT("predictions"));
        if (!take_batch(f, j, o, failure))
            return false;
        mote_json_put_close(o, '}');
    } else {
        return take_one(f, j, t, o, failure);
    }
    for (;;) { /* what follows in the object must be JSON, too */
        struct mote_where where = {.row = MOTE_NO_ROW};
        if (!next(f, j, &rest, failure))
            return false;
        if (rest.type == MOTE_JSON_END)
            return true;
        const enum mote_status s = mote_json_skip(j, &rest, &where);
        if (s != MOTE_OK)
            return fail(f, failure, s, &where);
    }
}

/* An array whose first element is no row itself is one row. */
static bool is_batch(struct mote_json j)
{
    struct mote_where ignored;
    struct mote_json_token t;

    return mote_json_next(&j, &t, &ignored) == MOTE_OK &&
           (t.type == MOTE_JSON_ARRAY || t.type == MOTE_JSON_OBJECT);
}

bool mote_predict(struct mote_function *f, struct mote_text text,
                  struct mote_json_out *o, struct mote_failure *failure)
{
    struct mote_json_token t;
    struct mote_json j;
    bool good;

    mote_json_begin(&j, text);
    if (!next(f, &j, &t, failure))
        return false;
    if (t.type == MOTE_JSON_OBJECT)
        good = take_object(f, &j, &t, o, failure);
    else if (t.type == MOTE_JSON_ARRAY && is_batch(j))
        good = take_batch(f, &j, o, failure);
    else
        good = take_one(f, &j, &t, o, failure);
    return good && next(f, &j, &t, failure); /* and nothing behind it */
}
