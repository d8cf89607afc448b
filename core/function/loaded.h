/*
 * core/function/loaded.h - a model from outside: fetched, proven, and ready.
 *
 * File and request arena lie in anonymous mappings, as large as the server and
 * the file's header say; both go when another model takes their place.
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
    uint8_t *file, *arena; /* NULL: there is none */
    size_t file_bytes, arena_bytes;
    char etag[MOTE_OUTSIDE_ETAG];
    size_t etag_bytes;
};

struct mote_load {
    struct mote_text url;
    char *const *environment;
    uint64_t deadline_ms;    /* Unix time, 0: none */
    uint64_t max;            /* bytes of a file    */
    struct mote_text sha256; /* that they must have, hexadecimal; or empty */
    uint32_t cpu;            /* of mote_cpu_flags  */
};

/*
 * Loads a model into *to, which is none; or, when `old` is one with an ETag,
 * only if the server has another by now: *to stays none then, with MOTE_OK.
 *
 * answer  message of a failure
 * errors  those of mote_outside_get, mote_model_open and mote_model_check;
 *         MOTE_E_SPACE also when there is no memory for it
 */
enum mote_status mote_load(const struct mote_load *load,
                           const struct mote_loaded *old,
                           struct mote_loaded *to,
                           struct mote_outside_answer *answer);

/* Gives its memory back; it is none afterwards. */
void mote_unload(struct mote_loaded *loaded);

#endif
