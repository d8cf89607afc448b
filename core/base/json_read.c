/* core/base/json_read.c - see core/base/json_read.h */
#include "core/base/json_read.h"
#include "core/base/assert.h"
#include "core/base/utf8.h"

static enum mote_status refuse(const struct mote_json *j, const char *at,
                               const char *expected, struct mote_where *where)
{
    where->offset = (size_t)(at - j->start);
    where->expected = expected;
    where->got = (struct mote_text){at, 0};
    if (at < j->end) { /* the whole sequence, or the one byte that is none */
        const size_t n = mote_utf8_sequence(at, (size_t)(j->end - at));
        where->got.n = n ? n : 1;
    }
    return MOTE_E_FORMAT;
}

static bool is_digit(const struct mote_json *j, const char *at)
{
    return at < j->end && *at >= '0' && *at <= '9';
}

static const char *skip_digits(const struct mote_json *j, const char *at)
{
    while (is_digit(j, at))
        at++;
    return at;
}

static void skip_blanks(struct mote_json *j)
{
    while (j->at < j->end && (*j->at == ' ' || *j->at == '\n' ||
                              *j->at == '\r' || *j->at == '\t'))
        j->at++;
}

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? */
static enum mote_status read_number(struct mote_json *j, struct mote_text *text,
                                    struct mote_where *where)
{
    const char *at = j->at;

    if (*at == '-')
        at++;
    if (!is_digit(j, at))
        return refuse(j, at, "a digit", where);
    at = *at == '0' ? at + 1 : skip_digits(j, at);
    if (at < j->end && *at == '.') {
        if (!is_digit(j, ++at))
            return refuse(j, at, "a digit", where);
        at = skip_digits(j, at);
    }
    if (at < j->end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < j->end && (*at == '+' || *at == '-'))
            at++;
        if (!is_digit(j, at))
            return refuse(j, at, "a digit", where);
        at = skip_digits(j, at);
    }
    *text = (struct mote_text){j->at, (size_t)(at - j->at)};
    j->at = at;
    return MOTE_OK;
}

