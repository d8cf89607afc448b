/*
 * test/compress/reference.h - the decoder once more, bit by bit and one stream
 * at a time, from compress/FORMAT.md and with nothing of compress/ in it.
 */
#ifndef MOTE_TEST_REFERENCE_H
#define MOTE_TEST_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct reference_bits {
    const uint8_t *at;
    size_t bit, bytes; /* bytes: of the stream */
    bool bad;
};

static inline unsigned reference_bit(struct reference_bits *b)
{
    if (b->bit >= 8 * b->bytes) {
        b->bad = true;
        return 0;
    }
    const unsigned bit = b->at[b->bit / 8] >> b->bit % 8 & 1;
    b->bit++;
    return bit;
}

/* The next symbol: codes of one length after those of the length before, in
 * the order of symbols. */
static inline int reference_symbol(struct reference_bits *b,
                                   const uint8_t *table)
{
    unsigned code = 0, first = 0;

    for (unsigned length = 1; length <= 11; length++) {
        code = code << 1 | reference_bit(b);
        first <<= 1;
        for (int s = 0; s < 256; s++)
            if ((unsigned)(table[s / 2] >> s % 2 * 4 & 15) == length &&
                first++ == code)
                return s;
    }
    b->bad = true;
    return 0;
}

/* A stream of n symbols that is all of at [bytes]; false: it is not. */
static inline bool reference_stream(const uint8_t *at, size_t bytes,
                                    const uint8_t *table, uint8_t *symbols,
                                    size_t n)
{
    struct reference_bits b = {at, 0, bytes, false};

    for (size_t i = 0; i < n && !b.bad; i++)
        symbols[i] = (uint8_t)reference_symbol(&b, table);
    while (!b.bad && b.bit % 8)
        b.bad = reference_bit(&b) != 0;
    return !b.bad && b.bit == 8 * bytes;
}

/* Weight i of `room` from the pairs and planes that it is coded in. */
static inline int8_t reference_weight(const uint8_t *pairs, const uint8_t *low,
                                      size_t room, unsigned bits, size_t i)
{
    const size_t half = room / 2, quarter = room / 4, eighth = room / 8;
    unsigned u = i < half ? pairs[i] >> 4 : pairs[i - half] & 15u;

    if (bits == 8)
        u = u << 4 | (i < half ? low[i] >> 4 : low[i - half] & 15u);
    if (bits == 6 || bits == 7) {
        u = u << 2 | (low[i % quarter] >> 2 * (i / quarter) & 3u);
        low += quarter;
    }
    if (bits == 5 || bits == 7)
        u = u << 1 | (low[i % eighth] >> i / eighth & 1u);
    return (int8_t)((int)u - (1 << (bits - 1)));
}

/* n bytes coded in `streams` streams (8, or 1 of a row) from at on; `ends` of
 * them in front when there are 8. False: this is not at [bytes]. */
static inline bool reference_piece(const uint8_t *at, size_t bytes,
                                   const uint8_t *table, unsigned bits,
                                   bool pairs, unsigned streams, uint8_t *out,
                                   size_t n)
{
    const size_t room = (n + 7) / 8 * 8, symbols = pairs ? room / 2 : n;
    const size_t low_bytes = pairs ? room / 8 * (bits - 4) : 0;
    const size_t front = streams == 8 ? 16 : 0;
    uint8_t *all = malloc(symbols), *one = malloc(symbols);
    bool good = bytes >= front + low_bytes;
    size_t from = 0;

    for (unsigned s = 0; s < streams && good; s++) {
        const size_t room_left = bytes - front - low_bytes;
        const size_t end =
            streams == 8 ? at[2 * s] + 256u * at[2 * s + 1] : room_left;
        const size_t mine = symbols > s ? (symbols - s - 1) / streams + 1 : 0;
        good =
            end >= from && end <= room_left &&
            reference_stream(at + front + from, end - from, table, one, mine) &&
            (s + 1 < streams || end == room_left);
        for (size_t i = 0; i < mine; i++)
            all[symbols - 1 - s - i * streams] = one[i];
        from = end;
    }
    for (size_t i = 0; i < n && good; i++)
        out[i] = pairs ? (uint8_t)reference_weight(all, at + bytes - low_bytes,
                                                   room, bits, i)
                       : all[i];
    free(all);
    free(one);
    return good;
}

#endif
