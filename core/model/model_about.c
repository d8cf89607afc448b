/*
 * core/model/model_about.c - what a model is, takes and gives: the sections
 * MODEL, INPUT with TEXT, OUTPUT, SERIES and JOBS of a file whose tables are
 * open. See core/model/opening.h
 */
#include "core/base/number.h"
#include "core/model/jobs.h"
#include "core/model/opening.h"

const char *mote_open_about(struct mote_opening *o)
{
    struct mote_model *m = o->m;
    const struct mote_file_section *s = m->sections[MOTE_SECTION_MODEL];

    m->about = mote_section_records(m, s, 0, 1, sizeof *m->about, 4);
    if (!m->about || s->bytes != sizeof *m->about ||
        !mote_is_string(m, m->about->name) ||
        !mote_is_string(m, m->about->version) ||
        !mote_is_string_or_none(m, m->about->description) ||
        m->about->plan >= m->plan_count)
        return "a name, a version and a plan";
    return NULL;
}

/* s32 [batch][tokens]: the batch is 1, the tokens another symbol. */
static bool is_tokens(const struct mote_model *m,
                      const struct mote_file_value *v)
{
    return v->kind == MOTE_VALUE_ARENA && v->dtype == MOTE_S32 &&
           v->rank == 2 && v->dims[0] == MOTE_DIM_SYMBOL &&
           v->dims[1] > MOTE_DIM_SYMBOL && m->symbols[0].maximum == 1 &&
           m->symbols[v->dims[1] & ~MOTE_DIM_SYMBOL].maximum >= 2;
}

/* The model's only feature, and the tokenizer that makes ids of it. */
static const char *open_text(struct mote_opening *o,
                             const struct mote_file_feature *f)
{
    struct mote_model *m = o->m;
    const struct mote_plan *plan = mote_model_main(m);
    const struct mote_file_section *s = m->sections[MOTE_SECTION_TEXT];

    if (m->feature_count != 1 || plan->file->inputs != 1)
        return "a text alone";
    if (!mote_is_string(m, f->name) || f->zero || f->flags ||
        f->dtype != MOTE_S32 || f->value || f->column || f->first_category ||
        f->category_count)
        return "a text with a name, and nothing else";
    if (!is_tokens(m, plan->values))
        return "an input of the plan that is the tokens of one text";
    o->part = "TEXT";
    if (!s || !(s->flags & MOTE_SECTION_REQUIRED))
        return "a required section for a text";
    o->status = mote_tokenizer_open(&m->tokenizer, m->bytes + s->offset,
                                    s->bytes, o->where);
    return o->status == MOTE_OK ? NULL : o->where->expected;
}

/* [batch][columns] of that dtype, and how many columns; 0 for another shape. */
static uint32_t batch_columns(const struct mote_file_value *v, uint8_t dtype)
{
    if (v->kind != MOTE_VALUE_ARENA || v->dtype != dtype || v->rank != 2 ||
        v->dims[0] != MOTE_DIM_SYMBOL || v->dims[1] & MOTE_DIM_SYMBOL)
        return 0;
    return v->dims[1];
}

static const char *open_feature(struct mote_opening *o,
                                const struct mote_file_feature *f)
{
    const struct mote_model *m = o->m;
    const struct mote_plan *plan = mote_model_main(m);

    const bool texts = mote_is_category(f);
    const uint8_t flags = MOTE_FEATURE_MAY_MISS |
                          (texts ? MOTE_FEATURE_OTHER : MOTE_FEATURE_BOOLEAN);

    if (!texts && f->kind != MOTE_FEATURE_NUMBER)
        return mote_opening_as(o, MOTE_E_UNKNOWN, "features of a known kind");
    if (!mote_is_string(m, f->name) || f->zero || f->flags & ~flags ||
        (f->dtype != MOTE_F32 && f->dtype != MOTE_F64))
        return "a name, a dtype and known flags";
    if (texts ? f->category_count == 0 ||
                    f->category_count > MOTE_CATEGORIES_MAX ||
                    f->first_category >= m->string_count ||
                    f->category_count > m->string_count - f->first_category
              : f->first_category || f->category_count)
        return "categories of a category, and of nothing else";
    if (f->value >= plan->file->inputs ||
        f->column >= batch_columns(plan->values + f->value, f->dtype))
        return "a column of an input of the plan";
    return NULL;
}

