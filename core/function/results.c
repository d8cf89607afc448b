/* core/function/results.c - see core/function/results.h */
#include "core/function/results.h"
#include "core/base/maths.h"
#include "core/base/number.h"
#include "core/function/predict.h"

struct mote_results mote_results_of(const struct mote_run *run)
{
    const struct mote_file_output *o = run->model->output;
    struct mote_results r = {.model = run->model};

    if (o->index != MOTE_NONE)
        r.index = mote_run_output(run, o->index);
    if (o->scores != MOTE_NONE) {
        r.scores = mote_run_output(run, o->scores);
        r.scores_dtype = run->plan->values[run->plan->outputs[o->scores]].dtype;
    }
    return r;
}

static double score(const struct mote_results *r, uint32_t row, uint32_t i)
{
    const size_t at = (size_t)row * r->model->output->count + i;
    return r->scores_dtype == MOTE_F64 ? ((const double *)r->scores)[at]
                                       : ((const float *)r->scores)[at];
}

bool mote_results_finite(const struct mote_results *r, uint32_t row)
{
    if (r->index && r->index[row] < 0)
        return false; /* some score was none */
    for (uint32_t i = 0; r->scores && i < r->model->output->count; i++)
        if (!mote_is_finite(score(r, row, i)))
            return false;
    return true;
}

static void put_score(struct mote_json_out *o, const struct mote_results *r,
                      uint32_t row, uint32_t i)
{
    if (r->scores_dtype == MOTE_F64)
        mote_json_put_f64(o, score(r, row, i));
    else
        mote_json_put_f32(o, (float)score(r, row, i));
}

static struct mote_text name_of(const struct mote_results *r, uint32_t i)
{
    return mote_model_string(r->model, r->model->output->first_name + i);
}

static void put_name(struct mote_json_out *o, const struct mote_results *r,
                     struct mote_text label)
{
    if (r->model->output->labels == MOTE_LABELS_NUMBER)
        mote_json_put_raw(o, label);
    else
        mote_json_put_string(o, label);
}

static void put_label(struct mote_json_out *o, const struct mote_results *r,
                      uint32_t row)
{
    put_name(o, r, name_of(r, (uint32_t)r->index[row]));
}

static void put_scores(struct mote_json_out *o, const struct mote_results *r,
                       uint32_t row)
{
    mote_json_put_open(o, '{');
    for (uint32_t i = 0; i < r->model->output->count; i++) {
        mote_json_put_key(o, name_of(r, i));
        put_score(o, r, row, i);
    }
    mote_json_put_close(o, '}');
}

void mote_results_put_model(const struct mote_model *m, struct mote_json_out *o)
{
    mote_json_put_key(o, MOTE_TEXT("model"));
    mote_json_put_open(o, '{');
    mote_json_put_member(o, MOTE_TEXT("name"),
                         mote_model_string(m, m->about->name));
    mote_json_put_member(o, MOTE_TEXT("version"),
                         mote_model_string(m, m->about->version));
    mote_json_put_close(o, '}');
}

/* ------------------------------------------------------------------------
 * Replies of models that take a text
 */

/* As Python's round(x, 2): products of a float and 100 are exact, and so is
 * the tie that goes to the even one. */
static double to_hundredths(double x)
{
    const double whole = 0x1.8p52;
    return (x * 100 + whole - whole) / 100;
}

/* Label, index and vectors that stand alone. */
static bool has_no_object(const struct mote_model *m)
{
    return m->output->style == MOTE_REPLY_INDEX ||
           m->output->style == MOTE_REPLY_LABEL;
}

bool mote_results_say_truncated(const struct mote_function *f)
{
    return f->bare || !has_no_object(f->model);
}

static void put_truncated(struct mote_json_out *o, const struct mote_input *in)
{
    if (!mote_is_text(in->model->features) || !in->truncated)
        return;
    mote_json_put_key(o, MOTE_TEXT("truncated"));
    mote_json_put_bool(o, true);
}

static void put_labelled(struct mote_json_out *o, const struct mote_results *r,
                         struct mote_text label)
{
    mote_json_put_open(o, '{');
    mote_json_put_key(o, MOTE_TEXT("label"));
    put_name(o, r, label);
    mote_json_put_key(o, MOTE_TEXT("score"));
}

