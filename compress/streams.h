/*
 * compress/streams.h - the inner loop of the decoder: several bit streams at
 * once, because one alone waits for its own table look-ups.
 *
 * Of a stream there are a window on its next bits, lowest first, and the byte
 * that the window was filled from. When it is filled its bit 63 is set, so the
 * zeros above that tell how many bits have been taken since: a count would cost
 * an addition for each symbol. Bit 0 of a window is the last bit taken, so that
 * masking the bits above it gives the place of an entry of two bytes. A round
 * takes five symbols from each stream: their codes are at most 55 bits, and a
 * filled window holds 55 or more. So a round moves a stream by at most 7 bytes,
 * and loads 8 at its start. There is no test inside: whoever calls has counted
 * how many rounds cannot load beyond readable memory.
 *
 * Symbols come out from the highest address down. Each is stored as the two
 * bytes of its entry, length and symbol; the length falls on the place of the
 * next symbol, which is stored after it. So a byte below the last symbol may
 * be written too, and the caller takes a stream's last symbols one by one.
 */
#ifndef MOTE_COMPRESS_STREAMS_H
#define MOTE_COMPRESS_STREAMS_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/cpu.h"

#define MOTE_STREAMS_ROUND 5 /* symbols of a stream */
#define MOTE_STREAMS_ROUND_BYTES                                               \
    7                  /* that a round moves a stream by, at most              \
                        */
#define MOTE_STREAMS 8 /* at once */
#define MOTE_STREAMS_FULL ((uint64_t)1 << 63)
#define MOTE_STREAMS_MASK 4094u /* of the bits that are looked up */

struct mote_stream {
    const uint8_t *at;
    uint64_t window;
    uint8_t *top; /* behind the place of the next symbol */
};

/* A stream that begins at byte `at`: its last bit taken is the one before,
 * which is in memory, since what says where streams end lies in front. */
static inline struct mote_stream mote_stream_begin(const uint8_t *at,
                                                   uint8_t *top)
{
    return (struct mote_stream){at - 1, MOTE_STREAMS_FULL >> 7, top};
}

/*
 * Takes `rounds` rounds from MOTE_STREAMS streams: symbol i of each goes to
 * top - 1 - i * step. Moving top down is left to the caller.
 *
 * table   [2048] symbol * 256 + length of the code that begins with these bits
 * step    MOTE_STREAMS: symbols lie in turns, and top of stream s is s below
 *         that of stream 0; or 1: each has a place of its own, but two may be
 *         the same stream and have the same place
 */
typedef void mote_streams_fn(const uint16_t *table, struct mote_stream *streams,
                             size_t step, size_t rounds);

struct mote_streams {
    const char *isa;
    mote_streams_fn *take;
    uint32_t needs; /* MOTE_CPU_... flags */
};

enum {
#define MOTE_STREAMS_VERSION(isa, needs) MOTE_STREAMS_##isa,
#include "compress/streams.inc"
#undef MOTE_STREAMS_VERSION
    MOTE_STREAMS_VERSIONS /* how many there are */
};

/* Every version, best first; the last needs nothing. */
extern const struct mote_streams mote_streams_all[MOTE_STREAMS_VERSIONS];

/* The best version that needs no more than cpu. */
const struct mote_streams *mote_streams_select(uint32_t cpu);

/* `eight` is not in the list on x86-64, nor `scalar` on arm64, where nobody
 * needs them. */
mote_streams_fn mote_streams_take_bmi2, mote_streams_take_eight,
    mote_streams_take_scalar;

#endif
