/*
 * compress/streams_scalar.c - the inner loop as it is meant, one stream after
 * the other and small: the specification, and what is left for processors
 * that no other version is for.
 */
#include "compress/streams.h"
#include "core/base/mem.h"

void mote_streams_take_scalar(const uint16_t *table,
                              struct mote_stream *streams, size_t step,
                              size_t rounds)
{
    for (size_t s = 0; s < MOTE_STREAMS; s++) {
        struct mote_stream stream = streams[s];
        uint8_t *to = stream.top;
        for (size_t i = 0; i < MOTE_STREAMS_ROUND * rounds; i++, to -= step) {
            if (i % MOTE_STREAMS_ROUND == 0) {
                const unsigned gone = (unsigned)__builtin_clzll(stream.window);
                stream.at += gone / 8;
                memcpy(&stream.window, stream.at, sizeof stream.window);
                stream.window = (stream.window | MOTE_STREAMS_FULL) >> gone % 8;
            }
            const uint16_t entry =
                table[(stream.window & MOTE_STREAMS_MASK) / 2];
            stream.window >>= entry & 63;
            to[-1] = (uint8_t)(entry >> 8);
        }
        streams[s] = stream;
    }
}
