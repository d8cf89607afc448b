/* test/compress/test_codec.c - the weight codec: vectors, round trips in every
 * mode and version, optimal codes, and bytes that are not what they should be.
 */
#include <math.h>

#include "test/test.h"
#include "test/compress/coded.h"
#include "test/compress/reference.h"
#include "core/base/xxh64.h"

#define PLANES MOTE_CODING_PLANES
#define HUF8 MOTE_CODING_HUF8
#define HUFPAIR MOTE_CODING_HUFPAIR
#define CONST MOTE_CODING_CONST
#define BYTES MOTE_CODING_BYTES

static struct mote_decode_table decode_table;

static struct mote_coding_shape in_blocks(uint8_t mode, uint8_t bits,
                                          uint32_t block, uint64_t n)
{
    return (struct mote_coding_shape){mode, bits, 1, false, block, 0, n};
}

static struct mote_coding_shape in_rows(uint8_t mode, uint8_t bits,
                                        uint32_t row, uint64_t n)
{
    return (struct mote_coding_shape){mode, bits, 1, false, row, row, n};
}

/* ------------------------------------------------------------------------
 * Distributions; integers only, so that golden hashes hold on every machine
 */
enum histogram { ZIPF, GEOMETRIC, UNIFORM, TWO, LONGEST, HISTOGRAMS };

static uint8_t draw(enum histogram h, uint64_t *state)
{
    const uint64_t r = test_random(state);
    uint32_t i = 0;

    switch (h) {
    case ZIPF: /* of rank i with weight 1 / (i + 1) */
        return (uint8_t)((1u << (r % 9)) - 1 + (r >> 32) % (1u << (r % 9)));
    case GEOMETRIC:
        for (; i < 40 && r >> i & 1; i++)
            ;
        return (uint8_t)(i * 5);
    case UNIFORM:
        return (uint8_t)(r >> 56);
    case TWO:
        return r >> 60 ? 200 : 7;
    default: /* one frequent symbol, 1024 times the others */
        return r % 2 ? 0 : (uint8_t)(1 + (r >> 32) % 255);
    }
}

/* n weights of so many bits. */
static uint8_t *weights(enum histogram h, unsigned bits, size_t n,
                        uint64_t seed)
{
    uint8_t *raw = malloc(n + 1);

    for (size_t i = 0; i < n; i++) {
        const uint8_t x = draw(h, &seed);
        raw[i] =
            bits == 8 ? x : (uint8_t)((x >> (8 - bits)) - (1 << (bits - 1)));
    }
    return raw;
}

/* ------------------------------------------------------------------------
 * Vectors
 */
static void a_stream_of_six_symbols(void)
{
    /* lengths {0: 1, 1: 2, 2: 3, 3: 3}; in a row the last symbol comes first */
    static const uint8_t table[MOTE_CODING_TABLE] = {0x21, 0x33};
    static const uint8_t row[] = {1, 0, 3, 2, 1, 0},
                         expected[] = {2, 0, 0xDA, 5};
    struct coded_tensor t;

    EXPECT(coded_make(&t, in_rows(HUF8, 8, 6, 6), row, table) == MOTE_OK);
    EXPECT(t.to.data_bytes == 4 && !memcmp(t.to.data, expected, 4));
    coded_free(&t);
}

static void pairs_and_planes(void)
{
    static const struct {
        uint8_t bits;
        int8_t weights[8];
        uint8_t coded[8];
    } vectors[] = {
        {8,
         {-127, -16, -1, 0, 1, 15, 64, 127},
         {0x08, 0x78, 0x7C, 0x8F, 0x11, 0x0F, 0xF0, 0x0F}},
        {6,
         {-32, -5, -1, 0, 1, 7, 16, 31},
         {0x08, 0x69, 0x7C, 0x8F, 0x1C, 0xF3}},
        /* 7 bits: two of them and then one; 5 bits: one; 4 bits: none */
        {7,
         {-64, -5, -1, 0, 1, 7, 16, 63},
         {0x08, 0x78, 0x7A, 0x8F, 0x0C, 0xF1, 0xB6}},
        {5, {-16, -5, -1, 0, 1, 7, 8, 15}, {0x08, 0x5B, 0x7C, 0x8F, 0xB6}},
        {4, {-8, -5, -1, 0, 1, 7, 4, 3}, {0x09, 0x3F, 0x7C, 0x8B}},
    };

    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const uint8_t bits = vectors[i].bits;
        struct coded_tensor t;
        uint8_t out[8];
        EXPECT(coded_make(&t, in_blocks(PLANES, bits, 64, 8),
                          vectors[i].weights, NULL) == MOTE_OK);
        EXPECT(t.to.data_bytes == bits &&
                   !memcmp(t.to.data, vectors[i].coded, bits),
               "%u bits: %02x %02x %02x", bits, t.to.data[4], t.to.data[5],
               t.to.data[6]);
        EXPECT(coded_all(&t.coded, NULL, out) == MOTE_OK);
        EXPECT(!memcmp(out, vectors[i].weights, 8), "%u bits", bits);
        coded_free(&t);
    }
}

