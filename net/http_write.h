/*
 * net/http_write.h - heads of HTTP messages, written into the caller's memory.
 */
#ifndef MOTE_NET_HTTP_WRITE_H
#define MOTE_NET_HTTP_WRITE_H

#include "core/base/status.h"

/* What would not fit is left out as a whole, and `full` stays set: looked at
 * once, at the end. */
struct mote_http_out {
    char *at;
    size_t n, cap;
    bool full;
};

void mote_http_put(struct mote_http_out *out, struct mote_text text);
void mote_http_put_uint(struct mote_http_out *out, uint64_t value);

/* "name: value" and the end of the line. */
void mote_http_put_field(struct mote_http_out *out, struct mote_text name,
                         struct mote_text value);

/* Everything but RFC 3986's unreserved characters as %XX; `keep` is one more
 * that stays ('/' of a path), 0 for none. */
void mote_http_put_escaped(struct mote_http_out *out, struct mote_text text,
                           char keep);

/* RFC 3986, section 2.3. */
static inline bool mote_http_is_unreserved(char c)
{
    const unsigned char letter = (unsigned char)c | 0x20;

    return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '_' || c == '~';
}

static inline struct mote_text mote_http_written(const struct mote_http_out *o)
{
    return (struct mote_text){o->at, o->n};
}

#endif
