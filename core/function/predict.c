/* core/function/predict.c - see core/function/predict.h */
#include "core/function/predict.h"
#include "core/base/maths.h"
#include "core/base/number.h"
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

static void put_name(struct mote_json_out *o, const struct results *r,
                     struct mote_text label)
{
    if (r->model->output->labels == MOTE_LABELS_NUMBER)
        mote_json_put_raw(o, label);
    else
        mote_json_put_string(o, label);
}

static void put_label(struct mote_json_out *o, const struct results *r,
                      uint32_t row)
{
    put_name(o, r, name_of(r, (uint32_t)r->index[row]));
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

static void put_truncated(struct mote_json_out *o, const struct mote_input *in)
{
    if (!mote_is_text(in->model->features) || !in->truncated)
        return;
    mote_json_put_key(o, MOTE_TEXT("truncated"));
    mote_json_put_bool(o, true);
}

static void put_labelled(struct mote_json_out *o, const struct results *r,
                         struct mote_text label)
{
    mote_json_put_open(o, '{');
    mote_json_put_key(o, MOTE_TEXT("label"));
    put_name(o, r, label);
    mote_json_put_key(o, MOTE_TEXT("score"));
}

/* [{"label": "no", "score": 0.25}, {"label": "yes", "score": 0.75}] */
static void put_list(struct mote_json_out *o, const struct results *r,
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
static void put_prediction(struct mote_json_out *o, const struct results *r,
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

static void put_vector(struct mote_json_out *o, const struct results *r,
                       bool base64)
{
    const uint32_t n = r->model->output->count;

    if (base64) {
        mote_json_put_base64(o, r->scores, n * sizeof(float));
        return;
    }
    mote_json_put_open(o, '[');
    for (uint32_t i = 0; i < n; i++)
        put_score(o, r, 0, i);
    mote_json_put_close(o, ']');
}

static void put_embedding(struct mote_json_out *o, const struct results *r,
                          const struct mote_function *f)
{
    const uint8_t style = r->model->output->style;
    const bool bare =
        f->bare || style == MOTE_REPLY_INDEX || style == MOTE_REPLY_LABEL;

    if (bare) {
        put_vector(o, r, f->base64);
        return;
    }
    mote_json_put_open(o, '{');
    mote_json_put_key(o, MOTE_TEXT("embedding"));
    put_vector(o, r, f->base64);
    put_truncated(o, &f->input);
    mote_predict_put_model(r->model, o);
    mote_json_put_close(o, '}');
}

static void put_class(struct mote_json_out *o, const struct results *r,
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
    mote_predict_put_model(r->model, o);
    mote_json_put_close(o, '}');
}

/* One number stands for itself, several are named. */
static void put_numbers(struct mote_json_out *o, const struct results *r,
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
        mote_predict_put_model(r->model, o);
        mote_json_put_close(o, '}');
    }
}

static void put_forecasts(struct mote_json_out *o, const struct results *r,
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
    struct mote_run run = mote_input_run(in);
    run.kept = f->kept;
    enum mote_status s = mote_plan_run(&run, &where);
    const struct results r = results_of(&run);
    for (uint32_t row = 0; s == MOTE_OK && row < rows; row++) {
        if (!is_number(&r, row)) {
            s = MOTE_E_RANGE;
            where.row = row;
            where.expected = "numbers that stay finite in the model";
        } else if (MOTE_LINKED_SERIES && f->series) {
            put_forecasts(o, &r, row, f);
        } else if (f->model->output->kind == MOTE_OUTPUT_CLASS) {
            put_class(o, &r, in, row);
        } else if (mote_is_embedding(f->model->output)) {
            put_embedding(o, &r, f);
        } else {
            put_numbers(o, &r, in, row);
        }
    }
    if (MOTE_LINKED_TEXTS)
        f->truncated += in->truncated;
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

/* Under which name an array of that name is answered; NULL: it is no batch.
 */
static const char *answered_as(const struct mote_function *f,
                               const struct mote_json_token *t)
{
    if (mote_json_key_is(t, MOTE_TEXT("instances")))
        return "predictions";
    if (!mote_is_text(f->model->features) ||
        !mote_json_key_is(t, MOTE_TEXT("sentences")))
        return NULL;
    return mote_is_embedding(f->model->output) ? "embeddings" : "predictions";
}

/* {"instances": [...]}, a copy of the reader being behind the brace; other
 * members, such as a signature's name, are for others. */
static const char *has_instances(const struct mote_function *f,
                                 struct mote_json j, struct mote_json *found)
{
    struct mote_where ignored;
    struct mote_json_token t;

    while (mote_json_next(&j, &t, &ignored) == MOTE_OK &&
           t.type != MOTE_JSON_END) {
        const char *name =
            t.type == MOTE_JSON_ARRAY ? answered_as(f, &t) : NULL;
        if (name) {
            *found = j;
            return name;
        }
        if (mote_json_skip(&j, &t, &ignored) != MOTE_OK)
            break;
    }
    return NULL;
}

/* "encoding_format" of an object, a copy of the reader being behind its
 * brace: whether vectors are to be written in base64. */
static bool take_encoding(struct mote_function *f, struct mote_json j,
                          struct mote_failure *failure)
{
    struct mote_where where = {.row = MOTE_NO_ROW};
    struct mote_json_token t;

    while (mote_json_next(&j, &t, &where) == MOTE_OK &&
           t.type != MOTE_JSON_END &&
           mote_json_skip(&j, &t, &where) == MOTE_OK) {
        if (!mote_json_key_is(&t, MOTE_TEXT("encoding_format")))
            continue;
        const bool string = t.type == MOTE_JSON_STRING;
        f->base64 =
            string && mote_json_is(t.text, t.escaped, MOTE_TEXT("base64"));
        if (f->base64 ||
            (string && mote_json_is(t.text, t.escaped, MOTE_TEXT("float"))))
            continue;
        where.field = MOTE_TEXT("encoding_format");
        where.expected = "\"float\" or \"base64\"";
        where.got = (struct mote_text){j.start + t.offset,
                                       (size_t)(j.at - j.start) - t.offset};
        return fail(f, failure, MOTE_E_SCHEMA, &where);
    }
    return true; /* what is no JSON is found where it is read */
}

/* Behind vectors that stand alone: how many texts were cut, and the model.
 */
static void put_embeddings_end(const struct mote_function *f,
                               struct mote_json_out *o)
{
    if (f->truncated) {
        mote_json_put_key(o, MOTE_TEXT("truncated"));
        mote_json_put_uint(o, f->truncated);
    }
    mote_predict_put_model(f->model, o);
}

/* What follows in the object must be JSON, too. */
static bool take_rest(struct mote_function *f, struct mote_json *j,
                      struct mote_failure *failure)
{
    for (;;) {
        struct mote_where where = {.row = MOTE_NO_ROW};
        struct mote_json_token t;
        if (!next(f, j, &t, failure))
            return false;
        if (t.type == MOTE_JSON_END)
            return true;
        const enum mote_status s = mote_json_skip(j, &t, &where);
        if (s != MOTE_OK)
            return fail(f, failure, s, &where);
    }
}

static bool take_object(struct mote_function *f, struct mote_json *j,
                        const struct mote_json_token *t,
                        struct mote_json_out *o, struct mote_failure *failure)
{
    struct mote_json_token series;
    struct mote_json inside;

    if (MOTE_LINKED_SERIES && mote_has_series(f->model) &&
        mote_observations_asked(*j, &inside, &series))
        return take_series(f, j, inside, &series, o, failure) &&
               take_rest(f, j, failure);
    if (mote_is_embedding(f->model->output) && !take_encoding(f, *j, failure))
        return false;
    const char *name = has_instances(f, *j, &inside);
    if (!name)
        return take_one(f, j, t, o, failure);
    *j = inside;
    f->bare = MOTE_LINKED_TEXTS && name[0] == 'e';
    mote_json_put_open(o, '{');
    mote_json_put_key(o, mote_text_of(name));
    if (!take_batch(f, j, o, failure))
        return false;
    if (MOTE_LINKED_TEXTS && f->bare)
        put_embeddings_end(f, o);
    mote_json_put_close(o, '}');
    return take_rest(f, j, failure);
}

/* An array whose first element is no row itself is one row; one of texts is
 * a batch of them. */
static bool is_batch(const struct mote_function *f, struct mote_json j)
{
    struct mote_where ignored;
    struct mote_json_token t;

    if (mote_is_text(f->model->features))
        return true;
    return mote_json_next(&j, &t, &ignored) == MOTE_OK &&
           (t.type == MOTE_JSON_ARRAY || t.type == MOTE_JSON_OBJECT);
}

static void begin_request(struct mote_function *f)
{
    if (!MOTE_LINKED_TEXTS)
        return;
    f->base64 = f->model->output->style == MOTE_REPLY_BASE64;
    f->bare = false;
    f->truncated = 0;
}

bool mote_predict_text(struct mote_function *f, struct mote_text text,
                       struct mote_json_out *o, struct mote_failure *failure)
{
    struct mote_where where = {.row = MOTE_NO_ROW};

    begin_request(f);
    if (!mote_predict_begin(f, false, failure))
        return false;
    enum mote_status s =
        mote_input_text(&f->input, 0, text, false, text, &where);
    if (s == MOTE_OK)
        s = mote_input_end_row(&f->input, &where);
    return s == MOTE_OK ? mote_predict_rows(f, o, failure)
                        : fail(f, failure, s, &where);
}

bool mote_predict(struct mote_function *f, struct mote_text text,
                  struct mote_json_out *o, struct mote_failure *failure)
{
    struct mote_json_token t;
    struct mote_json j;
    bool good;

    begin_request(f);
    mote_json_begin(&j, text);
    if (!next(f, &j, &t, failure))
        return false;
    if (t.type == MOTE_JSON_OBJECT)
        good = take_object(f, &j, &t, o, failure);
    else if (t.type == MOTE_JSON_ARRAY && is_batch(f, j))
        good = take_batch(f, &j, o, failure);
    else
        good = take_one(f, &j, &t, o, failure);
    return good && next(f, &j, &t, failure); /* and nothing behind it */
}
