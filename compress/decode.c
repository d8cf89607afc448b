/* compress/decode.c - see compress/decode.h */
#include "compress/decode.h"
#include "compress/codes.h"
#include "compress/planes.h"
#include "core/base/assert.h"
#include "core/base/mem.h"
#include "core/base/xxh64.h"

#define STREAMS MOTE_STREAMS
#define LINE 64 /* bytes that memory comes in */

struct range {
    const uint8_t *at, *end;
};

/* ------------------------------------------------------------------------
 * Where the coded bytes of a block are
 */

/* Bytes of a row or block of n decoded bytes in PLANES; in CONST every one is
 * in the same place. */
static uint64_t uncoded_bytes(const struct mote_coding *c, uint32_t n)
{
    return c->mode == MOTE_CODING_CONST
               ? 0
               : mote_coding_symbols(c, n) + mote_coding_low_bytes(c, n);
}

static struct range block_range(const struct mote_coded *coded, uint32_t i)
{
    const struct mote_coding *c = &coded->coding;
    const struct mote_coding_block b = mote_coding_block(c, i);
    uint64_t from, bytes;

    if (mote_coding_has_codes(c)) {
        from = coded->index[i];
        bytes = coded->index[i + 1] - from;
    } else if (c->mode == MOTE_CODING_CONST) {
        from = 0;
        bytes = coded->data_bytes;
    } else {
        const uint32_t piece = c->by_rows ? c->piece_bytes : b.bytes;
        bytes = uncoded_bytes(c, piece) * (c->by_rows ? b.rows : 1);
        from = c->by_rows ? b.at / piece * uncoded_bytes(c, piece)
                          : b.at / 8 * (4 + c->low_bits);
    }
    return (struct range){coded->data + from, coded->data + from + bytes};
}

static bool index_leads_into_data(const struct mote_coded *coded)
{
    const uint32_t blocks = coded->coding.blocks;

    for (uint32_t i = 0; i < blocks; i++)
        if (coded->index[i] > coded->index[i + 1])
            return false;
    return coded->index[0] == 0 && coded->index[blocks] == coded->data_bytes;
}

const char *mote_decode_open(const struct mote_coded *coded)
{
    const struct mote_coding *c = &coded->coding;

    if (mote_coding_has_codes(c))
        return index_leads_into_data(coded)
                   ? NULL
                   : "an index in order, from 0 to the data's end";
    if (c->mode == MOTE_CODING_CONST)
        return coded->data_bytes == c->element_bytes ? NULL : "one element";
    return block_range(coded, c->blocks - 1).end ==
                   coded->data + coded->data_bytes
               ? NULL
               : "as many bytes as its bits say";
}

enum mote_status mote_decode_verify(const struct mote_coded *coded, uint32_t i)
{
    const struct range r = block_range(coded, i);
    const bool one = coded->coding.mode == MOTE_CODING_CONST;

    assert(i < coded->coding.blocks);
    return mote_xxh64(r.at, (size_t)(r.end - r.at)) ==
                   coded->checksums[one ? 0 : i]
               ? MOTE_OK
               : MOTE_E_DAMAGED;
}

/* ------------------------------------------------------------------------
 * Streams
 */
enum mote_status mote_decode_table(struct mote_decode_table *table,
                                   const uint8_t *lengths)
{
    struct mote_codes codes;

    if (!mote_codes_read(&codes, lengths))
        return MOTE_E_FORMAT;
    for (unsigned i = 0; i < MOTE_CODES_SYMBOLS; i++) {
        const unsigned length = codes.length[i];
        if (length == 0)
            continue;
        for (unsigned e = codes.bits[i]; e < 1u << MOTE_CODING_LENGTH_MAX;
             e += 1u << length)
            table->entry[e] = (uint16_t)(i << 8 | length);
    }
    return MOTE_OK;
}

