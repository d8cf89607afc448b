/* core/model/input.c - see core/model/input.h */
#include "core/model/input.h"
#include "core/base/assert.h"
#include "core/base/csv.h"
#include "core/base/maths.h"
#include "core/base/number.h"

static struct mote_text feature_name(const struct mote_input *in, uint32_t i)
{
    return MOTE_LINKED_JOBS && in->named_by
               ? mote_model_string(in->named_by, in->names + i)
               : mote_model_string(in->model, in->model->features[i].name);
}

static enum mote_status refuse(const struct mote_input *in,
                               enum mote_status status, struct mote_text field,
                               const char *expected, struct mote_text got,
                               struct mote_where *where)
{
    where->field = field;
    where->expected = expected;
    where->got = got;
    where->row = in->batch ? (uint32_t)in->number : MOTE_NO_ROW;
    return status;
}

/* ------------------------------------------------------------------------
 * What a feature takes, in words
 */
#define LISTED 12 /* categories that a message lists at most */

struct words {
    char *at;
    size_t n; /* above MOTE_INPUT_EXPECTED - 1 when it does not fit */
};

static void say(struct words *w, struct mote_text text)
{
    if (w->n + text.n < MOTE_INPUT_EXPECTED)
        memcpy(w->at + w->n, text.at, text.n);
    w->n += text.n;
}

/* one of "a", "b" */
static void say_categories(struct words *w, const struct mote_input *in,
                           const struct mote_file_feature *f)
{
    say(w, MOTE_TEXT("one of "));
    for (uint32_t c = 0; c < f->category_count; c++) {
        say(w, c ? MOTE_TEXT(", \"") : MOTE_TEXT("\""));
        say(w, mote_model_string(in->model, f->first_category + c));
        say(w, MOTE_TEXT("\""));
    }
}

static void say_count(struct words *w, const struct mote_file_feature *f)
{
    char digits[MOTE_UINT_CHARS];

    say(w, MOTE_TEXT("one of its "));
    say(w,
        (struct mote_text){digits, mote_uint_write(digits, f->category_count)});
    say(w, MOTE_TEXT(" categories"));
}

/* What feature i should have been; it lives in the input. */
static const char *wanted(struct mote_input *in, uint32_t i)
{
    const struct mote_file_feature *f = in->model->features + i;
    struct words w = {in->expected, MOTE_INPUT_EXPECTED};

    if (mote_is_text(f))
        return "a text";
    if (!mote_is_category(f))
        return f->flags & MOTE_FEATURE_BOOLEAN ? "a number, true or false"
                                               : "a number";
    if (f->category_count <= LISTED) {
        w.n = 0;
        say_categories(&w, in, f);
    }
    if (w.n >= MOTE_INPUT_EXPECTED) {
        w.n = 0;
        say_count(&w, f);
    }
    in->expected[w.n] = '\0';
    return in->expected;
}

/* ------------------------------------------------------------------------
 * Rows
 */
static void begin_row(struct mote_input *in)
{
    in->given = in->next = 0;
    memset(in->seen, 0, ((size_t)in->model->feature_count + 63) / 64 * 8);
}

enum mote_status mote_input_begin(struct mote_input *in,
                                  const struct mote_model *model, void *arena,
                                  struct mote_arena *more, bool batch)
{
    *in = (struct mote_input){.model = model, .arena = arena, .batch = batch};
    in->seen =
        mote_arena_take(more, ((size_t)model->feature_count + 63) / 64 * 8, 8);
    if (!in->seen)
        return MOTE_E_SPACE;
    begin_row(in);
    return MOTE_OK;
}

void mote_input_rewind(struct mote_input *in)
{
    in->rows = 0;
}

struct mote_run mote_input_run(const struct mote_input *in)
{
    struct mote_run run = mote_run_of(in->model, in->arena, in->rows);

    if (mote_is_text(in->model->features))
        run.extents[mote_model_tokens(in->model)] = in->tokens;
    return run;
}

uint32_t mote_input_find(struct mote_input *in, struct mote_text name,
                         bool escaped)
{
    const uint32_t count = in->model->feature_count;

    if (mote_is_text(in->model->features) &&
        (mote_json_is(name, escaped, MOTE_TEXT("sentence")) ||
         mote_json_is(name, escaped, MOTE_TEXT("text"))))
        return 0;
    for (uint32_t tried = 0; tried < count; tried++) {
        const uint32_t i = in->next;
        in->next = i + 1 < count ? i + 1 : 0;
        if (mote_json_is(name, escaped, feature_name(in, i)))
            return i;
    }
    return MOTE_NONE;
}