/* What the same numbers are on every machine: tables, data, index. */
static void golden_bytes(void)
{
    static const struct {
        struct mote_coding_shape shape;
        enum histogram histogram;
        uint64_t hash;
    } golden[] = {
        {{HUF8, 8, 1, false, 16384, 0, 40000}, ZIPF, 0x97543DCCB2253D0F},
        {{HUFPAIR, 8, 1, true, 15360, 3072, 43008},
         UNIFORM,
         0x20160035DAD9850A},
        {{HUFPAIR, 6, 1, true, 16384, 33024, 66048}, ZIPF, 0x8407ABE7C53A7945},
        {{HUFPAIR, 7, 1, false, 384, 384, 38400},
         GEOMETRIC,
         0x6A711C90A6302B1B},
        {{HUFPAIR, 5, 1, false, 100, 100, 7700}, LONGEST, 0x40946128F9989DEB},
        {{PLANES, 4, 1, false, 64, 0, 1000}, UNIFORM, 0x7BAAEC566AF3C10A},
    };

    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        const struct mote_coding_shape *shape = &golden[i].shape;
        uint8_t *raw = weights(golden[i].histogram, shape->bits,
                               shape->decoded_bytes, 0x5EED + i);
        struct coded_tensor t;
        EXPECT(coded_make(&t, *shape, raw, NULL) == MOTE_OK, "%zu", i);
        uint64_t hash = mote_xxh64(t.to.data, t.to.data_bytes);
        if (t.table)
            hash ^= mote_xxh64(t.table, MOTE_CODING_TABLE) ^
                    mote_xxh64(t.to.index, 4 * (t.coded.coding.blocks + 1));
        EXPECT(hash == golden[i].hash, "%zu: 0x%016llx", i,
               (unsigned long long)hash);
        coded_free(&t);
        free(raw);
    }
}

/* ------------------------------------------------------------------------
 * Round trips
 */

/* Every stream of a tensor with codes, by the reference. */
static bool reference_all(const struct coded_tensor *t, uint8_t *out)
{
    const struct mote_coding *c = &t->coded.coding;
    bool good = true;

    for (uint32_t i = 0; i < c->blocks && good; i++) {
        const struct mote_coding_block b = mote_coding_block(c, i);
        const uint8_t *at = t->to.data + t->to.index[i],
                      *begin = at + 2 * b.rows;
        size_t from = 0, bytes = t->to.index[i + 1] - t->to.index[i];
        if (!c->by_rows)
            good = reference_piece(at, bytes, t->table, t->shape.bits,
                                   c->mode == HUFPAIR, 8, out + b.at, b.bytes);
        for (uint32_t j = 0; j < b.rows && good; j++) {
            const size_t end = at[2 * j] + 256u * at[2 * j + 1];
            good = reference_piece(begin + from, end - from, t->table,
                                   t->shape.bits, c->mode == HUFPAIR, 1,
                                   out + b.at + (size_t)j * c->piece_bytes,
                                   c->piece_bytes);
            from = end;
        }
    }
    return good;
}

/* Versions of the inner loop: all of the list, and those that are only listed
 * on the other machine. */
static const struct mote_streams unlisted[] = {
    {"eight", mote_streams_take_eight, 0},
    {"scalar", mote_streams_take_scalar, 0},
};
#define VERSIONS (MOTE_STREAMS_VERSIONS + sizeof unlisted / sizeof *unlisted)

static const struct mote_streams *version(size_t v)
{
    return v < MOTE_STREAMS_VERSIONS ? mote_streams_all + v
                                     : unlisted + (v - MOTE_STREAMS_VERSIONS);
}

/* Codes, decodes with every version, and takes it apart with the reference. */
static void goes_round(struct mote_coding_shape shape, const uint8_t *raw,
                       const char *what)
{
    const size_t n = shape.decoded_bytes;
    struct coded_tensor t;
    uint8_t *out = malloc(n);

    EXPECT(coded_make(&t, shape, raw, NULL) == MOTE_OK, "%s: %zu", what, n);
    EXPECT(mote_decode_open(&t.coded) == NULL, "%s: %zu", what, n);
    if (t.table)
        EXPECT(mote_decode_table(&decode_table, t.table) == MOTE_OK);
    for (uint32_t i = 0; i < t.coded.coding.blocks; i++)
        EXPECT(mote_decode_verify(&t.coded, i) == MOTE_OK, "%s: %zu", what, n);
    for (size_t v = 0; v < VERSIONS; v++) {
        const struct mote_streams *s = version(v);
        if (s->needs & ~mote_cpu_flags(0, 0))
            continue; /* every_version says so */
        t.coded.streams = s;
        memset(out, 0x55, n);
        EXPECT(coded_all(&t.coded, &decode_table, out) == MOTE_OK,
               "%s %s: mode %u, %u bits, %zu by %u", what, s->isa, shape.mode,
               shape.bits, n, shape.block_bytes);
        EXPECT(!memcmp(out, raw, n), "%s %s: mode %u, %u bits, %zu by %u", what,
               s->isa, shape.mode, shape.bits, n, shape.block_bytes);
    }
    if (t.table) {
        memset(out, 0x55, n);
        EXPECT(reference_all(&t, out) && !memcmp(out, raw, n),
               "%s: reference, mode %u, %u bits, %zu by %u", what, shape.mode,
               shape.bits, n, shape.block_bytes);
    }
    free(out);
    coded_free(&t);
}

static const struct {
    uint8_t mode, bits;
} with_codes[] = {{HUF8, 8},    {HUFPAIR, 4}, {HUFPAIR, 5},
                  {HUFPAIR, 6}, {HUFPAIR, 7}, {HUFPAIR, 8}};
#define WITH_CODES (sizeof with_codes / sizeof *with_codes)

static void every_small_size(void)
{
    for (size_t m = 0; m < WITH_CODES; m++)
        for (uint32_t n = 1; n <= 200; n++) {
            const uint8_t mode = with_codes[m].mode, bits = with_codes[m].bits;
            uint8_t *raw = weights(n % HISTOGRAMS, bits, n, n * 977 + m);
            goes_round(in_blocks(mode, bits, 64, n), raw, "blocks");
            goes_round(in_rows(mode, bits, n, n), raw, "a row");
            goes_round(in_blocks(PLANES, bits, 128, n), raw, "planes");
            goes_round(in_rows(PLANES, bits, n, n), raw, "planes of a row");
            if (n % 7 == 0)
                goes_round(in_rows(mode, bits, n / 7, n), raw, "rows");
            free(raw);
        }
}

