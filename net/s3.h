/*
 * net/s3.h - objects of S3, and of servers like it: got, put, listed.
 *
 * Every request is signed, body included, and made again while that may help
 * (net/retry.h), with what the server said about its clock and the bucket's
 * region taken to heart. One request at a time, all memory the caller's.
 *
 * source  AWS, Amazon S3 API Reference: GetObject, PutObject, ListObjectsV2,
 *         "Error responses"; "Making requests using the REST API"
 */
#ifndef MOTE_NET_S3_H
#define MOTE_NET_S3_H

#include "net/credentials.h"
#include "net/fetch.h"
#include "net/xml.h"

#define MOTE_S3_KEY 1024     /* bytes of a key                          */
#define MOTE_S3_VERSION 1024 /* bytes of a version's name */
#define MOTE_S3_HEAD 16384   /* bytes of a request's head               */
#define MOTE_S3_REGION 32    /* bytes of a region's name                */
#define MOTE_S3_WORDS 1024   /* bytes of what a server says of an error */
#define MOTE_S3_SKEW_S                                                         \
    240 /* clocks further apart are corrected: S3 refuses                      \
           what is 15 minutes off */

struct mote_s3 {
    struct mote_fetch *fetch;
    struct mote_credentials *credentials;
    char region[MOTE_S3_REGION];
    size_t region_bytes;
    struct mote_url endpoint; /* host empty: AWS's own                   */
    bool path_style;          /* bucket in the path, not in the host     */
    int64_t ahead_s;          /* the server's clock before ours          */
    char host[MOTE_URL_HOST]; /* of the request under way                */
    char head[MOTE_S3_HEAD];
};

/*
 * Reads AWS_REGION or AWS_DEFAULT_REGION, and AWS_ENDPOINT_URL_S3 or
 * AWS_ENDPOINT_URL, of which no one needs to be there; with an endpoint buckets
 * go into the path.
 *
 * environment  as of mote_credentials_begin
 * errors       MOTE_E_SCHEMA  neither region nor endpoint
 *              MOTE_E_FORMAT  one of them is none; see where
 */
enum mote_status mote_s3_begin(struct mote_s3 *s3, struct mote_fetch *fetch,
                               struct mote_credentials *credentials,
                               char *const *environment,
                               struct mote_where *where);

struct mote_s3_object {
    struct mote_text bucket; /* 3 to 63 of a-z, 0-9, '-', '.'   */
    struct mote_text key;    /* 1 to MOTE_S3_KEY bytes          */
};

/* Texts live until the next request with the same answer. */
struct mote_s3_answer {
    struct mote_fetch_answer http; /* of the last try */
    struct mote_text code; /* S3's own: "NoSuchKey"; empty: none came  */
    struct mote_text message, request_id;
    struct mote_text etag;   /* with its quotes                             */
    unsigned tries;          /* made                                          */
    struct mote_where where; /* of MOTE_E_FORMAT and MOTE_E_SCHEMA          */
    char words[MOTE_S3_WORDS];
};

/*
 * Gets an object, or a range of it.
 *
 * first, bytes  a range; bytes 0: all of it
 * version       of a bucket that keeps them: versionId, or empty: the newest
 * if_match      ETag that it must still have, or empty
 * if_none_match ETag that it must not have any more, or empty: then the answer
 *               may be 304 with MOTE_OK and nothing for the sink
 * limit         longest body
 * errors  MOTE_E_REFUSED  S3 said no, see answer->code and http.head.status
 *         MOTE_E_DAMAGED  the body is not what its SHA-256 says (checked when
 *                         the object was put with one)
 *         MOTE_E_FORMAT   also an answer of another range than was asked for
 *         MOTE_E_FORMAT, MOTE_E_SCHEMA  see answer->where
 *         and those of mote_fetch_exchange and of the sink
 */
struct mote_s3_get {
    struct mote_s3_object object;
    uint64_t first, bytes;
    struct mote_text version, if_match, if_none_match;
    uint64_t limit, deadline_ms;
};
enum mote_status mote_s3_get(struct mote_s3 *s3, const struct mote_s3_get *get,
                             const struct mote_sink *sink,
                             struct mote_s3_answer *answer);

/*
 * Puts an object: all of it becomes visible at once, or nothing does. Its
 * SHA-256 is checked by the server on arrival and stays with it.
 *
 * type      Content-Type, or empty
 * if_absent only when there is no such object: else MOTE_E_REFUSED, code
 *           PreconditionFailed. A put that was tried again may meet what it
 *           wrote itself: the object is read then, and the same bytes are
 *           MOTE_OK
 */
struct mote_s3_put {
    struct mote_s3_object object;
    struct mote_text type, body;
    bool if_absent;
    uint64_t deadline_ms;
};
enum mote_status mote_s3_put(struct mote_s3 *s3, const struct mote_s3_put *put,
                             struct mote_s3_answer *answer);

/*
 * Lists objects whose keys begin with a prefix, in the order of their bytes, a
 * page with each call until cursor->more is false.
 *
 * page    objects asked for at a time, 1 to 1000; 0: the server's choice
 * each    is given one object at a time; a status other than MOTE_OK ends the
 *         listing with it. Texts are valid during the call
 * cursor  where the listing stands; zero-filled before the first page
 */
struct mote_s3_entry {
    struct mote_text key, etag, modified; /* modified: RFC 3339 */
    uint64_t bytes;
};
struct mote_s3_list {
    struct mote_text bucket, prefix;
    unsigned page;
    uint64_t deadline_ms;
    void *context;
    enum mote_status (*each)(void *context, const struct mote_s3_entry *entry);
};
struct mote_s3_cursor {
    bool more; /* another page follows: its token is */
    size_t token_bytes;
    char token[MOTE_XML_VALUE];
};
enum mote_status mote_s3_list(struct mote_s3 *s3,
                              const struct mote_s3_list *list,
                              struct mote_s3_cursor *cursor,
                              struct mote_s3_answer *answer);

#endif
