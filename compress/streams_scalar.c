/*
 * compress/streams_scalar.c - the inner loop as it is meant, one stream after
 * the other and small: the specification, and what is left for processors
 * that no other version is for.
 */
#include "compress/streams.h"
#include "core/base/mem.h"

/* One stream's rounds; *to is moved below the last symbol. */
static void take(const uint16_t *table, struct mote_stream *s, uint8_t **to,
                 ptrdiff_t step, size_t rounds)
{
    for (; rounds; rounds--) {
        const unsigned gone = (unsigned)__builtin_clzll(s->window);
        s->at += gone / 8;
        memcpy(&s->window, s->at, sizeof s->window);
        s->window = (s->window | MOTE_STREAMS_FULL) >> gone % 8;
        for (int i = 0; i < MOTE_STREAMS_ROUND; i++, *to -= step) {
            const uint16_t entry = table[(s->window & MOTE_STREAMS_MASK) / 2];
            s->window >>= entry & 63;
            (*to)[-1] = (uint8_t)(entry >> 8);
        }
    }
}

void mote_streams_dealt_scalar(const uint16_t *table,
                               struct mote_stream *streams, uint8_t **top,
                               size_t rounds)
{
    uint8_t *to = *top;

    for (size_t s = 0; s < MOTE_STREAMS_DEALT; s++) {
        to = *top - s;
        take(table, streams + s, &to, MOTE_STREAMS_DEALT, rounds);
    }
    *top = to + MOTE_STREAMS_DEALT - 1;
}

void mote_streams_apart_scalar(const uint16_t *table,
                               struct mote_stream *streams, uint8_t **top,
                               size_t rounds)
{
    for (size_t s = 0; s < MOTE_STREAMS_APART; s++)
        take(table, streams + s, top + s, 1, rounds);
}