/* Value of four hex digits at `at`, or -1. */
static int32_t hex4(const char *at, const char *end)
{
    int32_t value = 0;

    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        const char c = at[i];
        int digit = -1;
        if (c >= '0' && c <= '9')
            digit = c - '0';
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            digit = (c | 0x20) - 'a' + 10;
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

/*
 * Code point of the \uXXXX at `at` (or of the surrogate pair that starts
 * there), and how many bytes it takes; 0 bytes when it is not a legal one.
 */
static size_t unicode_escape(const char *at, const char *end, uint32_t *c)
{
    const int32_t high = hex4(at + 2, end);

    if (high < 0 || (high >= 0xDC00 && high <= 0xDFFF))
        return 0;
    *c = (uint32_t)high;
    if (high < 0xD800 || high > 0xDBFF)
        return 6;
    if (end - at < 12 || at[6] != '\\' || at[7] != 'u')
        return 0;
    const int32_t low = hex4(at + 8, end);
    if (low < 0xDC00 || low > 0xDFFF)
        return 0;
    *c = 0x10000 + ((uint32_t)(high - 0xD800) << 10) + (uint32_t)(low - 0xDC00);
    return 12;
}

/* The byte that a two-character escape stands for, 0 when there is none. */
static char short_escape(char letter)
{
    switch (letter) {
    case '"':
    case '\\':
    case '/':
        return letter;
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    }
    return 0;
}

/* j->at is behind the opening quote, and is left behind the closing one. */
static enum mote_status read_string(struct mote_json *j, struct mote_text *text,
                                    bool *escaped, struct mote_where *where)
{
    const char *at = j->at;

    *escaped = false;
    while (at < j->end && *at != '"') {
        const unsigned char c = (unsigned char)*at;
        size_t length = 1;

        if (c < 0x20)
            return refuse(j, at, "no bare control character", where);
        if (c == '\\') {
            uint32_t ignored;
            *escaped = true;
            length = 2;
            if (j->end - at < 2)
                return refuse(j, j->end, "an escape", where);
            if (at[1] == 'u')
                length = unicode_escape(at, j->end, &ignored);
            else if (!short_escape(at[1]))
                length = 0;
            if (length == 0)
                return refuse(j, at, "a legal escape", where);
        } else if (c >= 0x80) {
            length = mote_utf8_sequence(at, (size_t)(j->end - at));
            if (length == 0)
                return refuse(j, at, "valid UTF-8", where);
        }
        at += length;
    }
    if (at == j->end)
        return refuse(j, at, "a closing quote", where);
    *text = (struct mote_text){j->at, (size_t)(at - j->at)};
    j->at = at + 1;
    return MOTE_OK;
}

static enum mote_status read_literal(struct mote_json *j,
                                     struct mote_json_token *t,
                                     struct mote_text word,
                                     enum mote_json_type type,
                                     struct mote_where *where)
{
    const struct mote_text rest = {j->at, (size_t)(j->end - j->at)};

    if (!mote_text_starts(rest, word))
        return refuse(j, j->at, "a JSON value", where);
    t->type = type;
    t->text = (struct mote_text){j->at, word.n};
    j->at += word.n;
    return MOTE_OK;
}

static enum mote_status open_level(struct mote_json *j,
                                   struct mote_json_token *t, bool object,
                                   struct mote_where *where)
{
    if (j->depth == MOTE_JSON_DEPTH) {
        refuse(j, j->at, "at most 64 levels of nesting", where);
        return MOTE_E_DEPTH;
    }
    const uint64_t bit = (uint64_t)1 << j->depth++;
    j->objects = object ? j->objects | bit : j->objects & ~bit;
    j->begun = false;
    j->at++;
    t->type = object ? MOTE_JSON_OBJECT : MOTE_JSON_ARRAY;
    return MOTE_OK;
}

static enum mote_status read_value(struct mote_json *j,
                                   struct mote_json_token *t,
                                   struct mote_where *where)
{
    t->offset = (size_t)(j->at - j->start);
    if (j->at == j->end)
        return refuse(j, j->at, "a JSON value", where);
    j->begun = true;
    switch (*j->at) {
    case '{':
        return open_level(j, t, true, where);
    case '[':
        return open_level(j, t, false, where);
    case '"':
        j->at++;
        t->type = MOTE_JSON_STRING;
        return read_string(j, &t->text, &t->escaped, where);
    case 't':
        return read_literal(j, t, MOTE_TEXT("true"), MOTE_JSON_TRUE, where);
    case 'f':
        return read_literal(j, t, MOTE_TEXT("false"), MOTE_JSON_FALSE, where);
    case 'n':
        return read_literal(j, t, MOTE_TEXT("null"), MOTE_JSON_NULL, where);
    }
    if (*j->at != '-' && !is_digit(j, j->at))
        return refuse(j, j->at, "a JSON value", where);
    t->type = MOTE_JSON_NUMBER;
    return read_number(j, &t->text, where);
}

static enum mote_status read_key(struct mote_json *j, struct mote_json_token *t,
                                 struct mote_where *where)
{
    if (j->at == j->end || *j->at != '"')
        return refuse(j, j->at, "a quoted member name", where);
    j->at++;
    const enum mote_status s = read_string(j, &t->key, &t->key_escaped, where);
    if (s != MOTE_OK)
        return s;
    skip_blanks(j);
    if (j->at == j->end || *j->at != ':')
        return refuse(j, j->at, "a colon", where);
    j->at++;
    skip_blanks(j);
    return MOTE_OK;
}

void mote_json_begin(struct mote_json *j, struct mote_text text)
{
    const char *at = text.n ? text.at : "";
    *j = (struct mote_json){.start = at, .at = at, .end = at + text.n};
}

enum mote_status mote_json_next(struct mote_json *j, struct mote_json_token *t,
                                struct mote_where *where)
{
    assert(!j->done);
    *t = (struct mote_json_token){0};
    skip_blanks(j);
    if (j->depth == 0) {
        if (!j->begun)
            return read_value(j, t, where);
        if (j->at < j->end)
            return refuse(j, j->at, "nothing after the value", where);
        t->type = MOTE_JSON_DONE;
        t->offset = (size_t)(j->at - j->start);
        j->done = true;
        return MOTE_OK;
    }

    const bool object = j->objects >> (j->depth - 1) & 1;
    if (j->at < j->end && *j->at == (object ? '}' : ']')) {
        t->type = MOTE_JSON_END;
        t->offset = (size_t)(j->at - j->start);
        j->at++;
        j->depth--;
        j->begun = true;
        return MOTE_OK;
    }
    if (j->begun) {
        if (j->at == j->end || *j->at != ',')
            return refuse(j, j->at,
                          object ? "a comma or a closing brace"
                                 : "a comma or a closing bracket",
                          where);
        j->at++;
        skip_blanks(j);
    }
    if (object) {
        const enum mote_status s = read_key(j, t, where);
        if (s != MOTE_OK)
            return s;
    }
    return read_value(j, t, where);
}

enum mote_status mote_json_skip(struct mote_json *j,
                                const struct mote_json_token *t,
                                struct mote_where *where)
{
    if (t->type != MOTE_JSON_OBJECT && t->type != MOTE_JSON_ARRAY)
        return MOTE_OK;
    for (const uint8_t depth = j->depth; j->depth >= depth;) {
        struct mote_json_token inner;
        const enum mote_status s = mote_json_next(j, &inner, where);
        if (s != MOTE_OK)
            return s;
    }
    return MOTE_OK;
}

/* The code point of the escape at text.at + *i; *i moves behind it. */
static uint32_t take_escape(struct mote_text text, size_t *i)
{
    const char *at = text.at + *i, *end = text.at + text.n;
    uint32_t c;

    assert(*at == '\\');
    if (at[1] != 'u') {
        *i += 2;
        return (unsigned char)short_escape(at[1]);
    }
    *i += unicode_escape(at, end, &c);
    return c;
}

size_t mote_json_unescape(char *dst, struct mote_text text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.n;) {
        if (text.at[i] != '\\')
            dst[n++] = text.at[i++];
        else
            n += mote_utf8_encode(take_escape(text, &i), dst + n);
    }
    return n;
}