/* Where feature i of the current row is to be written. */
static void *place_of(const struct mote_input *in, uint32_t i)
{
    const struct mote_file_feature *f = in->model->features + i;
    const struct mote_file_value *v =
        mote_model_main(in->model)->values + f->value;
    const size_t element = (size_t)in->rows * v->dims[1] + f->column;

    return in->arena + v->offset + element * mote_dtype_bytes(f->dtype);
}

static void store(const struct mote_input *in, uint32_t i, double value)
{
    if (in->model->features[i].dtype == MOTE_F64)
        *(double *)place_of(in, i) = value;
    else
        *(float *)place_of(in, i) = (float)value;
}

static enum mote_status mark(struct mote_input *in, uint32_t i,
                             struct mote_text got, struct mote_where *where)
{
    const uint64_t bit = (uint64_t)1 << i % 64;

    assert(i < in->model->feature_count && !mote_input_full(in));
    if (in->seen[i / 64] & bit)
        return refuse(in, MOTE_E_SCHEMA, feature_name(in, i), "one value", got,
                      where);
    in->seen[i / 64] |= bit;
    in->given++;
    return MOTE_OK;
}

enum mote_status mote_input_number(struct mote_input *in, uint32_t i,
                                   double value, struct mote_text got,
                                   struct mote_where *where)
{
    const enum mote_status s = mark(in, i, got, where);

    if (s != MOTE_OK)
        return s;
    if (mote_is_text(in->model->features + i))
        return refuse(in, MOTE_E_SCHEMA, feature_name(in, i), wanted(in, i),
                      got, where);
    if (!mote_is_finite(value))
        return refuse(in, MOTE_E_RANGE, feature_name(in, i), "a finite number",
                      got, where);
    if (in->model->features[i].dtype == MOTE_F32 &&
        !mote_is_finite((float)value))
        return refuse(in, MOTE_E_RANGE, feature_name(in, i),
                      "a number in the range of a 32-bit float", got, where);
    store(in, i, value);
    return MOTE_OK;
}

enum mote_status mote_input_missing(struct mote_input *in, uint32_t i,
                                    struct mote_text got,
                                    struct mote_where *where)
{
    const enum mote_status s = mark(in, i, got, where);

    if (s != MOTE_OK)
        return s;
    if (!(in->model->features[i].flags & MOTE_FEATURE_MAY_MISS))
        return refuse(in, MOTE_E_SCHEMA, feature_name(in, i), wanted(in, i),
                      got, where);
    store(in, i, __builtin_nan(""));
    return MOTE_OK;
}

enum mote_status mote_input_code(struct mote_input *in, uint32_t i, double code,
                                 struct mote_text got, struct mote_where *where)
{
    const struct mote_file_feature *f = in->model->features + i;
    const enum mote_status s = mark(in, i, got, where);

    if (s != MOTE_OK)
        return s;
    if (code == -1 ? !(f->flags & MOTE_FEATURE_OTHER)
                   : !(code >= 0 && code < f->category_count &&
                       code == (uint32_t)code))
        return refuse(in, MOTE_E_SCHEMA, feature_name(in, i), wanted(in, i),
                      got, where);
    store(in, i, code);
    return MOTE_OK;
}

/* The ids of a text, in the plan's input. */
static enum mote_status set_text(struct mote_input *in, uint32_t i,
                                 struct mote_text text, bool escaped,
                                 struct mote_text got, struct mote_where *where)
{
    const enum mote_status s = mark(in, i, got, where);
    const struct mote_model *m = in->model;

    if (s != MOTE_OK)
        return s;
    if (escaped)
        text.n = mote_json_unescape((char *)text.at, text);
    in->text = text;
    in->tokens = mote_tokenizer_encode(&m->tokenizer, text, place_of(in, i),
                                       m->symbols[mote_model_tokens(m)].maximum,
                                       &in->truncated);
    return MOTE_OK;
}