static void every_histogram(void)
{
    static const size_t sizes[] = {320,   639,   641,   4096,
                                   16383, 16384, 16385, 50001};

    for (size_t m = 0; m < WITH_CODES; m++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            for (int h = 0; h < HISTOGRAMS; h++) {
                const uint8_t bits = with_codes[m].bits;
                uint8_t *raw = weights(h, bits, sizes[i], i * 31 + m);
                goes_round(in_blocks(with_codes[m].mode, bits, 16384, sizes[i]),
                           raw, "a histogram");
                free(raw);
            }
}

/* Panels together in a block, one panel a block, and parts of a panel. */
static void every_panel(void)
{
    static const uint32_t columns[] = {8, 48, 384, 1536, 2048, 2056, 4096};

    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        const uint64_t panel = columns[i] * 8, n = 5 * panel;
        const uint32_t block =
            panel > 16384 ? 16384 : (uint32_t)(16384 / panel * panel);
        uint8_t *raw = weights(ZIPF, 8, n, i);
        goes_round(
            (struct mote_coding_shape){HUFPAIR, 8, 1, true, block, panel, n},
            raw, "panels");
        goes_round((struct mote_coding_shape){HUF8, 8, 1, true, 64, panel, n},
                   raw, "parts of panels");
        goes_round(
            (struct mote_coding_shape){PLANES, 8, 1, true, block, panel, n},
            raw, "panels");
        free(raw);
    }
}

/* Nothing but codes of 11 bits: a stream then needs more rounds than are safe
 * to count ahead of its end. */
static void the_longest_codes(void)
{
    uint64_t counts[256] = {1000000};
    uint8_t table[MOTE_CODING_TABLE], raw[16384], out[16384];

    for (int s = 1; s < 256; s++)
        counts[s] = s < 64 ? 100000 : 1;
    mote_encode_lengths(counts, table);
    for (size_t i = 0; i < sizeof raw; i++)
        raw[i] = (uint8_t)(64 + i % 192);
    for (uint32_t row = 0; row <= 16384; row = row ? 2 * row : 4096) {
        struct coded_tensor t;
        EXPECT(coded_make(&t,
                          row ? in_rows(HUF8, 8, row, sizeof raw)
                              : in_blocks(HUF8, 8, 16384, sizeof raw),
                          raw, table) == MOTE_OK);
        EXPECT(t.to.data_bytes > sizeof raw * 11 / 8);
        EXPECT(mote_decode_table(&decode_table, t.table) == MOTE_OK);
        EXPECT(coded_all(&t.coded, &decode_table, out) == MOTE_OK &&
                   !memcmp(out, raw, sizeof raw),
               "rows of %u", row);
        coded_free(&t);
    }
}

static void rows_in_any_order(void)
{
    enum { COUNT = 1000, ROW = 100, ROOM = 104 };
    uint8_t *raw = weights(ZIPF, 8, COUNT * ROW, 5);
    struct coded_tensor t;
    uint64_t state = 99;

    EXPECT(coded_make(&t, in_rows(HUFPAIR, 8, ROW, COUNT * ROW), raw, NULL) ==
           MOTE_OK);
    EXPECT(mote_decode_table(&decode_table, t.table) == MOTE_OK);
    for (size_t n = 0; n <= 40; n++) {
        uint32_t ids[40];
        uint8_t *out = malloc(n * ROOM + 1);
        for (size_t i = 0; i < n; i++)
            ids[i] = (uint32_t)(test_random(&state) % COUNT);
        EXPECT(mote_decode_rows(&t.coded, &decode_table, ids, n, out) ==
               MOTE_OK);
        for (size_t i = 0; i < n; i++)
            EXPECT(!memcmp(out + i * ROOM, raw + ids[i] * ROW, ROW),
                   "%zu of %zu", i, n);
        free(out);
    }
    coded_free(&t);
    free(raw);
}

static void constants(void)
{
    static const uint8_t one[8] = {0, 0, 0x80, 0x3F, 1, 2, 3, 4};
    uint8_t raw[300 * 8], out[300 * 8];

    for (uint8_t size = 1; size <= 8; size *= 2)
        for (size_t count = 1; count < 300; count += 7) {
            const size_t n = count * size;
            const struct mote_coding_shape shape = {
                CONST, 8 * size, size, false, 64, 0, n};
            struct coded_tensor t;
            for (size_t i = 0; i < n; i++)
                raw[i] = one[i % size];
            EXPECT(coded_make(&t, shape, raw, NULL) == MOTE_OK);
            EXPECT(t.to.data_bytes == size && !mote_decode_open(&t.coded));
            EXPECT(mote_decode_verify(&t.coded, 0) == MOTE_OK);
            EXPECT(coded_all(&t.coded, NULL, out) == MOTE_OK &&
                   !memcmp(out, raw, n));
            t.to.data[0] ^= 1;
            EXPECT(mote_decode_verify(&t.coded, t.coded.coding.blocks - 1) ==
                   MOTE_E_DAMAGED);
            coded_free(&t);
            if (count == 1)
                continue;
            raw[n - 1] ^= 1;
            EXPECT(coded_make(&t, shape, raw, NULL) == MOTE_E_RANGE);
            coded_free(&t);
        }
}

/* ------------------------------------------------------------------------
 * How small
 */
static unsigned length_of(const uint8_t *table, int symbol)
{
    return table[symbol / 2] >> symbol % 2 * 4 & 15;
}

static uint64_t cost(const uint8_t *table, const uint64_t *counts)
{
    uint64_t bits = 0;

    for (int s = 0; s < 256; s++)
        bits += counts[s] * length_of(table, s);
    return bits;
}

