/* compress/encode.c - see compress/encode.h */
#include "compress/encode.h"
#include "compress/codes.h"
#include "compress/decode.h"
#include "core/base/mem.h"
#include "core/base/xxh64.h"

#define STREAMS MOTE_CODING_STREAMS

/* ------------------------------------------------------------------------
 * Rows and blocks, in symbols
 */

/* What is coded at once: a row, or a block. Of BYTES its bytes are `step` apart
 * in the tensor, elsewhere step is 1. */
struct piece {
    const struct mote_coding *coding;
    const uint8_t *raw;
    uint32_t bytes, step;
};

static bool has_planes(const struct mote_coding *c)
{
    return c->mode == MOTE_CODING_PLANES || c->mode == MOTE_CODING_HUFPAIR;
}

/* Weight i as it is coded, from 0 on. Behind the last one there are zeros. */
static uint32_t coded_weight(const struct piece *p, uint32_t i)
{
    const uint32_t zero = 8u << p->coding->low_bits;
    return i < p->bytes ? (uint8_t)(p->raw[i] + zero) : zero;
}

static bool weights_fit(const struct mote_coding *c, const uint8_t *raw)
{
    const uint32_t zero = 8u << c->low_bits;

    for (uint64_t i = 0; i < c->decoded_bytes; i++)
        if ((uint8_t)(raw[i] + zero) >= 2 * zero)
            return false;
    return true;
}

static uint8_t symbol(const struct piece *p, uint32_t i)
{
    const uint32_t half = mote_coding_room(p->bytes) / 2;
    const uint8_t k = p->coding->low_bits;

    if (p->coding->mode == MOTE_CODING_HUF8 ||
        p->coding->mode == MOTE_CODING_BYTES)
        return p->raw[(size_t)i * p->step];
    return (uint8_t)(coded_weight(p, i) >> k << 4 |
                     coded_weight(p, i + half) >> k);
}

/* Calls `each` for every row, or every block, of a block. */
static struct piece piece_of(const struct mote_coding *c, const void *raw,
                             const struct mote_coding_block *b, uint32_t row)
{
    const uint64_t plane = b->at / c->run_bytes;
    const bool apart = c->mode == MOTE_CODING_BYTES;
    const uint64_t at =
        apart ? (b->at - plane * c->run_bytes) * c->element_bytes + plane
              : b->at + (uint64_t)row * c->piece_bytes;

    return (struct piece){
        .coding = c,
        .raw = (const uint8_t *)raw + at,
        .bytes = c->by_rows ? c->piece_bytes : b->bytes,
        .step = apart ? c->element_bytes : 1,
    };
}

static uint32_t pieces_in(const struct mote_coding_block *b)
{
    return b->rows ? b->rows : 1;
}

/* In `blocks` blocks from `first` on. */
static void count_blocks(const struct mote_coding *c, const void *raw,
                         uint32_t first, uint32_t blocks, uint64_t *counts)
{
    for (uint32_t i = first; i < first + blocks; i++) {
        const struct mote_coding_block b = mote_coding_block(c, i);
        for (uint32_t row = 0; row < pieces_in(&b); row++) {
            const struct piece p = piece_of(c, raw, &b, row);
            const uint32_t n = mote_coding_symbols(c, p.bytes);
            for (uint32_t j = 0; j < n; j++)
                counts[symbol(&p, j)]++;
        }
    }
}

void mote_encode_count(const struct mote_coding *c, const void *raw,
                       uint64_t counts[MOTE_ENCODE_SYMBOLS])
{
    if (mote_coding_has_codes(c))
        count_blocks(c, raw, 0, c->blocks, counts);
}

/* ------------------------------------------------------------------------
 * The best code
 */
struct leaf {
    uint64_t count;
    uint8_t symbol;
};

/* Symbols that occur, rarest first, of equal ones the lower first. */
static uint32_t sorted_leaves(const uint64_t *counts, struct leaf *leaves)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < MOTE_ENCODE_SYMBOLS; i++) {
        if (counts[i] == 0)
            continue;
        uint32_t j = n++;
        for (; j > 0 && leaves[j - 1].count > counts[i]; j--)
            leaves[j] = leaves[j - 1];
        leaves[j] = (struct leaf){counts[i], (uint8_t)i};
    }
    if (n == 1) {
        leaves[1] = leaves[0];
        leaves[0] = (struct leaf){0, leaves[0].symbol ^ 1};
        n = 2;
    }
    return n;
}