bool mote_json_is(struct mote_text text, bool escaped, struct mote_text plain)
{
    if (!escaped)
        return mote_text_equal(text, plain);

    size_t n = 0;
    for (size_t i = 0; i < text.n;) {
        char bytes[4] = {text.at[i]};
        size_t length = 1;
        if (text.at[i] != '\\')
            i++;
        else
            length = mote_utf8_encode(take_escape(text, &i), bytes);
        if (plain.n - n < length || memcmp(plain.at + n, bytes, length) != 0)
            return false;
        n += length;
    }
    return n == plain.n;
}

struct mote_text mote_json_type_text(enum mote_json_type type)
{
    switch (type) {
    case MOTE_JSON_OBJECT:
        return MOTE_TEXT("an object");
    case MOTE_JSON_ARRAY:
        return MOTE_TEXT("an array");
    case MOTE_JSON_STRING:
        return MOTE_TEXT("a string");
    case MOTE_JSON_NUMBER:
        return MOTE_TEXT("a number");
    case MOTE_JSON_TRUE:
    case MOTE_JSON_FALSE:
        return MOTE_TEXT("a boolean");
    case MOTE_JSON_NULL:
        return MOTE_TEXT("null");
    case MOTE_JSON_END:
    case MOTE_JSON_DONE:
        break;
    }
    return MOTE_TEXT("the end");
}
