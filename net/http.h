/*
 * net/http.h - HTTP/1.1 message heads and body framing, without any I/O.
 *
 * A head is parsed from the bytes that have arrived so far, as often as one
 * likes; a body is taken apart run by run, where it lies. Everything is
 * bounds-checked, nothing is copied. Requests are parsed as well as responses:
 * the emulator stands on the other side of the same wire.
 *
 * Strict where a mistake could shift a message's end (RFC 9112): CRLF only, no
 * blank before a colon, no folded lines, one length and only digits in it.
 */
#ifndef MOTE_NET_HTTP_H
#define MOTE_NET_HTTP_H

#include "core/base/status.h"

#define MOTE_HTTP_FIELDS 64 /* header fields in one head */

struct mote_http_field {
    struct mote_text name, value; /* value: no blanks around it */
};

/* All texts are views into the bytes that were parsed. */
struct mote_http_head {
    int status;                      /* response: 100 to 999          */
    struct mote_text method, target; /* request: not empty            */
    int minor;                       /* HTTP/1.minor: 0 or 1          */
    struct mote_http_field fields[MOTE_HTTP_FIELDS];
    size_t count; /* of fields                                        */
    size_t bytes; /* of the whole head, its blank line included       */
};

/*
 * Parse a head that starts at text.at.
 *
 * returns  MOTE_OK        complete; the body starts at text.at + head->bytes
 *          MOTE_E_AGAIN   right so far; call again with more bytes. As after
 *                         MOTE_E_FORMAT, head->fields are the whole ones before
 *          MOTE_E_FORMAT  not HTTP/1.0 or 1.1, or more than MOTE_HTTP_FIELDS
 */
enum mote_status mote_http_parse_response(struct mote_http_head *head,
                                          struct mote_text text);
enum mote_status mote_http_parse_request(struct mote_http_head *head,
                                         struct mote_text text);

/* Value of the first field of that name (compared without case), or an empty
 * text; a field that is there but empty reads the same as none. */
struct mote_text mote_http_field(const struct mote_http_head *head,
                                 struct mote_text name);

/* The moment in a Date field, "Sun, 06 Nov 1994 08:49:37 GMT", as Unix seconds.
 * MOTE_E_FORMAT for anything else. */
enum mote_status mote_http_date(struct mote_text value, int64_t *unix_s);

/* Whether the connection can carry another message after this one. */
bool mote_http_keeps_alive(const struct mote_http_head *head);

enum mote_http_framing {
    MOTE_HTTP_COUNTED, /* Content-Length, or no body at all */
    MOTE_HTTP_CHUNKED,
    MOTE_HTTP_UNTIL_CLOSE, /* a response without either */
};

struct mote_http_body {
    enum mote_http_framing framing;
    bool done;
    uint64_t left;     /* payload bytes to come: of the body, of the chunk */
    uint32_t overhead; /* bytes of extensions, trailers, leading zeros    */
    uint8_t state;     /* of the chunk parser                             */
};

/*
 * How the body behind a head is framed. Request or response is seen from the
 * head; 1xx, 204 and 304 have none.
 *
 * errors  MOTE_E_FORMAT  a length that is none, two that differ, a length
 *                        beside chunking, or a coding other than chunked,
 *                        none, or more than one
 */
enum mote_status mote_http_body_begin(struct mote_http_body *body,
                                      const struct mote_http_head *head);

/*
 * Takes the next run of payload from raw: *used bytes of raw are finished
 * with, and `payload` is the part of them that is body (perhaps empty). Call
 * until body->done, or until raw is used up and more has to be read.
 *
 * errors  MOTE_E_FORMAT  chunking that no reader could follow
 */
enum mote_status mote_http_body_take(struct mote_http_body *body,
                                     struct mote_text raw, size_t *used,
                                     struct mote_text *payload);

/* At end of stream: whether the body was complete. */
static inline bool mote_http_body_may_end(const struct mote_http_body *body)
{
    return body->done || body->framing == MOTE_HTTP_UNTIL_CLOSE;
}

#endif
