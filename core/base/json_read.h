/*
 * core/base/json_read.h - a pull reader of JSON: no tree, no allocation.
 *
 * Reads RFC 8259 strictly: one value, nothing after it but blanks, valid
 * UTF-8, no lone surrogates. Each call gives the next token as views into the
 * text, which must outlive them. Keys arrive with the value they name:
 *
 *   {"a": [1, null]}  ->  OBJECT, ARRAY (key a), NUMBER, NULL, END, END, DONE
 *
 * A reader is plain data: copy it to come back to where it was.
 */
#ifndef MOTE_BASE_JSON_READ_H
#define MOTE_BASE_JSON_READ_H

#include "core/base/status.h"

/* Deepest nesting accepted; the bits of mote_json.objects. */
#define MOTE_JSON_DEPTH 64

enum mote_json_type {
    MOTE_JSON_OBJECT, /* members follow, then MOTE_JSON_END  */
    MOTE_JSON_ARRAY,  /* elements follow, then MOTE_JSON_END */
    MOTE_JSON_END,    /* of the innermost object or array    */
    MOTE_JSON_STRING,
    MOTE_JSON_NUMBER,
    MOTE_JSON_TRUE,
    MOTE_JSON_FALSE,
    MOTE_JSON_NULL,
    MOTE_JSON_DONE /* the value is complete and nothing follows it */
};

/*
 * text     STRING: between the quotes, escapes as they came (all legal, see
 *          mote_json_unescape); NUMBER and literals: as they came; else empty
 * key      inside an object: the member's name, escapes as they came
 * escaped, key_escaped   whether a backslash occurs in text, in key
 * offset   of the token's first byte (of a string: its quote)
 */
struct mote_json_token {
    enum mote_json_type type;
    bool escaped, key_escaped;
    struct mote_text text, key;
    size_t offset;
};

struct mote_json {
    const char *start, *at, *end;
    uint64_t objects; /* bit i: level i is an object, not an array */
    uint8_t depth;    /* open objects and arrays                   */
    bool begun;       /* a value has been read at this level       */
    bool done;
};

/* A reader at the start of text; its end is the end of the input. */
void mote_json_begin(struct mote_json *j, struct mote_text text);

/*
 * Gives the next token. After MOTE_JSON_DONE, or after an error, the reader
 * must not be used again.
 *
 * errors  MOTE_E_FORMAT   not JSON; where->offset, expected, got say why
 *         MOTE_E_DEPTH    more than MOTE_JSON_DEPTH levels
 */
enum mote_status mote_json_next(struct mote_json *j, struct mote_json_token *t,
                                struct mote_where *where);

/* Reads to the end of the object or array that token t opened; nothing to do
 * for any other token. Errors as mote_json_next. */
enum mote_status mote_json_skip(struct mote_json *j,
                                const struct mote_json_token *t,
                                struct mote_where *where);

/*
 * Decodes the escapes of a text or key that a reader gave. dst needs text.n
 * bytes and may be the same memory as text.at: decoding never writes ahead of
 * what it has read. Returns the bytes written.
 */
size_t mote_json_unescape(char *dst, struct mote_text text);

/* Whether a key or text, once unescaped, is exactly `plain`. */
bool mote_json_is(struct mote_text text, bool escaped, struct mote_text plain);

/* mote_json_is on the token's key. */
static inline bool mote_json_key_is(const struct mote_json_token *t,
                                    struct mote_text plain)
{
    return mote_json_is(t->key, t->key_escaped, plain);
}

/* What a token is, in words for a message: "a number", "an object", ... */
struct mote_text mote_json_type_text(enum mote_json_type type);

#endif