/* [{"label": "no", "score": 0.25}, {"label": "yes", "score": 0.75}] */
static void put_list(struct mote_json_out *o, const struct mote_results *r,
                     const struct mote_input *in, uint32_t row)
{
    mote_json_put_open(o, '[');
    for (uint32_t i = 0; i < r->model->output->count; i++) {
        put_labelled(o, r, name_of(r, i));
        put_score(o, r, row, i);
        put_truncated(o, in);
        mote_json_put_close(o, '}');
    }
    mote_json_put_close(o, ']');
}

/* {"text": "...", "prediction": {"label": "yes", "score": 0.75}} */
static void put_prediction(struct mote_json_out *o,
                           const struct mote_results *r,
                           const struct mote_input *in, uint32_t row)
{
    const uint32_t index = (uint32_t)r->index[row];

    mote_json_put_open(o, '{');
    mote_json_put_member(o, MOTE_TEXT("text"), in->text);
    mote_json_put_key(o, MOTE_TEXT("prediction"));
    put_labelled(o, r, name_of(r, index));
    mote_json_put_f64(o, to_hundredths(score(r, row, index)));
    mote_json_put_close(o, '}');
    put_truncated(o, in);
    mote_json_put_close(o, '}');
}

static void put_vector(struct mote_json_out *o, const struct mote_results *r,
                       uint32_t row, bool base64)
{
    const uint32_t n = r->model->output->count;

    if (base64) {
        mote_json_put_base64(o, (const float *)r->scores + (size_t)row * n,
                             n * sizeof(float));
        return;
    }
    mote_json_put_open(o, '[');
    for (uint32_t i = 0; i < n; i++)
        put_score(o, r, row, i);
    mote_json_put_close(o, ']');
}

static void put_embedding(struct mote_json_out *o, const struct mote_results *r,
                          uint32_t row, const struct mote_function *f)
{
    if (f->bare || has_no_object(r->model)) {
        put_vector(o, r, row, f->base64);
        return;
    }
    mote_json_put_open(o, '{');
    mote_json_put_key(o, MOTE_TEXT("embedding"));
    put_vector(o, r, row, f->base64);
    put_truncated(o, &f->input);
    mote_results_put_model(r->model, o);
    mote_json_put_close(o, '}');
}

static void put_class(struct mote_json_out *o, const struct mote_results *r,
                      const struct mote_input *in, uint32_t row)
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
    case MOTE_REPLY_SCORES:
        if (MOTE_LINKED_TEXTS)
            put_list(o, r, in, row);
        return;
    case MOTE_REPLY_PREDICTION:
        if (MOTE_LINKED_TEXTS)
            put_prediction(o, r, in, row);
        return;
    case MOTE_REPLY_FULL:
    case MOTE_REPLY_BASE64:
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
    put_truncated(o, in);
    mote_results_put_model(r->model, o);
    mote_json_put_close(o, '}');
}

/* One number stands for itself, several are named. */
static void put_numbers(struct mote_json_out *o, const struct mote_results *r,
                        const struct mote_input *in, uint32_t row)
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
        put_truncated(o, in);
        mote_results_put_model(r->model, o);
        mote_json_put_close(o, '}');
    }
}

static void put_forecasts(struct mote_json_out *o, const struct mote_results *r,
                          uint32_t row, const struct mote_function *f)
{
    const size_t bytes = r->scores_dtype == MOTE_F64 ? 8 : 4;
    const struct mote_forecast_numbers numbers = {
        .at =
            (const uint8_t *)r->scores + row * r->model->output->count * bytes,
        .dtype = r->scores_dtype,
    };

    mote_forecasts_put(f->series, &numbers, f->result_of, o);
}

void mote_results_put(const struct mote_function *f,
                      const struct mote_results *r, uint32_t row,
                      struct mote_json_out *o)
{
    if (MOTE_LINKED_SERIES && f->series)
        put_forecasts(o, r, row, f);
    else if (r->model->output->kind == MOTE_OUTPUT_CLASS)
        put_class(o, r, &f->input, row);
    else if (mote_is_embedding(r->model->output))
        put_embedding(o, r, row, f);
    else
        put_numbers(o, r, &f->input, row);
}

void mote_results_put_vectors_end(const struct mote_function *f,
                                  struct mote_json_out *o)
{
    if (f->truncated) {
        mote_json_put_key(o, MOTE_TEXT("truncated"));
        mote_json_put_uint(o, f->truncated);
    }
    mote_results_put_model(f->model, o);
}