static bool is_complete(const uint8_t *table)
{
    uint32_t sum = 0;

    for (int s = 0; s < 256; s++) {
        const unsigned length = length_of(table, s);
        if (length > 11)
            return false;
        sum += length ? 2048u >> length : 0;
    }
    return sum == 2048;
}

/* Least cost of any complete code of at most 11 bits: all multisets of lengths
 * are gone through, the longest codes being for the rarest. counts [left]
 * ascend, `open` nodes of a tree are at this depth. */
static uint64_t least(const uint64_t *counts, uint32_t left, uint32_t open,
                      unsigned depth)
{
    uint64_t best = UINT64_MAX, here = 0;

    if (left == 0)
        return open ? UINT64_MAX : 0;
    if (open > left || depth > 11)
        return UINT64_MAX;
    /* so many of the open nodes are leaves, for the most frequent */
    for (uint32_t leaves = 0; leaves <= open; leaves++) {
        if (leaves)
            here += counts[left - leaves] * depth;
        const uint64_t rest =
            least(counts, left - leaves, 2 * (open - leaves), depth + 1);
        if (rest != UINT64_MAX && here + rest < best)
            best = here + rest;
    }
    return best;
}

/* n counts that ascend: of the deepest trees (0: Fibonacci's, 1: powers of
 * four), or random ones. */
static void ascending(uint64_t *counts, uint32_t n, uint32_t kind,
                      uint64_t *state)
{
    uint64_t a = 1, b = 1;

    for (uint32_t i = 0; i < n; i++) {
        const uint64_t step = test_random(state) % (kind * kind * kind + 1);
        counts[i] = kind == 0   ? a
                    : kind == 1 ? (uint64_t)1 << 2 * i
                                : (i ? counts[i - 1] : 1) + step;
        a += b;
        b = a - b;
    }
}

static void no_code_is_shorter(void)
{
    uint64_t state = 7;

    for (uint32_t n = 2; n <= 18; n++)
        for (uint32_t kind = 0; kind < 12; kind++) {
            uint64_t counts[256] = {0}, sorted[18];
            uint8_t table[MOTE_CODING_TABLE];
            ascending(sorted, n, kind, &state);
            for (uint32_t i = 0; i < n; i++) /* 19 is prime to every n */
                counts[i * 13] = sorted[(i * 19 + kind) % n];
            mote_encode_lengths(counts, table);
            EXPECT(is_complete(table), "%u symbols, kind %u", n, kind);
            EXPECT(cost(table, counts) == least(sorted, n, 2, 1),
                   "%u symbols, kind %u: %llu", n, kind,
                   (unsigned long long)cost(table, counts));
        }
}

/* The two rarest joined until one is left, with no limit of length; the cost,
 * and the longest code. */
static uint64_t huffman(const uint64_t *counts, unsigned *longest)
{
    struct {
        uint64_t weight;
        unsigned depth;
    } node[256], swap;
    unsigned n = 0;
    uint64_t sum = 0;

    for (int s = 0; s < 256; s++)
        if (counts[s]) {
            node[n].weight = counts[s];
            node[n++].depth = 0;
        }
    for (; n > 1; n--) {
        for (unsigned last = n - 1; last + 2 >= n && last; last--)
            for (unsigned i = 0; i < last; i++) /* the rarest to the end */
                if (node[i].weight < node[last].weight) {
                    swap = node[i];
                    node[i] = node[last];
                    node[last] = swap;
                }
        if (node[n - 1].depth > node[n - 2].depth)
            node[n - 2].depth = node[n - 1].depth;
        node[n - 2].depth++;
        node[n - 2].weight += node[n - 1].weight;
        sum += node[n - 2].weight;
    }
    *longest = node[0].depth;
    return sum;
}

static void as_short_as_without_a_limit(void)
{
    uint64_t state = 3;
    unsigned compared = 0;

    for (unsigned kind = 0; kind < 300; kind++) {
        uint64_t counts[256] = {0};
        uint8_t table[MOTE_CODING_TABLE];
        unsigned longest;
        const unsigned symbols = 2 + (unsigned)(test_random(&state) % 255);
        for (unsigned i = 0; i < symbols; i++)
            counts[i] = 1 + test_random(&state) % (1 + kind * kind);
        const uint64_t best = huffman(counts, &longest);
        mote_encode_lengths(counts, table);
        EXPECT(is_complete(table) && cost(table, counts) >= best);
        if (longest <= 11) {
            compared++;
            EXPECT(cost(table, counts) == best, "%u symbols", symbols);
        }
    }
    EXPECT(compared > 100, "%u", compared);
}

/* Symbol number j of a block, from the last one down. */
static int symbol_at(const struct coded_tensor *t,
                     const struct mote_coding_block *b, size_t j)
{
    const size_t half = (b->bytes + 7) / 8 * 4;
    const int zero = 1 << (t->shape.bits - 1), k = t->shape.bits - 4;

    if (t->shape.mode == HUF8)
        return t->raw[b->at + b->bytes - 1 - j];
    const size_t at = half - 1 - j; /* never behind the last: half < bytes */
    const int first = at < b->bytes ? (int8_t)t->raw[b->at + at] : 0;
    const int second =
        at + half < b->bytes ? (int8_t)t->raw[b->at + at + half] : 0;
    return (first + zero) >> k << 4 | (second + zero) >> k;
}