enum mote_status mote_decode_plane(struct mote_plane *plane,
                                   struct mote_decode_table *table,
                                   const uint8_t *lengths)
{
    struct mote_codes codes;
    uint32_t symbols = 0, sum = 0;

    *plane = (struct mote_plane){MOTE_PLANE_CODED, 0};
    for (uint32_t i = 0; i < MOTE_CODES_SYMBOLS; i++) {
        const uint8_t length = lengths[i / 2] >> i % 2 * 4 & 15;
        symbols += length > 0;
        sum += length;
        if (length)
            plane->byte = (uint8_t)i;
    }
    if (symbols < 2) {
        plane->kind = symbols ? MOTE_PLANE_ONE : MOTE_PLANE_STORED;
        return sum == symbols ? MOTE_OK : MOTE_E_FORMAT;
    }
    if (table)
        return mote_decode_table(table, lengths);
    return mote_codes_read(&codes, lengths) ? MOTE_OK : MOTE_E_FORMAT;
}

/* The last place from which 8 bytes can be loaded. A stream that is as it
 * should be never gets beyond it. */
static const uint8_t *last_load(const struct mote_coded *coded)
{
    return coded->data + coded->data_bytes + MOTE_DECODE_PAD - sizeof(uint64_t);
}

/* Moves a stream to the byte of its last bit taken, which is bit 0 to 7. */
static void settle(struct mote_stream *s)
{
    const unsigned gone = (unsigned)__builtin_clzll(s->window);

    s->at += gone / 8;
    s->window = MOTE_STREAMS_FULL >> gone % 8;
}

/* How many of `rounds` no stream can load beyond `last` in: 0 when one is
 * there already. */
static size_t safe_rounds(struct mote_stream s[STREAMS], size_t rounds,
                          const uint8_t *last)
{
    for (uint32_t i = 0; i < STREAMS; i++) {
        settle(s + i);
        if (s[i].at > last)
            return 0;
        const size_t safe =
            (size_t)(last - s[i].at) / MOTE_STREAMS_ROUND_BYTES + 1;
        if (safe < rounds)
            rounds = safe;
    }
    return rounds;
}

/* The last `left` symbols of a stream, at most a round. False: the stream then
 * is not at its end, or bits that are left in its last byte are not 0. */
static bool take_last(struct mote_stream s, const uint8_t *end,
                      const uint8_t *last, const uint16_t *table, uint32_t left,
                      uint32_t step)
{
    uint64_t window;

    settle(&s);
    if (s.at > last)
        return false;
    uint64_t used = (uint64_t)__builtin_clzll(s.window);
    memcpy(&window, s.at, sizeof window);
    for (window >>= used++; left; left--, s.top -= step) {
        const uint16_t entry = table[(window & MOTE_STREAMS_MASK) / 2];
        window >>= entry & 63;
        used += entry & 63;
        s.top[-1] = (uint8_t)(entry >> 8);
    }
    const uint8_t *at = s.at + used / 8;
    used %= 8;
    return used ? at + 1 == end && *at >> used == 0 : at == end;
}

/* Streams that are decoded together, in turns (step STREAMS) or each to a place
 * of its own (step 1). */
struct taking {
    struct mote_stream streams[STREAMS];
    const uint8_t *ends[STREAMS];
    uint32_t step, count; /* count: streams whose last symbols are wanted */
};

/* n symbols, of all streams or of each, below their tops. */
static bool take(const struct mote_coded *coded, const uint16_t *table,
                 struct taking *t, uint32_t n)
{
    const uint8_t *last = last_load(coded);
    /* the last 1 to 5 of each stream one by one: see compress/streams.h */
    const uint32_t round = t->step * MOTE_STREAMS_ROUND;
    size_t rounds = (n - 1) / round;

    n -= (uint32_t)rounds * round;
    while (rounds) {
        const size_t safe = safe_rounds(t->streams, rounds, last);
        if (safe == 0)
            return false;
        coded->streams->take(table, t->streams, t->step, safe);
        rounds -= safe;
        for (uint32_t s = 0; s < STREAMS; s++)
            t->streams[s].top -= safe * round;
    }
    for (uint32_t s = 0; s < t->count; s++) {
        if (!take_last(t->streams[s], t->ends[s], last, table,
                       (n + t->step - 1) / t->step, t->step))
            return false;
        n -= t->step > 1 && n;
    }
    return true;
}

/* n symbols, dealt from the last to the first to eight streams that lie one
 * behind the other in r, each with its end in front: see FORMAT.md. */
