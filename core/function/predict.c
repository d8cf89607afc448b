/* core/function/predict.c - see core/function/predict.h */
#include "core/function/predict.h"
#include "core/function/observations.h"
#include "core/function/results.h"

static bool fail(const struct mote_function *f, struct mote_failure *failure,
                 enum mote_status status, const struct mote_where *where)
{
    mote_failure_input(failure, status, where);
    failure->schema = status == MOTE_E_SCHEMA ? f->model : NULL;
    return false;
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

/* A text was cut, which its answer cannot say. */
static void tell_truncated(const struct mote_function *f)
{
    struct mote_log_line line;

    if (!f->log ||
        !mote_log_begin(&line, f->log, MOTE_WARN,
                        MOTE_TEXT("a text was cut to what the model takes")))
        return;
    if (f->input.batch) {
        mote_json_put_key(&line.json, MOTE_TEXT("row"));
        mote_json_put_uint(&line.json, f->input.number - 1);
    }
    mote_json_put_key(&line.json, MOTE_TEXT("tokens"));
    mote_json_put_uint(&line.json, f->input.tokens);
    mote_log_end(&line, f->log);
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
    const struct mote_results r = mote_results_of(&run);
    for (uint32_t row = 0; s == MOTE_OK && row < rows; row++) {
        if (mote_results_finite(&r, row)) {
            mote_results_put(f, &r, row, o);
            continue;
        }
        s = MOTE_E_RANGE;
        where.row = row;
        where.expected = "numbers that stay finite in the model";
    }
    if (MOTE_LINKED_TEXTS && in->truncated) {
        f->truncated++;
        if (s == MOTE_OK && !mote_results_say_truncated(f))
            tell_truncated(f);
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

/* Under which name an array of that name is answered; NULL: it is no batch. */
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
        mote_results_put_vectors_end(f, o);
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

void mote_predict_as_stated(struct mote_function *f)
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

    mote_predict_as_stated(f);
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

    mote_predict_as_stated(f);
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