/* Every byte is accounted for: ends, streams of whole bytes, planes. */
static void no_byte_more(void)
{
    for (size_t m = 0; m < WITH_CODES; m++) {
        const uint8_t mode = with_codes[m].mode, bits = with_codes[m].bits;
        const size_t n = 40001;
        uint8_t *raw = weights(ZIPF, bits, n, m);
        struct coded_tensor t;
        uint64_t expected = 0, counts[256] = {0}, in_all = 0;
        EXPECT(coded_make(&t, in_blocks(mode, bits, 16384, n), raw, NULL) ==
               MOTE_OK);
        for (uint32_t i = 0; i < t.coded.coding.blocks; i++) {
            const struct mote_coding_block b =
                mote_coding_block(&t.coded.coding, i);
            const size_t room = (b.bytes + 7) / 8 * 8;
            const size_t symbols = mode == HUF8 ? b.bytes : room / 2;
            uint64_t stream[8] = {0};
            for (size_t j = 0; j < symbols; j++) {
                const int s = symbol_at(&t, &b, j);
                counts[s]++;
                stream[j % 8] += length_of(t.table, s);
                in_all += length_of(t.table, s);
            }
            expected += 16 + (mode == HUF8 ? 0 : room * (bits - 4u) / 8);
            for (int s = 0; s < 8; s++)
                expected += (stream[s] + 7) / 8;
        }
        EXPECT(t.to.data_bytes == expected, "mode %u, %u bits: %llu", mode,
               bits, (unsigned long long)t.to.data_bytes);
        uint8_t best[MOTE_CODING_TABLE];
        mote_encode_lengths(counts, best);
        EXPECT(cost(best, counts) == in_all);
        coded_free(&t);
        free(raw);
    }
}

/* Rows quantized by their largest, as the compiler does it. */
static uint8_t *quantized(bool laplace, unsigned bits, size_t rows, size_t row)
{
    uint8_t *raw = malloc(rows * row);
    double *x = malloc(row * sizeof *x);
    uint64_t state = 17;

    for (size_t r = 0; r < rows; r++) {
        double most = 0;
        for (size_t i = 0; i < row; i++) {
            const double a =
                (double)((test_random(&state) >> 11) + 1) / 9007199254740994.0;
            const double b =
                (double)(test_random(&state) >> 11) / 9007199254740992.0;
            x[i] = laplace ? (b < 0.5 ? log(a) : -log(a))
                           : sqrt(-2 * log(a)) * cos(6.283185307179586 * b);
            most = fabs(x[i]) > most ? fabs(x[i]) : most;
        }
        for (size_t i = 0; i < row; i++)
            raw[r * row + i] =
                (uint8_t)lrint(x[i] / most * ((1 << (bits - 1)) - 1));
    }
    free(x);
    return raw;
}

static void near_the_entropy_of(bool laplace, uint8_t bits)
{
    const size_t rows = 2000, n = rows * 384;
    uint8_t *raw = quantized(laplace, bits, rows, 384);
    double counts[256] = {0}, entropy = 0;

    for (size_t i = 0; i < n; i++)
        counts[raw[i]]++;
    for (int s = 0; s < 256; s++)
        entropy -=
            counts[s] > 0 ? counts[s] * log2(counts[s] / (double)n) / 8 : 0;
    for (uint8_t mode = HUF8; mode <= HUFPAIR; mode++) {
        struct coded_tensor t;
        EXPECT(coded_make(&t,
                          in_blocks(mode, mode == HUF8 ? 8 : bits, 16384, n),
                          raw, NULL) == MOTE_OK);
        const double bytes = (double)t.to.data_bytes + MOTE_CODING_TABLE;
        EXPECT(bytes < 1.02 * entropy, "laplace %d, mode %u, %u bits: %.4f",
               laplace, mode, bits, bytes / entropy);
        coded_free(&t);
    }
    free(raw);
}

static void near_the_entropy(void)
{
    near_the_entropy_of(false, 8);
    near_the_entropy_of(true, 8);
    near_the_entropy_of(false, 6);
    near_the_entropy_of(true, 6);
}

/* ------------------------------------------------------------------------
 * Refused
 */
static void every_version(void)
{
    const uint32_t cpu = mote_cpu_flags(0, 0);

    EXPECT(mote_streams_all[MOTE_STREAMS_VERSIONS - 1].needs == 0);
    for (int v = 0; v < MOTE_STREAMS_VERSIONS; v++) {
        const struct mote_streams *s = mote_streams_all + v;
        EXPECT(!(mote_streams_select(s->needs)->needs & ~s->needs));
        if (s->needs & ~cpu)
            SKIP("this processor lacks AVX2 and BMI2");
    }
}

