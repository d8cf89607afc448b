/* core/base/json_write.c - see core/base/json_write.h */
#include "core/base/json_write.h"
#include "core/base/assert.h"
#include "core/base/number.h"
#include "core/base/utf8.h"

static void put_bytes(struct mote_json_out *o, const char *bytes, size_t n)
{
    if (o->full || n > o->cap - o->n) {
        o->full = true;
        return;
    }
    memcpy(o->at + o->n, bytes, n);
    o->n += n;
}

/* Syntax and escapes are ASCII without control characters, so inside an
 * embedded document only two characters need a second escape. */
static void put_ascii(struct mote_json_out *o, const char *bytes, size_t n)
{
    if (!o->embedded) {
        put_bytes(o, bytes, n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '"' || bytes[i] == '\\')
            put_bytes(o, "\\", 1);
        put_bytes(o, bytes + i, 1);
    }
}

static void put_char(struct mote_json_out *o, char c)
{
    put_ascii(o, &c, 1);
}

static void begin_value(struct mote_json_out *o)
{
    if (o->comma)
        put_char(o, ',');
    o->comma = true;
}

static void put_escape(struct mote_json_out *o, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    const char unicode[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    char pair[] = {'\\', (char)c};

    switch (c) {
    case '"':
    case '\\':
        break;
    case '\n':
        pair[1] = 'n';
        break;
    case '\r':
        pair[1] = 'r';
        break;
    case '\t':
        pair[1] = 't';
        break;
    default:
        put_ascii(o, unicode, sizeof unicode);
        return;
    }
    put_ascii(o, pair, sizeof pair);
}

static void put_quoted(struct mote_json_out *o, struct mote_text text)
{
    size_t from = 0, i = 0; /* [from, i) goes out as it is */

    put_char(o, '"');
    while (i < text.n) {
        const unsigned char c = (unsigned char)text.at[i];
        const size_t length = mote_utf8_sequence(text.at + i, text.n - i);

        if (length && c >= 0x20 && c != '"' && c != '\\') {
            i += length;
            continue;
        }
        put_bytes(o, text.at + from, i - from);
        if (length)
            put_escape(o, c);
        else
            put_bytes(o, "\xEF\xBF\xBD", 3); /* U+FFFD */
        from = ++i;
    }
    if (i > from)
        put_bytes(o, text.at + from, i - from);
    put_char(o, '"');
}

void mote_json_out_begin(struct mote_json_out *o, char *buffer, size_t cap)
{
    *o = (struct mote_json_out){.at = buffer, .cap = cap};
}

void mote_json_put_open(struct mote_json_out *o, char bracket)
{
    assert(bracket == '{' || bracket == '[');
    begin_value(o);
    put_char(o, bracket);
    o->comma = false;
}

void mote_json_put_close(struct mote_json_out *o, char bracket)
{
    assert(bracket == '}' || bracket == ']');
    put_char(o, bracket);
    o->comma = true;
}

void mote_json_put_key(struct mote_json_out *o, struct mote_text key)
{
    begin_value(o);
    put_quoted(o, key);
    put_char(o, ':');
    o->comma = false;
}

void mote_json_put_string(struct mote_json_out *o, struct mote_text value)
{
    begin_value(o);
    put_quoted(o, value);
}

void mote_json_put_bool(struct mote_json_out *o, bool value)
{
    mote_json_put_raw(o, value ? MOTE_TEXT("true") : MOTE_TEXT("false"));
}

void mote_json_put_null(struct mote_json_out *o)
{
    mote_json_put_raw(o, MOTE_TEXT("null"));
}

void mote_json_put_uint(struct mote_json_out *o, uint64_t value)
{
    char digits[MOTE_UINT_CHARS];
    begin_value(o);
    put_ascii(o, digits, mote_uint_write(digits, value));
}

void mote_json_put_f64(struct mote_json_out *o, double value)
{
    char digits[MOTE_F64_CHARS];
    const size_t n = mote_f64_write(digits, value);
    if (n == 0) {
        mote_json_put_null(o);
        return;
    }
    begin_value(o);
    put_ascii(o, digits, n);
}

void mote_json_put_f32(struct mote_json_out *o, float value)
{
    char digits[MOTE_F64_CHARS];
    const size_t n = mote_f32_write(digits, value);
    if (n == 0) {
        mote_json_put_null(o);
        return;
    }
    begin_value(o);
    put_ascii(o, digits, n);
}

void mote_json_put_base64(struct mote_json_out *o, const void *bytes, size_t n)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *b = bytes;

    begin_value(o);
    put_char(o, '"');
    for (size_t i = 0; i < n; i += 3) {
        const size_t left = n - i;
        const uint32_t three = (uint32_t)b[i] << 16 |
                               (left > 1 ? (uint32_t)b[i + 1] << 8 : 0) |
                               (left > 2 ? b[i + 2] : 0);
        const char four[] = {
            alphabet[three >> 18],
            alphabet[three >> 12 & 63],
            left > 1 ? alphabet[three >> 6 & 63] : '=',
            left > 2 ? alphabet[three & 63] : '=',
        };
        put_bytes(o, four, sizeof four); /* no character needs an escape */
    }
    put_char(o, '"');
}

void mote_json_put_raw(struct mote_json_out *o, struct mote_text json)
{
    begin_value(o);
    if (!o->embedded) {
        put_bytes(o, json.at, json.n);
        return;
    }
    for (size_t i = 0; i < json.n; i++) { /* blanks are control characters */
        if (json.at[i] == '\n' || json.at[i] == '\r' || json.at[i] == '\t')
            put_bytes(o, " ", 1);
        else
            put_char(o, json.at[i]);
    }
}

void mote_json_put_embedded(struct mote_json_out *o, bool begin)
{
    assert(o->embedded != begin);
    if (begin) {
        begin_value(o);
        put_char(o, '"');
        o->comma = false;
    }
    o->embedded = begin;
    if (!begin) {
        put_char(o, '"');
        o->comma = true;
    }
}

void mote_json_put_member(struct mote_json_out *o, struct mote_text key,
                          struct mote_text value)
{
    mote_json_put_key(o, key);
    mote_json_put_string(o, value);
}
