/*
 * core/function/loaded.h - a model from outside: fetched, proven, and ready.
 *
 * File and request arena lie in one anonymous mapping, as large as the server's
 * Content-Length and the file's header say; without Content-Length it doubles
 * while bytes come. It goes when another model has taken its place.
 *
 *   file                      arena_at               mapped
 *    |  the file as it came |gap|  request arena       |
 *
 * trust  nothing: mote_model_check looks at every byte before first use, and a
 *        SHA-256 or an ETag can pin what is taken
 */
#ifndef MOTE_FUNCTION_LOADED_H
#define MOTE_FUNCTION_LOADED_H

#include "core/function/outside.h"
#include "core/model/model.h"

#define MOTE_LOADED_MAX (256u << 20) /* bytes, unless MOTE_MODEL_MAX says */

/* Zero-filled is none. */
struct mote_loaded {
    struct mote_model model;
    uint8_t *file, *arena; /* NULL: there is none; arena: within mapped */
    size_t file_bytes, arena_at, mapped;
    char etag[MOTE_OUTSIDE_ETAG];
    size_t etag_bytes;
};

struct mote_load {
    struct mote_text url;
    char *const *environment;
    uint64_t deadline_ms;     /* Unix time, 0: none */
    uint64_t max;             /* bytes of file and arena, each on pages of
                                 its own */
    struct mote_text sha256;  /* that they must have, hexadecimal; or empty */
    struct mote_text etag;    /* that the server must say, at most
                                 MOTE_OUTSIDE_ETAG printable bytes; or empty */
    struct mote_text version; /* of an object of S3, or empty */
    uint32_t cpu;             /* of mote_cpu_flags  */
};

/*
 * Loads a model into *to, which is none; or, when `old` is one, only if the
 * server has another by now: *to stays none then, with MOTE_OK. Without an ETag
 * all of it is got and compared; the same bytes give `old` the new ETag.
 *
 * answer  message of a failure
 * errors  those of mote_outside_get, mote_model_open and mote_model_check;
 *         MOTE_E_SPACE also when there is no memory for it
 */
enum mote_status mote_load(const struct mote_load *load,
                           struct mote_loaded *old, struct mote_loaded *to,
                           struct mote_outside_answer *answer);

/* Gives its memory back; it is none afterwards. */
void mote_unload(struct mote_loaded *loaded);

#endif
