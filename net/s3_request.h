/*
 * net/s3_request.h - one request of S3: signed, sent, and made again while that
 * may help. What net/s3.c and net/s3_list.c are made of.
 */
#ifndef MOTE_NET_S3_REQUEST_H
#define MOTE_NET_S3_REQUEST_H

#include "net/s3.h"

struct mote_s3_request {
    struct mote_text method;
    bool lists; /* the bucket itself, without key */
    struct mote_s3_object object;
    struct mote_text query;           /* escaped                       */
    struct mote_http_field fields[4]; /* more that are sent and signed */
    size_t count;
    struct mote_text body;
    const char *payload; /* [MOTE_SHA256_HEX] of the body */
    const struct mote_sink *sink;
    uint64_t limit, deadline_ms;
};

/* SHA-256 of no bytes, in hexadecimal. */
extern const char mote_s3_empty_payload[];

/* One field more, unless its value is empty. */
void mote_s3_request_field(struct mote_s3_request *r, struct mote_text name,
                           struct mote_text value);

/*
 * Makes it until it succeeds or no further try is worth it. What the server
 * says of its clock and of the bucket's region stays in s3.
 *
 * errors  MOTE_E_REFUSED  neither 2xx nor 304: see answer->code
 *         MOTE_E_FORMAT, MOTE_E_SCHEMA  see answer->where
 *         and those of mote_fetch_exchange and of the sink
 */
enum mote_status mote_s3_request_run(struct mote_s3 *s3,
                                     const struct mote_s3_request *r,
                                     struct mote_s3_answer *answer);

/* An answer of no request so far. */
void mote_s3_answer_begin(struct mote_s3_answer *answer);

/* MOTE_E_FORMAT, and in where what was expected. */
enum mote_status mote_s3_refuse(struct mote_where *where,
                                struct mote_text field, struct mote_text got,
                                const char *expected);

#endif
