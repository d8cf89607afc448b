/* core/function/describe.c - see core/function/describe.h */
#include "core/function/describe.h"
#include "core/base/version.h"

static void put_hash(struct mote_json_out *o, uint64_t hash)
{
    static const char digits[] = "0123456789abcdef";
    char text[16];

    for (int i = 15; i >= 0; i--, hash >>= 4)
        text[i] = digits[hash & 15];
    mote_json_put_member(o, MOTE_TEXT("hash"),
                         (struct mote_text){text, sizeof text});
}

/* Consecutive strings, as an array. */
static void put_names(const struct mote_model *m, uint32_t first,
                      uint32_t count, struct mote_json_out *o)
{
    mote_json_put_open(o, '[');
    for (uint32_t i = 0; i < count; i++)
        mote_json_put_string(o, mote_model_string(m, first + i));
    mote_json_put_close(o, ']');
}

static void put_feature(const struct mote_model *m,
                        const struct mote_file_feature *f,
                        struct mote_json_out *o)
{
    const bool texts = mote_is_category(f);

    mote_json_put_open(o, '{');
    mote_json_put_member(o, MOTE_TEXT("name"), mote_model_string(m, f->name));
    if (mote_is_text(f)) {
        mote_json_put_member(o, MOTE_TEXT("type"), MOTE_TEXT("text"));
        mote_json_put_key(o, MOTE_TEXT("max_tokens"));
        mote_json_put_uint(o, m->symbols[mote_model_tokens(m)].maximum);
        mote_json_put_close(o, '}');
        return;
    }
    mote_json_put_member(o, MOTE_TEXT("type"),
                         texts                  ? MOTE_TEXT("category")
                         : f->dtype == MOTE_F64 ? MOTE_TEXT("float64")
                                                : MOTE_TEXT("float32"));
    mote_json_put_key(o, MOTE_TEXT("missing"));
    mote_json_put_bool(o, f->flags & MOTE_FEATURE_MAY_MISS);
    if (texts) {
        mote_json_put_key(o, MOTE_TEXT("categories"));
        put_names(m, f->first_category, f->category_count, o);
    }
    /* whether texts beside those are taken, or true and false */
    mote_json_put_key(o, texts ? MOTE_TEXT("other") : MOTE_TEXT("boolean"));
    mote_json_put_bool(o,
                       f->flags & (MOTE_FEATURE_OTHER | MOTE_FEATURE_BOOLEAN));
    mote_json_put_close(o, '}');
}

static void put_output(const struct mote_model *m, struct mote_json_out *o)
{
    static const char *const styles[] = {
        [MOTE_REPLY_INDEX] = "index",
        [MOTE_REPLY_LABEL] = "label",
        [MOTE_REPLY_FULL] = "full",
        [MOTE_REPLY_SCORES] = "scores",
        [MOTE_REPLY_PREDICTION] = "prediction",
        [MOTE_REPLY_BASE64] = "base64",
    };
    static const char *const scores[] = {
        [MOTE_SCORES_NONE] = "none",
        [MOTE_SCORES_PROBABILITY] = "probabilities",
        [MOTE_SCORES_DECISION] = "decision values",
    };
    const struct mote_file_output *out = m->output;
    static const char *const kinds[] = {
        [MOTE_OUTPUT_CLASS] = "class",
        [MOTE_OUTPUT_NUMBERS] = "numbers",
        [MOTE_OUTPUT_EMBEDDING] = "embedding",
    };
    const bool classes = out->kind == MOTE_OUTPUT_CLASS;

    mote_json_put_open(o, '{');
    mote_json_put_member(o, MOTE_TEXT("kind"), mote_text_of(kinds[out->kind]));
    if (mote_is_embedding(out)) {
        mote_json_put_key(o, MOTE_TEXT("dimensions"));
        mote_json_put_uint(o, out->count);
    } else {
        mote_json_put_key(o, MOTE_TEXT("names"));
        put_names(m, out->first_name, out->count, o);
    }
    if (classes)
        mote_json_put_member(o, MOTE_TEXT("scores"),
                             mote_text_of(scores[out->scores_kind]));
    mote_json_put_member(o, MOTE_TEXT("reply"),
                         mote_text_of(styles[out->style]));
    mote_json_put_close(o, '}');
}