/* Features fill the inputs exactly: as many as there are columns, and, being
 * listed in the order of value and column, no two in one place. */
const char *mote_open_input(struct mote_opening *o)
{
    struct mote_model *m = o->m;
    const struct mote_plan *plan = mote_model_main(m);
    uint64_t columns = 0;

    m->features = mote_section_counted(
        m, MOTE_SECTION_INPUT, sizeof *m->features, 65535, &m->feature_count);
    if (!m->features || m->feature_count == 0)
        return "1 to 65535 features";
    if (mote_is_text(m->features))
        return open_text(o, m->features);
    for (uint32_t i = 0; i < m->feature_count; i++) {
        const struct mote_file_feature *f = m->features + i;
        const char *expected = open_feature(o, f);
        if (expected)
            return expected;
        if (i && (f->value < f[-1].value ||
                  (f->value == f[-1].value && f->column <= f[-1].column)))
            return "features in the order of their columns";
    }
    for (uint32_t i = 0; i < plan->file->inputs; i++) {
        const uint32_t some =
            batch_columns(plan->values + i, plan->values[i].dtype);
        if (some == 0)
            return "inputs of the plan that are rows of features";
        columns += some;
    }
    if (columns != m->feature_count)
        return "a feature for every column";
    return NULL;
}

/* The value behind output number i of the main plan, or NULL. */
static const struct mote_file_value *output_value(const struct mote_model *m,
                                                  uint32_t i)
{
    const struct mote_plan *plan = mote_model_main(m);
    return i < plan->file->outputs ? plan->values + plan->outputs[i] : NULL;
}

static bool scores_fit(const struct mote_model *m)
{
    const struct mote_file_value *v = output_value(m, m->output->scores);
    return v && (v->dtype == MOTE_F32 || v->dtype == MOTE_F64) &&
           batch_columns(v, v->dtype) == m->output->count;
}

static bool index_fits(const struct mote_model *m)
{
    const struct mote_file_value *v = output_value(m, m->output->index);
    return v && v->kind == MOTE_VALUE_ARENA && v->dtype == MOTE_S32 &&
           v->rank == 1 && v->dims[0] == MOTE_DIM_SYMBOL;
}

static bool labels_are_numbers(const struct mote_model *m)
{
    for (uint32_t i = 0; i < m->output->count; i++) {
        double ignored;
        if (mote_f64_read(mote_model_string(m, m->output->first_name + i),
                          &ignored) != MOTE_OK)
            return false;
    }
    return true;
}

static bool style_fits(const struct mote_model *m)
{
    const struct mote_file_output *out = m->output;
    const bool scored =
        out->kind == MOTE_OUTPUT_CLASS && out->scores != MOTE_NONE;

    switch (out->style) {
    case MOTE_REPLY_SCORES:
        return scored;
    case MOTE_REPLY_PREDICTION:
        return scored && mote_is_text(m->features);
    case MOTE_REPLY_BASE64:
        return out->kind == MOTE_OUTPUT_EMBEDDING;
    }
    return true;
}

/* Numbers without names. */
static const char *open_embedding(const struct mote_model *m)
{
    const struct mote_file_output *out = m->output;

    if (out->index != MOTE_NONE || out->scores_kind != MOTE_SCORES_NONE ||
        out->labels != MOTE_LABELS_TEXT || out->first_name || !scores_fit(m) ||
        output_value(m, out->scores)->dtype != MOTE_F32)
        return "f32 numbers of fitting shape, without names";
    return NULL;
}

