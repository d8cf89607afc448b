/*
 * core/model/tokenizer_pieces.h - the vocabulary of a TEXT section: hashes of
 * pieces, and how their entries are written. compress/FORMAT.md, "TEXT".
 */
#ifndef MOTE_MODEL_TOKENIZER_PIECES_H
#define MOTE_MODEL_TOKENIZER_PIECES_H

#include "core/model/file.h"
#include "core/model/tokenizer.h"

#define MOTE_PIECE_MAX 255   /* bytes */
#define MOTE_PIECE_LONG 15   /* from so many codes on their number has a byte */
#define MOTE_PIECE_BYTE 255  /* the code of a byte that is no symbol */
#define MOTE_PIECE_FILTER 10 /* bits of an index entry */

static inline bool mote_is_alphanumeric(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Eight bytes, of which n count, lowest first: the others are 0. */
static inline uint64_t mote_eight(const uint8_t *at)
{
    uint64_t x;
    memcpy(&x, at, sizeof x);
    return x;
}
static inline uint64_t mote_first_of_eight(uint64_t x, uint32_t n)
{
    return n < 8 ? x & ((UINT64_C(1) << 8 * n) - 1) : x;
}

/* key has `n` bytes, at least 1, and may be read for 8 more. */
static inline uint64_t mote_piece_hash(const uint8_t *key, uint32_t n,
                                       uint32_t continues)
{
    const uint64_t m = UINT64_C(0x9E3779B97F4A7C15);
    uint64_t h = n + 256 * continues;

    for (uint32_t at = 0; at < n; at += 8) {
        h = (h ^ mote_first_of_eight(mote_eight(key + at), n - at)) * m;
        h ^= h >> 32;
    }
    return h * m;
}

static inline uint32_t mote_piece_bucket(uint64_t h, uint32_t buckets)
{
    return (uint32_t)((h >> 32) * buckets >> 32);
}
static inline uint32_t mote_piece_tag(uint64_t h, uint32_t continues)
{
    return continues << 3 | (h >> 29 & 7);
}
static inline uint32_t mote_piece_filter(uint64_t h)
{
    return 1u << ((h & 0xFFFF) * MOTE_PIECE_FILTER >> 16);
}

#endif
