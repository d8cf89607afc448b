/*
 * core/function/outside.h - what a function can reach beyond the Runtime API:
 * objects of S3, and pages by HTTP and HTTPS.
 *
 * A build either links all of it (outside_net.c) or none (outside_none.c), so
 * that a function that needs nothing outside carries no TLS. Nothing is set up
 * before the first request; connections are kept from one event to the next.
 */
#ifndef MOTE_FUNCTION_OUTSIDE_H
#define MOTE_FUNCTION_OUTSIDE_H

#include "core/base/status.h"

#define MOTE_OUTSIDE_WORDS 512 /* bytes of what went wrong */
#define MOTE_OUTSIDE_ETAG 128
#define MOTE_OUTSIDE_SPARE_MS                                                  \
    500 /* of an invocation's time, left to answer in */

/* One request. URLs are http://, https:// or s3://BUCKET/KEY. */
struct mote_outside_request {
    struct mote_text url;
    char *const *environment; /* settings: outlives the process' requests */
    uint64_t deadline_ms;     /* Unix time, 0: none                       */
    uint64_t limit;           /* longest body that is taken               */
    struct mote_text unless;  /* ETag for which nothing is to be sent     */
    struct mote_text match;   /* ETag that it must have, or empty: any    */
    struct mote_text version; /* of an object of S3; empty: the newest    */
    void *context;
    /* A body begins, perhaps again after a failed try: bytes of it, or 0 when
     * that is not known. A status other than MOTE_OK ends the request. */
    enum mote_status (*begin)(void *context, uint64_t bytes);
    enum mote_status (*take)(void *context, struct mote_text run);
};

struct mote_outside_answer {
    bool unchanged; /* the object still has the ETag `unless` */
    char etag[MOTE_OUTSIDE_ETAG];
    size_t etag_bytes; /* 0: the server told none, or a longer one */
    char words[MOTE_OUTSIDE_WORDS];
    struct mote_text message; /* of a failure: for people, no secrets */
};

/* Whether this build has connections outside. */
extern const bool mote_outside_linked;

/* Gets a body. On a failure answer->message says what, and what to do. */
enum mote_status mote_outside_get(const struct mote_outside_request *request,
                                  struct mote_outside_answer *answer);

/*
 * Lists the objects of S3 whose keys begin as request->url does, s3://BUCKET/
 * and perhaps more: a page with each call, as long as *more, which is false
 * before the first. request->begin comes before a page, request->take is given
 * one key after another, none twice.
 */
enum mote_status mote_outside_list(const struct mote_outside_request *request,
                                   bool *more,
                                   struct mote_outside_answer *answer);

/* SHA-256 of bytes, in lower-case hexadecimal. */
void mote_outside_sha256(struct mote_text bytes, char hex[64]);

/* Puts an object of S3 whole: request->url, environment and deadline_ms. */
enum mote_status mote_outside_put(const struct mote_outside_request *request,
                                  struct mote_text type, struct mote_text body,
                                  struct mote_outside_answer *answer);

struct mote_function;

/*
 * MOTE_MODEL=URL: a model from outside in place of the executable's own, which
 * serves when the other cannot be loaded; the log says so. Beside it
 *
 *   MOTE_MODEL_MAX      bytes of memory that its file and arena may take
 *                       (268435456)
 *   MOTE_MODEL_SHA256   what the file's bytes must have, 64 hexadecimal digits
 *   MOTE_MODEL_ETAG     what the server must say of them, with its quotes
 *   MOTE_MODEL_VERSION  versionId of an object of S3
 *   MOTE_MODEL_REFRESH  seconds after which to look for another one (never)
 *
 * Called once before the first event; f has the executable's own by then.
 *
 * errors  MOTE_E_SCHEMA  a setting that is none, or a build without connections
 *                        outside: see where
 */
enum mote_status mote_outside_model(struct mote_function *f,
                                    char *const *environment,
                                    struct mote_where *where);

/* Between two events, and before a job: looks for a newer one when it is time
 * to, for 10 s at most and half of the time to deadline_ms, Unix time, 0: none.
 * The old one serves until the new one is proven; f has it afterwards. */
void mote_outside_model_refresh(struct mote_function *f, uint64_t deadline_ms);

#endif