enum mote_status mote_input_text(struct mote_input *in, uint32_t i,
                                 struct mote_text text, bool escaped,
                                 struct mote_text got, struct mote_where *where)
{
    const struct mote_file_feature *f = in->model->features + i;
    uint32_t c = 0;

    if (mote_is_text(f))
        return set_text(in, i, text, escaped, got, where);
    while (c < f->category_count &&
           !mote_json_is(text, escaped,
                         mote_model_string(in->model, f->first_category + c)))
        c++;
    return mote_input_code(in, i, c < f->category_count ? (double)c : -1, got,
                           where);
}

enum mote_status mote_input_end_row(struct mote_input *in,
                                    struct mote_where *where)
{
    for (uint32_t i = 0;
         in->given < in->model->feature_count && i < in->model->feature_count;
         i++) {
        if (in->seen[i / 64] >> i % 64 & 1)
            continue;
        const enum mote_status s =
            mote_input_missing(in, i, MOTE_TEXT("nothing"), where);
        if (s != MOTE_OK)
            return s;
    }
    in->rows++;
    in->number++;
    begin_row(in);
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * Rows in JSON
 */

/* A text where there should be a number: one from CSV may be. */
static enum mote_status text_number(struct mote_input *in, uint32_t i,
                                    struct mote_text text, struct mote_text got,
                                    struct mote_where *where)
{
    const bool boolean = in->model->features[i].flags & MOTE_FEATURE_BOOLEAN;
    double value = 0;

    if (in->texts && mote_f64_read(text, &value) != MOTE_E_FORMAT)
        return mote_input_number(in, i, value, got, where);
    if (in->texts && boolean && mote_text_equal(text, MOTE_TEXT("true")))
        return mote_input_number(in, i, 1, got, where);
    if (in->texts && boolean && mote_text_equal(text, MOTE_TEXT("false")))
        return mote_input_number(in, i, 0, got, where);
    return refuse(in, MOTE_E_SCHEMA, feature_name(in, i), wanted(in, i), got,
                  where);
}

enum mote_status mote_input_field(struct mote_input *in, uint32_t i,
                                  struct mote_text field,
                                  struct mote_where *where)
{
    const struct mote_file_feature *f = in->model->features + i;

    if (mote_is_text(f) || (mote_is_category(f) && field.n))
        return mote_input_text(in, i, field, false, field, where);
    if (mote_csv_is_missing(field))
        return mote_input_missing(in, i, field.n ? field : MOTE_TEXT("nothing"),
                                  where);
    return text_number(in, i, field, field, where);
}

static enum mote_status json_value(struct mote_input *in, uint32_t i,
                                   const struct mote_json *j,
                                   const struct mote_json_token *t,
                                   struct mote_where *where)
{
    const struct mote_file_feature *f = in->model->features + i;
    const struct mote_text got = {j->start + t->offset,
                                  (size_t)(j->at - j->start) - t->offset};
    double value = 0;