static void shapes(void)
{
    static const struct {
        const char *name;
        struct mote_coding_shape shape;
        bool good;
    } cases[] = {
        {"no mode", {0, 8, 1, false, 64, 0, 64}, false},
        {"mode 5", {5, 8, 1, false, 64, 0, 64}, false},
        {"HUF8 of 7 bits", {HUF8, 7, 1, false, 64, 0, 64}, false},
        {"HUF8 of two bytes", {HUF8, 8, 2, false, 64, 0, 64}, false},
        {"pairs of 3 bits", {HUFPAIR, 3, 1, false, 64, 0, 64}, false},
        {"pairs of 9 bits", {HUFPAIR, 9, 1, false, 64, 0, 64}, false},
        {"planes of 3 bits", {PLANES, 3, 1, false, 64, 0, 64}, false},
        {"planes of two bytes", {PLANES, 8, 2, false, 64, 0, 64}, false},
        {"8 bits of two bytes", {CONST, 8, 2, false, 64, 0, 64}, false},
        {"no block", {HUF8, 8, 1, false, 0, 0, 64}, false},
        {"no row", {HUF8, 8, 1, false, 0, 64, 64}, false},
        {"block of 63", {HUF8, 8, 1, false, 63, 0, 64}, false},
        {"row of 63", {HUF8, 8, 1, false, 63, 63, 63}, true},
        {"block of 16384", {HUF8, 8, 1, false, 16384, 0, 64}, true},
        {"block of 16448", {HUF8, 8, 1, false, 16448, 0, 64}, false},
        {"row of 16384", {HUF8, 8, 1, false, 16384, 16384, 32768}, true},
        {"row of 16385", {HUF8, 8, 1, false, 16385, 16385, 16385}, false},
        {"a panel and a half", {HUF8, 8, 1, true, 192, 128, 384}, false},
        {"half a panel", {HUF8, 8, 1, true, 64, 128, 384}, true},
        {"two panels", {HUF8, 8, 1, true, 256, 128, 384}, true},
        {"nothing", {HUF8, 8, 1, false, 64, 0, 0}, false},
        {"2^32 - 2", {HUF8, 8, 1, false, 64, 0, 64 * 0xFFFFFFFEull}, true},
        {"2^32 - 1", {HUF8, 8, 1, false, 64, 0, 64 * 0xFFFFFFFFull}, false},
        {"2^32 + 1", {HUF8, 8, 1, false, 64, 0, 64 * 0x100000001ull}, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mote_coding c;
        EXPECT(!mote_coding_set(&c, &cases[i].shape) == cases[i].good, "%s",
               cases[i].name);
    }
}

static void what_cannot_be_coded(void)
{
    static const struct {
        const uint8_t table[MOTE_CODING_TABLE];
        enum mote_status status;
    } cases[] = {
        {{0x11}, MOTE_E_RANGE}, {{0}, MOTE_E_FORMAT}, {{0x21, 0x02}, MOTE_OK}};
    uint8_t raw[64] = {0};
    struct coded_tensor t;

    for (int w = -128; w < 128; w++)
        for (uint8_t bits = 4; bits <= 8; bits++)
            for (uint8_t mode = PLANES; mode <= HUFPAIR; mode += 2) {
                const int most = 1 << (bits - 1);
                raw[63] = (uint8_t)w;
                EXPECT(
                    (coded_make(&t, in_blocks(mode, bits, 64, 64), raw, NULL) ==
                     MOTE_OK) == (w >= -most && w < most),
                    "%d in %u bits", w, bits);
                coded_free(&t);
            }
    raw[63] = 2;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        EXPECT(coded_make(&t, in_blocks(HUF8, 8, 64, 64), raw,
                          cases[i].table) == cases[i].status,
               "%zu", i);
        coded_free(&t);
    }
}

static void tables(void)
{
    static const struct {
        const char *name;
        uint8_t lengths[6]; /* of symbols 0 to 5 */
        bool good;
    } cases[] = {
        {"none", {0}, false},
        {"one symbol", {1}, false},
        {"two", {1, 1}, true},
        {"two that leave a rest", {1, 2}, false},
        {"three of length 1", {1, 1, 1}, false},
        {"a chain", {1, 2, 3, 4, 5, 5}, true},
        {"a chain that leaves a rest", {1, 2, 3, 4, 5, 6}, false},
        {"more than there is", {1, 2, 3, 4, 4, 4}, false},
        {"12", {1, 2, 3, 4, 5, 12}, false},
        {"15", {1, 1, 15}, false},
    };
    uint8_t full[MOTE_CODING_TABLE];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t table[MOTE_CODING_TABLE] = {0};
        for (int s = 0; s < 6; s++)
            table[s / 2] |= (uint8_t)(cases[i].lengths[s] << s % 2 * 4);
        const void *copy = guarded(table, sizeof table);
        EXPECT((mote_decode_table(&decode_table, copy) == MOTE_OK) ==
                   cases[i].good,
               "%s", cases[i].name);
    }
    memset(full, 0x88, sizeof full);
    for (int length = 0; length < 16; length++) { /* another instead of an 8 */
        full[77] = (uint8_t)(0x80 | length);
        EXPECT((mote_decode_table(&decode_table, full) == MOTE_OK) ==
               (length == 8));
    }
}

/* ------------------------------------------------------------------------
 * Damage
 */
static const struct {
    struct mote_coding_shape shape;
    enum histogram histogram;
} small[] = {
    {{HUF8, 8, 1, false, 64, 0, 300}, ZIPF},
    {{HUF8, 8, 1, false, 21, 21, 210}, GEOMETRIC},
    {{HUFPAIR, 8, 1, true, 128, 128, 384}, ZIPF},
    {{HUFPAIR, 6, 1, false, 100, 100, 500}, TWO},
    {{HUFPAIR, 5, 1, false, 192, 0, 700}, UNIFORM},
    {{PLANES, 7, 1, false, 64, 0, 333}, UNIFORM},
    {{HUF8, 8, 1, false, 1024, 0, 2048}, LONGEST},
};
#define SMALL (sizeof small / sizeof *small)

static struct coded_tensor make_small(size_t i)
{
    struct coded_tensor t;
    uint8_t *raw = weights(small[i].histogram, small[i].shape.bits,
                           small[i].shape.decoded_bytes, i + 1);

    if (coded_make(&t, small[i].shape, raw, NULL) != MOTE_OK)
        abort();
    free(raw);
    return t;
}

/* Where damage is seen. */
enum caught { NOT, BY_OPEN, BY_TABLE, BY_CHECKSUM, BY_DECODER };

/* A block that does not match its checksum is decoded all the same. */
static enum caught caught_by(const struct coded_tensor *t)
{
    enum caught caught = NOT;

    if (mote_decode_open(&t->coded))
        return BY_OPEN;
    if (t->table && mote_decode_table(&decode_table, t->table) != MOTE_OK)
        return BY_TABLE;
    uint8_t *out = malloc(t->shape.decoded_bytes);
    if (coded_all(&t->coded, &decode_table, out) != MOTE_OK)
        caught = BY_DECODER;
    for (uint32_t i = 0; i < t->coded.coding.blocks; i++)
        if (mote_decode_verify(&t->coded, i) != MOTE_OK)
            caught = BY_CHECKSUM;
    free(out);
    return caught;
}