static bool take_block(const struct mote_coded *coded, const uint16_t *table,
                       struct range r, uint8_t *out, uint32_t n)
{
    struct taking t = {.step = STREAMS, .count = STREAMS};
    const uint8_t *begin = r.at + 2 * STREAMS, *from = begin;

    for (uint32_t s = 0; s < STREAMS; s++) {
        uint16_t end;
        memcpy(&end, r.at + 2 * s, sizeof end);
        if (end < from - begin || end > r.end - begin)
            return false;
        t.streams[s] = mote_stream_begin(from, out + n - s);
        from = t.ends[s] = begin + end;
    }
    return from == r.end && take(coded, table, &t, n);
}

/* ------------------------------------------------------------------------
 * Blocks and rows
 */
/* A row or block of n bytes in a mode without codes. */
static void uncoded(const struct mote_coding *c, const uint8_t *at,
                    uint8_t *out, uint32_t n)
{
    const uint32_t pairs = mote_coding_symbols(c, n);

    if (c->mode == MOTE_CODING_CONST) {
        for (uint32_t i = 0; i < n; i += c->element_bytes)
            memcpy(out + i, at, c->element_bytes);
        return;
    }
    memcpy(out + pairs, at, pairs);
    mote_planes_merge(out, at + pairs, 2 * pairs, c->low_bits);
}

enum mote_status mote_decode_block(const struct mote_coded *coded,
                                   const struct mote_decode_table *table,
                                   uint32_t i, void *to)
{
    const struct mote_coding *c = &coded->coding;
    const struct mote_coding_block b = mote_coding_block(c, i);
    const uint32_t symbols = mote_coding_symbols(c, b.bytes);
    const uint32_t low = mote_coding_low_bytes(c, b.bytes);
    struct range r = block_range(coded, i);
    uint8_t *out = to;

    assert(i < c->blocks && !c->by_rows);
    if (!mote_coding_has_codes(c)) {
        uncoded(c, r.at, out, b.bytes);
        return MOTE_OK;
    }
    if (r.end - r.at < (ptrdiff_t)(2 * STREAMS + low))
        return MOTE_E_FORMAT;
    r.end -= low;
    /* pairs go where the upper half of the weights will be */
    uint8_t *first = c->mode == MOTE_CODING_HUFPAIR ? out + symbols : out;
    if (!take_block(coded, table->entry, r, first, symbols))
        return MOTE_E_FORMAT;
    if (c->mode == MOTE_CODING_HUFPAIR)
        mote_planes_merge(out, r.end, 2 * symbols, c->low_bits);
    return MOTE_OK;
}

enum mote_status mote_decode_plane_block(const struct mote_coded *coded,
                                         const struct mote_plane *plane,
                                         const struct mote_decode_table *table,
                                         uint32_t i, void *to)
{
    const struct range r = block_range(coded, i);
    const uint32_t n = mote_coding_block(&coded->coding, i).bytes;
    const uint32_t stored = plane->kind == MOTE_PLANE_STORED ? n : 0;

    if (plane->kind == MOTE_PLANE_CODED)
        return mote_decode_block(coded, table, i, to);
    if (r.end - r.at != (ptrdiff_t)stored)
        return MOTE_E_FORMAT;
    if (stored)
        memcpy(to, r.at, n);
    else
        memset(to, plane->byte, n);
    return MOTE_OK;
}

/* Byte i of n elements, to every step'th place. */
static void deal(uint8_t *out, const uint8_t *bytes, uint32_t n, uint32_t step)
{
    for (uint32_t i = 0; i < n; i++)
        out[(size_t)i * step] = bytes[i];
}

enum mote_status mote_decode_bytes(const struct mote_coded *coded,
                                   const uint8_t *lengths,
                                   struct mote_decode_table *table,
                                   uint8_t *room, uint8_t *out)
{
    const struct mote_coding *c = &coded->coding;
    struct mote_plane plane;

    assert(c->mode == MOTE_CODING_BYTES);
    for (uint32_t i = 0; i < c->blocks; i++) {
        const struct mote_coding_block b = mote_coding_block(c, i);
        const uint32_t number = i / c->blocks_per_run;
        if (i % c->blocks_per_run == 0 &&
            mote_decode_plane(&plane, table,
                              lengths + (size_t)number * MOTE_CODING_TABLE) !=
                MOTE_OK)
            return MOTE_E_FORMAT;
        if (mote_decode_plane_block(coded, &plane, table, i, room) != MOTE_OK)
            return MOTE_E_FORMAT;
        deal(out + (b.at - number * c->run_bytes) * c->element_bytes + number,
             room, b.bytes, c->element_bytes);
    }
    return MOTE_OK;
}