static void put_number(struct mote_text key, uint64_t value,
                       struct mote_json_out *o)
{
    mote_json_put_key(o, key);
    mote_json_put_uint(o, value);
}

static void put_series(const struct mote_model *m, struct mote_json_out *o)
{
    const struct mote_file_series *s = m->series;

    mote_json_put_open(o, '{');
    put_number(MOTE_TEXT("step_seconds"), s->step, o);
    put_number(MOTE_TEXT("gap_steps"), s->gap, o);
    mote_json_put_key(o, MOTE_TEXT("columns"));
    mote_json_put_open(o, '[');
    for (uint32_t c = 0; c < s->columns; c++) {
        const struct mote_file_series_column *column = m->series_columns + c;
        mote_json_put_open(o, '{');
        mote_json_put_member(o, MOTE_TEXT("name"),
                             mote_model_string(m, column->name));
        put_number(MOTE_TEXT("window_steps"), column->window, o);
        put_number(MOTE_TEXT("ahead_steps"), column->ahead, o);
        mote_json_put_close(o, '}');
    }
    mote_json_put_close(o, ']');
    mote_json_put_key(o, MOTE_TEXT("forecasts"));
    mote_json_put_open(o, '[');
    for (uint32_t f = 0; f < s->forecasts; f++) {
        mote_json_put_open(o, '{');
        mote_json_put_member(o, MOTE_TEXT("name"),
                             mote_model_string(m, m->forecasts[f].name));
        put_number(MOTE_TEXT("steps"), m->forecasts[f].steps, o);
        mote_json_put_close(o, '}');
    }
    mote_json_put_close(o, ']');
    mote_json_put_close(o, '}');
}

static void put_provenance(const struct mote_model *m, struct mote_json_out *o)
{
    struct mote_provenance piece;

    mote_json_put_open(o, '{');
    for (size_t at = 0; mote_model_provenance(m, &at, &piece);) {
        mote_json_put_key(o, piece.key);
        switch (piece.type) {
        case MOTE_PROVENANCE_TEXT:
            mote_json_put_string(o, piece.text);
            break;
        case MOTE_PROVENANCE_U64:
            mote_json_put_uint(o, piece.u64);
            break;
        case MOTE_PROVENANCE_F64:
            mote_json_put_f64(o, piece.f64);
            break;
        }
    }
    mote_json_put_close(o, '}');
}

void mote_describe(const struct mote_model *m, struct mote_json_out *o)
{
    mote_json_put_open(o, '{');
    mote_json_put_member(o, MOTE_TEXT("name"),
                         mote_model_string(m, m->about->name));
    mote_json_put_member(o, MOTE_TEXT("version"),
                         mote_model_string(m, m->about->version));
    if (m->about->description != MOTE_NONE)
        mote_json_put_member(o, MOTE_TEXT("description"),
                             mote_model_string(m, m->about->description));
    put_hash(o, m->header->content_hash);
    mote_json_put_member(o, MOTE_TEXT("engine"), MOTE_TEXT(MOTE_VERSION));
    mote_json_put_key(o, MOTE_TEXT("input"));
    mote_json_put_open(o, '[');
    for (uint32_t i = 0; i < m->feature_count; i++)
        put_feature(m, m->features + i, o);
    mote_json_put_close(o, ']');
    if (MOTE_LINKED_SERIES && m->series) {
        mote_json_put_key(o, MOTE_TEXT("series"));
        put_series(m, o);
    }
    mote_json_put_key(o, MOTE_TEXT("output"));
    put_output(m, o);
    mote_json_put_key(o, MOTE_TEXT("provenance"));
    put_provenance(m, o);
    mote_json_put_close(o, '}');
}