struct damaged {
    uint8_t *at;
    size_t n;
};

/* What can be damaged: data, table, index, checksums. */
static void pieces_of(const struct coded_tensor *t, struct damaged *pieces)
{
    const uint32_t blocks = t->coded.coding.blocks;

    pieces[0] = (struct damaged){t->to.data, t->to.data_bytes};
    pieces[1] = (struct damaged){t->table, t->table ? MOTE_CODING_TABLE : 0};
    pieces[2] = (struct damaged){(uint8_t *)t->to.index,
                                 t->table ? 4 * (blocks + 1) : 0};
    pieces[3] = (struct damaged){(uint8_t *)t->to.checksums, 8 * blocks};
}

static void every_bit_flipped(void)
{
    for (size_t i = 0; i < SMALL; i++) {
        struct coded_tensor t = make_small(i);
        struct damaged pieces[4];
        pieces_of(&t, pieces);
        EXPECT(caught_by(&t) == NOT, "%zu", i);
        for (size_t p = 0; p < 4; p++)
            for (size_t bit = 0; bit < 8 * pieces[p].n; bit++) {
                pieces[p].at[bit / 8] ^= (uint8_t)(1 << bit % 8);
                EXPECT(caught_by(&t) != NOT, "%zu: piece %zu, bit %zu", i, p,
                       bit);
                pieces[p].at[bit / 8] ^= (uint8_t)(1 << bit % 8);
            }
        coded_free(&t);
    }
}

/* Bytes are missing, and the index says so: what is left ends exactly at its
 * padding. */
static void every_truncation(void)
{
    for (size_t i = 0; i < SMALL; i++) {
        const struct coded_tensor t = make_small(i);
        const uint32_t blocks = t.coded.coding.blocks;
        for (size_t n = 0; n < t.to.data_bytes; n++) {
            struct coded_tensor cut = t;
            uint32_t *index = NULL;
            cut.to.data = copy_of(t.to.data, n, MOTE_DECODE_PAD);
            cut.coded.data = cut.to.data;
            cut.coded.data_bytes = n;
            EXPECT(caught_by(&cut) == BY_OPEN, "%zu: %zu bytes", i, n);
            if (t.table) {
                index = copy_of(t.to.index, 4 * (blocks + 1), 0);
                for (uint32_t b = 0; b <= blocks; b++)
                    index[b] = index[b] < n ? index[b] : (uint32_t)n;
                cut.coded.index = index;
                EXPECT(caught_by(&cut) == BY_CHECKSUM, "%zu: %zu bytes", i, n);
            }
            free(index);
            free(cut.to.data);
        }
        struct coded_tensor whole = t;
        coded_free(&whole);
    }
}

static void mutate(struct damaged piece, uint64_t *state)
{
    const uint64_t r = test_random(state);
    const size_t from = (size_t)(r >> 8) % piece.n, left = piece.n - from;
    uint8_t *at = piece.at + from, two[2];

    switch (r % 6) {
    case 0:
        *at ^= (uint8_t)(1 << (r >> 40) % 8);
        break;
    case 1:
        *at = (uint8_t)(r >> 40);
        break;
    case 2:
        memset(at, r >> 40 & 1 ? 0xFF : 0, left);
        break;
    case 3:
        for (size_t i = 0; i < left; i++)
            at[i] = (uint8_t)test_random(state);
        break;
    case 4: /* ends of streams, or entries of the index, change places */
        if (left < 4)
            break;
        memcpy(two, at, 2);
        memcpy(at, at + 2, 2);
        memcpy(at + 2, two, 2);
        break;
    default: /* the first bytes are where lengths and ends are */
        piece.at[from % (piece.n < 16 ? piece.n : 16)] = (uint8_t)(r >> 40);
    }
}

/* Any damage ends in a status, or in weights that a checksum says are not the
 * right ones. A table has none of its own, but the hash of its section. */
static void mutations(void)
{
    const uint64_t count = test_count(10000, 1000000);
    uint64_t state = 4711, caught[BY_DECODER + 1] = {0};

    for (uint64_t i = 0; i < count; i++) {
        struct coded_tensor t = make_small(i % SMALL);
        struct damaged pieces[4];
        uint8_t *whole = copy_of(t.table, t.table ? MOTE_CODING_TABLE : 0, 0);
        pieces_of(&t, pieces);
        for (uint64_t more = 1 + test_random(&state) % 3; more; more--) {
            const uint64_t p = test_random(&state) % 8;
            if (pieces[p < 6 ? 0 : p - 5].n)
                mutate(pieces[p < 6 ? 0 : p - 5], &state);
        }
        if (i / SMALL % 2)
            t.coded.streams = mote_streams_select(0);
        const enum caught by = caught_by(&t);
        caught[by]++;
        if (by == NOT) { /* then nothing has changed but a table */
            uint8_t *out = malloc(t.shape.decoded_bytes);
            if (t.table)
                memcpy(t.table, whole, MOTE_CODING_TABLE);
            EXPECT(!t.table ||
                   mote_decode_table(&decode_table, t.table) == MOTE_OK);
            EXPECT(coded_all(&t.coded, &decode_table, out) == MOTE_OK &&
                       !memcmp(out, t.raw, t.shape.decoded_bytes),
                   "%llu", (unsigned long long)i);
            free(out);
        }
        free(whole);
        coded_free(&t);
    }
    for (enum caught by = NOT; by <= BY_CHECKSUM; by++)
        EXPECT(caught[by] > count / 500, "%d: %llu", by,
               (unsigned long long)caught[by]);
}

/* ------------------------------------------------------------------------
 * Planes of bytes
 */