const char *mote_open_output(struct mote_opening *o)
{
    struct mote_model *m = o->m;
    const struct mote_file_section *s = m->sections[MOTE_SECTION_OUTPUT];
    const struct mote_file_output *out =
        mote_section_records(m, s, 0, 1, sizeof *out, 4);

    m->output = out;
    if (!out || s->bytes != sizeof *out || out->zero || out->style == 0 ||
        out->style > MOTE_REPLY_BASE64 ||
        out->scores_kind > MOTE_SCORES_DECISION ||
        (out->labels != MOTE_LABELS_TEXT && out->labels != MOTE_LABELS_NUMBER))
        return "known kinds of scores, labels and reply";
    if (MOTE_LINKED_TEXTS ? !style_fits(m) : out->style > MOTE_REPLY_FULL)
        return "a fitting style of reply";
    if (mote_is_embedding(out))
        return open_embedding(m);
    if (out->count == 0 || out->first_name >= m->string_count ||
        out->count > m->string_count - out->first_name)
        return "a name for each of its numbers";
    if (out->labels == MOTE_LABELS_NUMBER && !labels_are_numbers(m))
        return "labels that are numbers";
    switch (out->kind) {
    case MOTE_OUTPUT_CLASS:
        if (!index_fits(m) ||
            (out->scores == MOTE_NONE) !=
                (out->scores_kind == MOTE_SCORES_NONE) ||
            (out->scores != MOTE_NONE && !scores_fit(m)))
            return "an index and scores of fitting shape";
        return NULL;
    case MOTE_OUTPUT_NUMBERS:
        if (out->index != MOTE_NONE || out->scores_kind != MOTE_SCORES_NONE ||
            !scores_fit(m))
            return "numbers of fitting shape";
        return NULL;
    }
    return mote_opening_as(o, MOTE_E_UNKNOWN, "an output of a known kind");
}

static bool is_run(uint32_t first, uint32_t n, uint32_t most)
{
    return n && first < most && n <= most - first;
}

static const char *open_series_column(const struct mote_model *m,
                                      const struct mote_file_series_column *c)
{
    if (!mote_is_string(m, c->name) || c->resample < MOTE_SERIES_MEAN ||
        c->resample > MOTE_SERIES_MOST || !mote_all_zero(c->zero, 3))
        return "a name and a known way to resample";
    if (c->window > MOTE_SERIES_WINDOW_MAX || c->ahead > c->window ||
        !is_run(c->first, c->window, m->feature_count))
        return "a window of features";
    for (uint32_t i = 0; i < c->window; i++)
        if (m->features[c->first + i].kind != MOTE_FEATURE_NUMBER)
            return "features that are numbers";
    return NULL;
}

/* Every feature is in one column, or is the time. */
const char *mote_open_series(struct mote_opening *o)
{
    struct mote_model *m = o->m;
    const struct mote_file_section *s = m->sections[MOTE_SECTION_SERIES];
    uint64_t used = 0;

    if (!s)
        return NULL;
    const struct mote_file_series *f =
        mote_section_records(m, s, 0, 1, sizeof *f, 4);
    if (!f || f->columns == 0 || f->columns > MOTE_SERIES_COLUMNS_MAX ||
        f->forecasts == 0 || f->forecasts > m->output->count || f->zero)
        return "1 to 64 columns, and forecasts";
    if (f->step == 0 || f->step > MOTE_SERIES_STEP_MAX ||
        f->offset >= f->step || f->unit == 0 ||
        f->unit > MOTE_SERIES_STEP_MAX || f->gap > MOTE_SERIES_WINDOW_MAX ||
        (f->time != MOTE_NONE && f->time >= m->feature_count))
        return "a step, an offset below it, and a time";
    m->series_columns = mote_section_records(m, s, sizeof *f, f->columns,
                                             sizeof *m->series_columns, 4);
    const uint64_t at = sizeof *f + f->columns * sizeof *m->series_columns;
    m->forecasts =
        mote_section_records(m, s, at, f->forecasts, sizeof *m->forecasts, 4);
    if (!m->series_columns || !m->forecasts ||
        s->bytes != at + f->forecasts * sizeof *m->forecasts)
        return "as many columns and forecasts as it counts";
    for (uint32_t i = 0; i < f->columns; i++) {
        const struct mote_file_series_column *c = m->series_columns + i;
        const char *expected = open_series_column(m, c);
        if (expected)
            return expected;
        if (i && c->first < c[-1].first + c[-1].window)
            return "columns in the order of their features";
        if (f->time >= c->first && f->time - c->first < c->window)
            return "a time that is no column's";
        used += c->window;
    }
    if (used + (f->time != MOTE_NONE) != m->feature_count)
        return "every feature in a column";
    for (uint32_t i = 0; i < f->forecasts; i++)
        if (!mote_is_string(m, m->forecasts[i].name) ||
            m->output->kind != MOTE_OUTPUT_NUMBERS ||
            !is_run(m->forecasts[i].first, m->forecasts[i].steps,
                    m->output->count))
            return "forecasts among the output's numbers";
    m->series = f;
    return NULL;
}

const char *mote_open_jobs(struct mote_opening *o)
{
    return mote_has_jobs(o->m) ? mote_jobs_check(o->m) : NULL;
}