/*
 * Package-merge. Level l holds the leaves and, from the second on, pairs of
 * neighbours of the level before, sorted by weight. Of the last level the
 * lightest 2 n - 2 are taken, of the level before the pairs' members, and so
 * on; each time that a leaf is taken its code gets a bit longer. Only which
 * places of a level are leaves has to be kept for that.
 */
void mote_encode_lengths(const uint64_t counts[MOTE_ENCODE_SYMBOLS],
                         uint8_t lengths[MOTE_CODING_TABLE])
{
    struct leaf leaves[MOTE_ENCODE_SYMBOLS];
    const uint32_t n = sorted_leaves(counts, leaves);
    bool is_leaf[MOTE_CODING_LENGTH_MAX][2 * MOTE_ENCODE_SYMBOLS];
    uint64_t weights[2][2 * MOTE_ENCODE_SYMBOLS];
    uint8_t length[MOTE_ENCODE_SYMBOLS] = {0};
    uint32_t before = 0; /* places of the level before */

    for (uint32_t level = 0; level < MOTE_CODING_LENGTH_MAX; level++) {
        const uint64_t *from = weights[(level + 1) % 2];
        uint64_t *to = weights[level % 2];
        uint32_t leaf = 0, pair = 0, at = 0;
        for (; leaf < n || pair + 1 < before; at++) {
            const bool pairs_left = pair + 1 < before;
            const uint64_t weight =
                pairs_left ? from[pair] + from[pair + 1] : UINT64_MAX;
            is_leaf[level][at] = leaf < n && leaves[leaf].count <= weight;
            to[at] = is_leaf[level][at] ? leaves[leaf++].count : weight;
            pair += is_leaf[level][at] ? 0 : 2;
        }
        before = at;
    }
    for (uint32_t level = MOTE_CODING_LENGTH_MAX, take = 2 * n - 2; level--;) {
        uint32_t taken = 0;
        for (uint32_t i = 0; i < take; i++)
            taken += is_leaf[level][i];
        for (uint32_t i = 0; i < taken; i++)
            length[leaves[i].symbol]++;
        take = 2 * (take - taken);
    }
    for (uint32_t i = 0; i < MOTE_CODING_TABLE; i++)
        lengths[i] = (uint8_t)(length[2 * i] | length[2 * i + 1] << 4);
}

/* Bytes that a code makes of so many symbols. */
static uint64_t coded_bytes(const uint64_t *counts, const uint8_t *lengths)
{
    uint64_t bits = 0;

    for (uint32_t i = 0; i < MOTE_ENCODE_SYMBOLS; i++)
        bits += counts[i] * (lengths[i / 2] >> i % 2 * 4 & 15);
    return (bits + 7) / 8;
}

static void plane_table(const struct mote_coding *c, const void *raw,
                        uint32_t plane, uint8_t *lengths)
{
    uint64_t counts[MOTE_ENCODE_SYMBOLS] = {0};
    uint32_t one = 0;

    count_blocks(c, raw, plane * c->blocks_per_run, c->blocks_per_run, counts);
    mote_encode_lengths(counts, lengths);
    while (counts[one] == 0)
        one++;
    if (counts[one] == c->run_bytes) {
        memset(lengths, 0, MOTE_CODING_TABLE);
        lengths[one / 2] = (uint8_t)(1 << one % 2 * 4);
    } else if (coded_bytes(counts, lengths) > c->run_bytes / 16 * 15)
        memset(lengths, 0, MOTE_CODING_TABLE);
}

void mote_encode_tables(const struct mote_coding *c, const void *raw,
                        uint8_t lengths[])
{
    for (uint32_t i = 0; i < mote_coding_tables(c); i++)
        plane_table(c, raw, i, lengths + (size_t)i * MOTE_CODING_TABLE);
}

/* ------------------------------------------------------------------------
 * Writing
 */
struct writer {
    uint8_t *at;
    uint64_t window;
    uint32_t used;
};

static void put(struct writer *w, uint32_t bits, uint32_t n)
{
    w->window |= (uint64_t)bits << w->used;
    for (w->used += n; w->used >= 8; w->used -= 8, w->window >>= 8)
        *w->at++ = (uint8_t)w->window;
}

/* Zeros up to the next byte. */
static void put_pad(struct writer *w)
{
    put(w, 0, -w->used & 7);
}

