/* core/function/failure.c - see core/function/failure.h */
#include "core/function/failure.h"
#include "core/base/assert.h"
#include "core/base/number.h"
#include "core/base/utf8.h"

#define GOT_MAX 64 /* bytes of the input that a message repeats */

void mote_failure_input(struct mote_failure *f, enum mote_status status,
                        const struct mote_where *where)
{
    *f = (struct mote_failure){
        .http = 400,
        .type = "BadInput",
        .status = status,
        .where = *where,
    };
}

void mote_failure_plain(struct mote_failure *f, int http, const char *type,
                        const char *message)
{
    *f = (struct mote_failure){
        .http = http,
        .type = type,
        .where = {.row = MOTE_NO_ROW, .expected = message},
    };
}

/* ------------------------------------------------------------------------
 * A message, put together in a fixed buffer
 */
struct words {
    char *at;
    size_t n;
};

static void say(struct words *w, struct mote_text text)
{
    const size_t left = MOTE_FAILURE_TEXT - w->n;
    const size_t n = text.n <= left ? text.n : mote_utf8_valid(text.at, left);

    if (n)
        memcpy(w->at + w->n, text.at, n);
    w->n += n;
}

static void say_uint(struct words *w, uint64_t value)
{
    char digits[MOTE_UINT_CHARS];
    say(w, (struct mote_text){digits, mote_uint_write(digits, value)});
}

/* The beginning of what came, cut between characters. */
static void say_got(struct words *w, struct mote_text got)
{
    const bool cut = got.n > GOT_MAX;

    if (cut) {
        const size_t valid = mote_utf8_valid(got.at, GOT_MAX);
        got.n = valid ? valid : GOT_MAX;
    }
    say(w, got);
    if (cut)
        say(w, MOTE_TEXT("..."));
}

static void say_columns(struct words *w, const struct mote_model *m)
{
    say(w, MOTE_TEXT("; a series has time"));
    for (uint32_t c = 0; c < m->series->columns; c++) {
        say(w, MOTE_TEXT(", "));
        say(w, mote_model_string(m, m->series_columns[c].name));
    }
}

/* The way out of a wrong row: what a right one has. */
static void say_features(struct words *w, const struct mote_model *m)
{
    const uint32_t most = 16;

    if (MOTE_LINKED_SERIES && m->series) {
        say_columns(w, m);
        return;
    }
    say(w, MOTE_TEXT("; the features are "));
    for (uint32_t i = 0; i < m->feature_count && i < most; i++) {
        if (i)
            say(w, MOTE_TEXT(", "));
        say(w, mote_model_string(m, m->features[i].name));
    }
    if (m->feature_count > most)
        say(w, MOTE_TEXT(", ..."));
}

static bool is_syntax(const struct mote_failure *f)
{
    return f->status == MOTE_E_FORMAT || f->status == MOTE_E_DEPTH;
}

/* Whether the field is no name of ours but one that the sender made up. */
static bool is_theirs(const struct mote_where *where)
{
    return where->field.n && where->field.at == where->got.at;
}

struct mote_text mote_failure_message(const struct mote_failure *f,
                                      bool for_log, char *out)
{
    const struct mote_where *where = &f->where;
    struct words w = {out, 0};

    if (where->row != MOTE_NO_ROW) {
        say(&w, MOTE_TEXT("row "));
        say_uint(&w, where->row);
        say(&w, MOTE_TEXT(": "));
    }
    if (where->field.n && !(for_log && is_theirs(where))) {
        say_got(&w, where->field);
        say(&w, MOTE_TEXT(": "));
    }
    if (f->status == MOTE_OK) { /* the sentence itself */
        say(&w, mote_text_of(where->expected));
    } else {
        if (is_syntax(f)) {
            say(&w, MOTE_TEXT("at byte "));
            say_uint(&w, where->offset);
            say(&w, MOTE_TEXT(": "));
        }
        say(&w, MOTE_TEXT("expected "));
        say(&w, mote_text_of(where->expected));
        if (!for_log) {
            say(&w, MOTE_TEXT(", got "));
            say_got(&w, where->got.n ? where->got : MOTE_TEXT("the end"));
        }
    }
    if (f->schema && !for_log)
        say_features(&w, f->schema);
    return (struct mote_text){out, w.n};
}

void mote_failure_tell(const struct mote_failure *f, const struct mote_log *log,
                       struct mote_text key, uint64_t value)
{
    char text[MOTE_FAILURE_TEXT];
    struct mote_log_line line;

    if (!log || !mote_log_begin(&line, log, MOTE_WARN,
                                mote_failure_message(f, true, text)))
        return;
    mote_json_put_key(&line.json, key);
    mote_json_put_uint(&line.json, value);
    mote_log_end(&line, log);
}

void mote_failure_put(const struct mote_failure *f, struct mote_json_out *o)
{
    const struct mote_where *where = &f->where;
    char text[MOTE_FAILURE_TEXT];

    mote_json_put_open(o, '{');
    mote_json_put_key(o, MOTE_TEXT("error"));
    mote_json_put_open(o, '{');
    mote_json_put_member(o, MOTE_TEXT("type"), mote_text_of(f->type));
    mote_json_put_member(o, MOTE_TEXT("message"),
                         mote_failure_message(f, false, text));
    if (where->row != MOTE_NO_ROW) {
        mote_json_put_key(o, MOTE_TEXT("row"));
        mote_json_put_uint(o, where->row);
    }
    if (where->field.n) {
        struct words w = {text, 0};
        say_got(&w, where->field);
        mote_json_put_member(o, MOTE_TEXT("field"),
                             (struct mote_text){text, w.n});
    }
    mote_json_put_close(o, '}');
    mote_json_put_close(o, '}');
}

void mote_failure_put_invocation(const struct mote_failure *f,
                                 struct mote_text request_id,
                                 struct mote_json_out *o)
{
    char text[MOTE_FAILURE_TEXT], type[64];

    mote_json_put_open(o, '{');
    mote_json_put_member(o, MOTE_TEXT("errorMessage"),
                         mote_failure_message(f, false, text));
    mote_json_put_member(o, MOTE_TEXT("errorType"), mote_failure_type(f, type));
    if (request_id.n)
        mote_json_put_member(o, MOTE_TEXT("requestId"), request_id);
    mote_json_put_key(o, MOTE_TEXT("stackTrace"));
    mote_json_put_open(o, '[');
    mote_json_put_close(o, ']');
    mote_json_put_close(o, '}');
}

struct mote_text mote_failure_type(const struct mote_failure *f, char out[64])
{
    const struct mote_text before = MOTE_TEXT("Function.");
    const struct mote_text type = mote_text_of(f->type);

    assert(before.n + type.n <= 64);
    memcpy(out, before.at, before.n);
    memcpy(out + before.n, type.at, type.n);
    return (struct mote_text){out, before.n + type.n};
}
