/*
 * core/base/json_write.h - JSON into a fixed buffer, commas looked after.
 *
 * What does not fit is dropped and `full` stays set: write everything, then
 * look once. Text that is not valid UTF-8 gets U+FFFD in its place and numbers
 * that JSON cannot say (NaN, infinities) become null, so that what comes out
 * always parses.
 *
 * Between mote_json_put_embedded(true) and (false) everything written goes
 * into a JSON string: a whole document as the value of "body", say, without a
 * second buffer. One level deep.
 */
#ifndef MOTE_BASE_JSON_WRITE_H
#define MOTE_BASE_JSON_WRITE_H

#include "core/base/text.h"

struct mote_json_out {
    char *at;      /* [cap], the caller's                      */
    size_t n, cap; /* bytes written, bytes there are           */
    bool full;     /* something did not fit; what is there is a prefix */
    bool embedded; /* bytes are escaped once more on their way */
    bool comma;    /* the next value is not the first of its level */
};

void mote_json_out_begin(struct mote_json_out *o, char *buffer, size_t cap);

void mote_json_put_open(struct mote_json_out *o, char bracket);  /* { or [ */
void mote_json_put_close(struct mote_json_out *o, char bracket); /* } or ] */
void mote_json_put_key(struct mote_json_out *o, struct mote_text key);

void mote_json_put_string(struct mote_json_out *o, struct mote_text value);
void mote_json_put_bool(struct mote_json_out *o, bool value);
void mote_json_put_null(struct mote_json_out *o);
void mote_json_put_uint(struct mote_json_out *o, uint64_t value);

/* The shortest decimal that reads back as the same double, or float. */
void mote_json_put_f64(struct mote_json_out *o, double value);
void mote_json_put_f32(struct mote_json_out *o, float value);

/* Bytes as a string of base64 (RFC 4648, section 4). */
void mote_json_put_base64(struct mote_json_out *o, const void *bytes, size_t n);

/* A value that is JSON already: copied as it is. */
void mote_json_put_raw(struct mote_json_out *o, struct mote_text json);

/* Opens or closes a string that holds a document, see above. */
void mote_json_put_embedded(struct mote_json_out *o, bool begin);

/* A key and its string value, the commonest pair. */
void mote_json_put_member(struct mote_json_out *o, struct mote_text key,
                          struct mote_text value);

#endif