/* Stream `first` of `step`: symbols from the last down, every step'th. */
static void put_stream(struct writer *w, const struct piece *p,
                       const struct mote_codes *codes, uint32_t first,
                       uint32_t step)
{
    const uint32_t n = mote_coding_symbols(p->coding, p->bytes);

    for (uint32_t i = first; i < n; i += step) {
        const uint8_t s = symbol(p, n - 1 - i);
        put(w, codes->bits[s], codes->length[s]);
    }
    put_pad(w);
}

/* A plane of `bits` bits of each weight, from bit `from` on: byte j holds
 * those of weights j, j + n bits / 8 and so on, the first one's lowest. But
 * nibbles lie as in a pair: the first one's highest. */
static void put_plane(struct writer *w, const struct piece *p, uint32_t from,
                      uint32_t bits)
{
    const uint32_t bytes = mote_coding_room(p->bytes) / 8 * bits;

    for (uint32_t j = 0; j < bytes; j++) {
        uint32_t byte = 0;
        for (uint32_t i = 0; i < 8 / bits; i++) {
            const uint32_t part = coded_weight(p, i * bytes + j) >> from;
            const uint32_t place = bits == 4 ? 4 - 4 * i : i * bits;
            byte |= (part & ((1u << bits) - 1)) << place;
        }
        put(w, byte, 8);
    }
}

static void put_planes(struct writer *w, const struct piece *p)
{
    switch (p->coding->low_bits) {
    case 1:
        put_plane(w, p, 0, 1);
        break;
    case 2:
        put_plane(w, p, 0, 2);
        break;
    case 3:
        put_plane(w, p, 1, 2);
        put_plane(w, p, 0, 1);
        break;
    case 4:
        put_plane(w, p, 0, 4);
        break;
    }
}

static void put_end(uint8_t *ends, uint32_t i, const struct writer *w,
                    const uint8_t *begin)
{
    const uint16_t end = (uint16_t)(w->at - begin);
    memcpy(ends + 2 * i, &end, sizeof end);
}

static void put_block(struct writer *w, const struct piece *p,
                      const struct mote_codes *codes)
{
    uint8_t *ends = w->at, *begin = ends + 2 * STREAMS;

    w->at = begin;
    for (uint32_t s = 0; s < STREAMS; s++) {
        put_stream(w, p, codes, s, STREAMS);
        put_end(ends, s, w, begin);
    }
    put_planes(w, p);
}

static void put_rows(struct writer *w, const struct mote_coding *c,
                     const void *raw, const struct mote_coding_block *b,
                     const struct mote_codes *codes)
{
    uint8_t *ends = w->at, *begin = ends + 2 * b->rows;

    w->at = begin;
    for (uint32_t row = 0; row < b->rows; row++) {
        const struct piece p = piece_of(c, raw, b, row);
        put_stream(w, &p, codes, 0, 1);
        put_planes(w, &p);
        put_end(ends, row, w, begin);
    }
}

static void put_uncoded(struct writer *w, const struct mote_coding *c,
                        const void *raw, const struct mote_coding_block *b)
{
    for (uint32_t row = 0; row < pieces_in(b); row++) {
        const struct piece p = piece_of(c, raw, b, row);
        const uint32_t n = mote_coding_symbols(c, p.bytes);
        for (uint32_t i = 0; i < n; i++)
            put(w, symbol(&p, i), 8);
        put_planes(w, &p);
    }
}

uint64_t mote_encode_bound(const struct mote_coding *c)
{
    const uint64_t ends = c->by_rows ? 2 : 2 * STREAMS;
    const uint64_t pads = c->by_rows ? 1 : STREAMS;
    uint64_t bound = 0;

    if (c->mode == MOTE_CODING_CONST)
        return c->element_bytes;
    for (uint32_t i = 0; i < c->blocks; i++) {
        const struct mote_coding_block b = mote_coding_block(c, i);
        const uint32_t n = c->by_rows ? c->piece_bytes : b.bytes;
        uint64_t bytes = mote_coding_symbols(c, n);
        if (mote_coding_has_codes(c))
            bytes = ends + pads + bytes * MOTE_CODING_LENGTH_MAX / 8;
        bound += (bytes + mote_coding_low_bytes(c, n)) * pieces_in(&b);
    }
    return bound;
}

static bool all_have_codes(const struct mote_coding *c, const void *raw,
                           uint32_t first, uint32_t blocks,
                           const struct mote_codes *codes)
{
    uint64_t counts[MOTE_ENCODE_SYMBOLS] = {0};

    count_blocks(c, raw, first, blocks, counts);
    for (uint32_t i = 0; i < MOTE_ENCODE_SYMBOLS; i++)
        if (counts[i] && codes->length[i] == 0)
            return false;
    return true;
}