/* Records of `record` bytes, of which one byte is drawn from few, one is always
 * the same, and the others are anything. */
static uint8_t *records(uint32_t record, size_t n, uint64_t *state)
{
    uint8_t *raw = malloc(record * n);

    for (size_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < record; j++)
            raw[i * record + j] = j % 3 == 0 ? draw(ZIPF, state)
                                  : j % 3 == 1
                                      ? 7
                                      : (uint8_t)(test_random(state) >> 40);
    return raw;
}

/* A tensor in BYTES, coded, in memory of exactly its size. */
static void make_bytes(struct coded_tensor *t, uint8_t element, uint32_t unit,
                       const uint8_t *raw, size_t bytes, uint32_t block)
{
    memset(t, 0, sizeof *t);
    t->shape = (struct mote_coding_shape){
        BYTES, (uint8_t)(8 * element), element, false, block, unit, bytes};
    struct mote_coding *c = &t->coded.coding;
    EXPECT(mote_coding_set(c, &t->shape) == NULL);
    t->raw = copy_of(raw, bytes, 0);
    t->table = malloc(mote_coding_tables(c) * MOTE_CODING_TABLE);
    t->to.data = malloc(mote_encode_bound(c));
    t->to.index = malloc((c->blocks + 1) * sizeof *t->to.index);
    t->to.checksums = malloc(c->blocks * sizeof *t->to.checksums);
    mote_encode_tables(c, raw, t->table);
    EXPECT(mote_encode(c, raw, t->table, &t->to) == MOTE_OK);
    uint8_t *data = copy_of(t->to.data, t->to.data_bytes, MOTE_DECODE_PAD);
    free(t->to.data);
    t->to.data = data;
    t->coded.data = data;
    t->coded.data_bytes = t->to.data_bytes;
    t->coded.index = t->to.index;
    t->coded.checksums = t->to.checksums;
    t->coded.streams = mote_streams_select(mote_cpu_flags(0, 0));
}

static const struct {
    uint8_t element;
    uint32_t unit, record;
} of_bytes[] = {{2, 0, 2},   {4, 0, 4},  {8, 0, 8}, {4, 12, 12},
                {8, 16, 16}, {4, 20, 4}, {8, 64, 8}};

static void planes_of_bytes(void)
{
    static uint8_t room[MOTE_CODING_BLOCK_MAX];
    uint64_t state = 5;

    for (size_t i = 0; i < sizeof of_bytes / sizeof *of_bytes; i++)
        for (size_t n = 80; n < 40000; n = n * 3 + 40) {
            const uint32_t record = of_bytes[i].record;
            const size_t bytes = record * n;
            uint8_t *raw = records(record, n, &state), *out = malloc(bytes);
            struct coded_tensor t;
            make_bytes(&t, of_bytes[i].element, of_bytes[i].unit, raw, bytes,
                       n % 2 ? 64 : 16384);
            EXPECT(t.coded.coding.element_bytes == record);
            EXPECT(mote_decode_open(&t.coded) == NULL);
            EXPECT(mote_decode_bytes(&t.coded, t.table, &decode_table, room,
                                     out) == MOTE_OK);
            EXPECT(memcmp(raw, out, bytes) == 0, "%u of %zu", record, n);
            for (uint32_t b = 0; b < t.coded.coding.blocks; b++)
                EXPECT(mote_decode_verify(&t.coded, b) == MOTE_OK);
            coded_free(&t);
            free(raw);
            free(out);
        }
}

/* Whatever the bit, it ends, and a checksum tells. */
static void every_bit_of_planes(void)
{
    static uint8_t room[MOTE_CODING_BLOCK_MAX];
    uint64_t state = 6;
    uint8_t out[4 * 200];
    uint8_t *raw = records(4, 200, &state);
    struct coded_tensor t;

    make_bytes(&t, 4, 0, raw, sizeof out, 128);
    for (size_t bit = 0; bit < 8 * t.to.data_bytes; bit++) {
        t.to.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        uint32_t caught = 0;
        for (uint32_t b = 0; b < t.coded.coding.blocks; b++)
            caught += mote_decode_verify(&t.coded, b) != MOTE_OK;
        EXPECT(caught == 1, "bit %zu", bit);
        (void)mote_decode_bytes(&t.coded, t.table, &decode_table, room, out);
        t.to.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * 4 * MOTE_CODING_TABLE; bit++) {
        t.table[bit / 8] ^= (uint8_t)(1 << bit % 8);
        EXPECT(mote_decode_bytes(&t.coded, t.table, &decode_table, room, out) !=
                       MOTE_OK ||
                   memcmp(out, raw, sizeof out) != 0,
               "table bit %zu", bit);
        t.table[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    coded_free(&t);
    free(raw);
}

static const struct test_case cases[] = {
    {"a stream of six symbols", a_stream_of_six_symbols},
    {"pairs and planes", pairs_and_planes},
    {"golden bytes", golden_bytes},
    {"every small size", every_small_size},
    {"every histogram", every_histogram},
    {"every panel", every_panel},
    {"the longest codes", the_longest_codes},
    {"rows in any order", rows_in_any_order},
    {"constants", constants},
    {"no code is shorter", no_code_is_shorter},
    {"as short as without a limit", as_short_as_without_a_limit},
    {"no byte more", no_byte_more},
    {"near the entropy", near_the_entropy},
    {"every version", every_version},
    {"shapes", shapes},
    {"what cannot be coded", what_cannot_be_coded},
    {"tables", tables},
    {"every bit flipped", every_bit_flipped},
    {"every truncation", every_truncation},
    {"planes of bytes", planes_of_bytes},
    {"every bit of planes", every_bit_of_planes},
    {"mutations", mutations},
};

TEST_MAIN(cases)