    where->offset = t->offset;
    if (mote_is_text(f) && t->type == MOTE_JSON_STRING)
        return set_text(in, i, t->text, t->escaped, got, where);
    if (t->type == MOTE_JSON_NULL ||
        (t->type == MOTE_JSON_STRING && in->texts && t->text.n == 0))
        return mote_input_missing(in, i, got, where);
    if (t->type == MOTE_JSON_ARRAY || t->type == MOTE_JSON_OBJECT)
        return refuse(in, MOTE_E_SCHEMA, feature_name(in, i), wanted(in, i),
                      mote_json_type_text(t->type), where);
    if (mote_is_text(f))
        return refuse(in, MOTE_E_SCHEMA, feature_name(in, i), wanted(in, i),
                      got, where);
    if (mote_is_category(f))
        return mote_input_text(in, i, t->text, t->escaped, got, where);
    switch (t->type) {
    case MOTE_JSON_NUMBER:
        mote_f64_read(t->text, &value); /* infinite when out of range */
        return mote_input_number(in, i, value, got, where);
    case MOTE_JSON_TRUE:
    case MOTE_JSON_FALSE:
        if (f->flags & MOTE_FEATURE_BOOLEAN)
            return mote_input_number(in, i, t->type == MOTE_JSON_TRUE, got,
                                     where);
        /* fall through */
    default:
        return text_number(in, i, t->text, got, where);
    }
}

/* "exactly 4 values", "3 values": kept in the input for a message. */
static void count_text(char *text, const char *before, uint32_t count)
{
    const struct mote_text words[] = {mote_text_of(before),
                                      MOTE_TEXT(" values")};

    memcpy(text, words[0].at, words[0].n);
    text += words[0].n;
    text += mote_uint_write(text, count);
    memcpy(text, words[1].at, words[1].n + 1); /* and its NUL */
}

static enum mote_status json_array(struct mote_input *in, struct mote_json *j,
                                   size_t offset, struct mote_where *where)
{
    uint32_t count = 0;

    for (;; count++) {
        struct mote_json_token t;
        enum mote_status s = mote_json_next(j, &t, where);
        if (s != MOTE_OK)
            return s;
        if (t.type == MOTE_JSON_END)
            break;
        if (count < in->model->feature_count)
            s = json_value(in, count, j, &t, where);
        else
            s = mote_json_skip(j, &t, where); /* counted, then refused */
        if (s != MOTE_OK)
            return s;
    }
    if (count == in->model->feature_count)
        return mote_input_end_row(in, where);
    where->offset = offset;
    count_text(in->expected, "exactly ", in->model->feature_count);
    count_text(in->got, "", count);
    return refuse(in, MOTE_E_SCHEMA, MOTE_TEXT(""), in->expected,
                  mote_text_of(in->got), where);
}

/* What says how to answer, beside a row: see core/function/predict.h. */
static bool is_option(const struct mote_input *in,
                      const struct mote_json_token *t)
{
    return mote_is_embedding(in->model->output) &&
           mote_json_key_is(t, MOTE_TEXT("encoding_format"));
}

#define NAMES_OF_TEXT                                                          \
    "\"sentence\" or \"text\", or an array of texts as \"sentences\""

static enum mote_status json_object(struct mote_input *in, struct mote_json *j,
                                    struct mote_where *where)
{
    const bool text = mote_is_text(in->model->features);

    for (;;) {
        struct mote_json_token t;
        enum mote_status s = mote_json_next(j, &t, where);
        if (s != MOTE_OK)
            return s;
        if (t.type == MOTE_JSON_END)
            return mote_input_end_row(in, where);
        const uint32_t i = mote_input_find(in, t.key, t.key_escaped);
        if (i == MOTE_NONE && is_option(in, &t)) {
            s = mote_json_skip(j, &t, where);
            if (s != MOTE_OK)
                return s;
            continue;
        }
        if (i == MOTE_NONE) {
            where->offset = t.offset;
            return refuse(in, MOTE_E_SCHEMA, t.key,
                          text ? NAMES_OF_TEXT : "the name of a feature", t.key,
                          where);
        }
        if (in->seen[i / 64] >> i % 64 & 1) {
            where->offset = t.offset;
            return refuse(in, MOTE_E_SCHEMA, text ? t.key : feature_name(in, i),
                          text ? "one text" : "this name once in a row",
                          text ? MOTE_TEXT("a second") : MOTE_TEXT("it twice"),
                          where);
        }
        s = json_value(in, i, j, &t, where);
        if (s != MOTE_OK && text)
            where->field = t.key; /* as the sender calls it */
        if (s != MOTE_OK)
            return s;
    }
}

/* A text by itself. */
static enum mote_status json_text(struct mote_input *in,
                                  const struct mote_json *j,
                                  const struct mote_json_token *t,
                                  struct mote_where *where)
{
    const enum mote_status s = json_value(in, 0, j, t, where);
    return s == MOTE_OK ? mote_input_end_row(in, where) : s;
}

enum mote_status mote_input_json_row(struct mote_input *in, struct mote_json *j,
                                     const struct mote_json_token *t,
                                     struct mote_where *where)
{
    if (mote_is_text(in->model->features) && t->type != MOTE_JSON_ARRAY &&
        t->type != MOTE_JSON_OBJECT)
        return json_text(in, j, t, where);
    switch (t->type) {
    case MOTE_JSON_ARRAY:
        return json_array(in, j, t->offset, where);
    case MOTE_JSON_OBJECT:
        return json_object(in, j, where);
    default:
        where->offset = t->offset;
        return refuse(in, MOTE_E_SCHEMA, MOTE_TEXT(""),
                      "an array of values or an object of features",
                      mote_json_type_text(t->type), where);
    }
}