static enum mote_status encode_const(const struct mote_coding *c,
                                     const uint8_t *raw,
                                     struct mote_encoded *to)
{
    /* all are the first, when each is the one before it */
    if (memcmp(raw, raw + c->element_bytes,
               c->decoded_bytes - c->element_bytes))
        return MOTE_E_RANGE;
    memcpy(to->data, raw, c->element_bytes);
    to->data_bytes = c->element_bytes;
    to->checksums[0] = mote_xxh64(to->data, c->element_bytes);
    return MOTE_OK;
}

/* Plane number `plane` of BYTES, with its table. */
static enum mote_status put_bytes(struct writer *w, const struct mote_coding *c,
                                  const void *raw, uint32_t plane,
                                  const uint8_t *lengths,
                                  struct mote_encoded *to)
{
    const uint32_t first = plane * c->blocks_per_run;
    struct mote_plane kind;
    struct mote_codes codes;

    if (mote_decode_plane(&kind, NULL, lengths) != MOTE_OK)
        return MOTE_E_FORMAT;
    mote_codes_read(&codes, lengths); /* all lengths, if it is no code */
    if (kind.kind != MOTE_PLANE_STORED &&
        !all_have_codes(c, raw, first, c->blocks_per_run, &codes))
        return MOTE_E_RANGE;
    for (uint32_t i = first; i < first + c->blocks_per_run; i++) {
        const struct mote_coding_block b = mote_coding_block(c, i);
        const struct piece p = piece_of(c, raw, &b, 0);
        const uint8_t *begin = w->at;
        if (kind.kind == MOTE_PLANE_CODED)
            put_block(w, &p, &codes);
        for (uint32_t j = 0; kind.kind == MOTE_PLANE_STORED && j < b.bytes; j++)
            put(w, symbol(&p, j), 8);
        to->index[i + 1] = (uint32_t)(w->at - to->data);
        to->checksums[i] = mote_xxh64(begin, (size_t)(w->at - begin));
    }
    return MOTE_OK;
}

static enum mote_status encode_bytes(const struct mote_coding *c,
                                     const void *raw, const uint8_t *lengths,
                                     struct mote_encoded *to)
{
    struct writer w = {.at = to->data};

    if (mote_encode_bound(c) >> 32)
        return MOTE_E_SPACE;
    to->index[0] = 0;
    for (uint32_t plane = 0; plane < c->element_bytes; plane++) {
        const enum mote_status s = put_bytes(
            &w, c, raw, plane, lengths + (size_t)plane * MOTE_CODING_TABLE, to);
        if (s != MOTE_OK)
            return s;
    }
    to->data_bytes = (uint64_t)(w.at - to->data);
    return MOTE_OK;
}

enum mote_status mote_encode(const struct mote_coding *c, const void *raw,
                             const uint8_t lengths[], struct mote_encoded *to)
{
    struct mote_codes codes;
    struct writer w = {.at = to->data};

    if (c->mode == MOTE_CODING_CONST)
        return encode_const(c, raw, to);
    if (c->mode == MOTE_CODING_BYTES)
        return encode_bytes(c, raw, lengths, to);
    if (has_planes(c) && !weights_fit(c, raw))
        return MOTE_E_RANGE;
    if (mote_coding_has_codes(c)) {
        if (mote_encode_bound(c) >> 32)
            return MOTE_E_SPACE;
        if (!mote_codes_read(&codes, lengths))
            return MOTE_E_FORMAT;
        if (!all_have_codes(c, raw, 0, c->blocks, &codes))
            return MOTE_E_RANGE;
        to->index[0] = 0;
    }
    for (uint32_t i = 0; i < c->blocks; i++) {
        const struct mote_coding_block b = mote_coding_block(c, i);
        const struct piece p = piece_of(c, raw, &b, 0);
        const uint8_t *begin = w.at;
        if (!mote_coding_has_codes(c))
            put_uncoded(&w, c, raw, &b);
        else if (c->by_rows)
            put_rows(&w, c, raw, &b, &codes);
        else
            put_block(&w, &p, &codes);
        if (mote_coding_has_codes(c))
            to->index[i + 1] = (uint32_t)(w.at - to->data);
        to->checksums[i] = mote_xxh64(begin, (size_t)(w.at - begin));
    }
    to->data_bytes = (uint64_t)(w.at - to->data);
    return MOTE_OK;
}