/* Where row `row` of a tensor with codes is; at is NULL when it is nowhere. */
static struct range row_range(const struct mote_coded *coded, uint32_t row)
{
    const struct mote_coding *c = &coded->coding;
    const uint32_t group = row / c->group_rows, j = row % c->group_rows;
    const uint32_t rows = mote_coding_block(c, group).rows;
    const struct range r = block_range(coded, group);
    const uint8_t *begin = r.at + 2 * rows;
    uint16_t from = 0, end, all;

    if (r.end - r.at < (ptrdiff_t)(2 * rows))
        return (struct range){0};
    if (j)
        memcpy(&from, r.at + 2 * (j - 1), sizeof from);
    memcpy(&end, r.at + 2 * j, sizeof end);
    memcpy(&all, begin - 2, sizeof all);
    if (from > end || end > all || all != r.end - begin)
        return (struct range){0};
    return (struct range){begin + from, begin + end};
}

/* `count` rows with codes, 1 to 8, which lie in r. */
static bool decode_few(const struct mote_coded *coded, const uint16_t *table,
                       const struct range *r, uint32_t count, uint8_t *out)
{
    const struct mote_coding *c = &coded->coding;
    const uint32_t n = c->piece_bytes, room = mote_coding_room(n);
    const uint32_t symbols = mote_coding_symbols(c, n);
    const uint32_t low = mote_coding_low_bytes(c, n);
    const bool pairs = c->mode == MOTE_CODING_HUFPAIR;
    struct taking t = {.step = 1, .count = count};

    for (uint32_t i = 0; i < STREAMS;
         i++) { /* one again, where there are less */
        const uint32_t j = i < count ? i : 0;
        if (!r[j].at || r[j].end - r[j].at < (ptrdiff_t)low)
            return false;
        t.streams[i] = mote_stream_begin(r[j].at, out + (size_t)j * room +
                                                      (pairs ? room : symbols));
        t.ends[i] = r[j].end - low;
    }
    if (!take(coded, table, &t, symbols))
        return false;
    for (uint32_t i = 0; pairs && i < count; i++)
        mote_planes_merge(out + (size_t)i * room, t.ends[i], room, c->low_bits);
    return true;
}

/* Finds `count` rows and fetches them ahead: where they are apart, most of the
 * time goes into waiting for memory. */
static void find_rows(const struct mote_coded *coded, const uint32_t *rows,
                      uint32_t count, struct range *found)
{
    for (uint32_t i = 0; i < count; i++) {
        found[i] = row_range(coded, rows[i]);
        for (const uint8_t *at = found[i].at; at < found[i].end; at += LINE)
            __builtin_prefetch(at);
    }
}

enum mote_status mote_decode_rows(const struct mote_coded *coded,
                                  const struct mote_decode_table *table,
                                  const uint32_t *rows, size_t count, void *to)
{
    const struct mote_coding *c = &coded->coding;
    const uint32_t n = c->piece_bytes, room = mote_coding_room(n);
    struct range found[2 * STREAMS];
    uint8_t *out = to;

    assert(c->by_rows);
    if (!mote_coding_has_codes(c)) {
        for (size_t i = 0; i < count; i++, out += room)
            uncoded(c, coded->data + rows[i] * uncoded_bytes(c, n), out, n);
        return MOTE_OK;
    }
    for (size_t i = 0; i < count; i += STREAMS) {
        const uint32_t k = i % (2 * STREAMS);
        const size_t left = count - i;
        if (k == 0)
            find_rows(coded, rows + i,
                      left < 2 * STREAMS ? (uint32_t)left : 2 * STREAMS, found);
        if (!decode_few(coded, table->entry, found + k,
                        left < STREAMS ? (uint32_t)left : STREAMS,
                        out + i * room))
            return MOTE_E_FORMAT;
    }
    return MOTE_OK;
}
