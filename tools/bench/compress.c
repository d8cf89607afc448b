/*
 * tools/bench/compress.c - ratio and speed of the weight codec's modes, beside
 * zstd and lz4 of the same machine in the same run.
 *
 * Usage: bench-compress -j JSON [-s SECONDS] [MODEL.mote ...]
 *
 * One core. All codecs of a set of weights take turns, so that what disturbs
 * the machine disturbs all; of each the best time counts, and the median is
 * told too. mote decodes block by block into one tile of 16 KiB, as a function
 * does; zstd and lz4 decode a whole set at once, which suits them better than
 * blocks. Sizes count everything: data, table, index, checksums.
 */
#include <errno.h>
#include <inttypes.h>
#include <lz4.h>
#include <lz4hc.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zstd.h>

#include "compress/decode.h"
#include "compress/encode.h"
#include "core/model/model.h"
#include "tools/bench/compress_data.h"

#define WEIGHTS                                                                \
    (12288 * 384) /* of a set: 4.5 MiB, whole rows of each length              \
                   */
#define TURN                                                                   \
    4 /* runs one after the other: all but the first find warm caches */
#define ROUNDS (250 * TURN)

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void *take(size_t n)
{
    void *memory = aligned_alloc(64, (n + 127) / 64 * 64);
    if (!memory)
        exit(1);
    return memory;
}

/* ------------------------------------------------------------------------
 * One tensor, coded
 */
struct tensor {
    struct mote_coded coded;
    struct mote_encoded to;
    struct mote_decode_table table;
    size_t bytes; /* stored, all of it */
};

static void encode(struct tensor *t, struct mote_coding_shape shape,
                   const void *raw)
{
    struct mote_coding *c = &t->coded.coding;
    uint64_t counts[MOTE_ENCODE_SYMBOLS] = {0};
    uint8_t lengths[MOTE_CODING_TABLE];

    if (mote_coding_set(c, &shape))
        exit(1);
    const bool codes = mote_coding_has_codes(c);
    t->to.data = take(mote_encode_bound(c) + MOTE_DECODE_PAD);
    t->to.index = take((c->blocks + 1) * sizeof *t->to.index);
    t->to.checksums = take(c->blocks * sizeof *t->to.checksums);
    if (codes) {
        mote_encode_count(c, raw, counts);
        mote_encode_lengths(counts, lengths);
    }
    if (mote_encode(c, raw, lengths, &t->to) != MOTE_OK ||
        (codes && mote_decode_table(&t->table, lengths) != MOTE_OK))
        exit(1);
    t->coded.data = t->to.data;
    t->coded.data_bytes = t->to.data_bytes;
    t->coded.index = t->to.index;
    t->coded.checksums = t->to.checksums;
    t->coded.streams = mote_streams_select(mote_cpu_flags(0, 0));
    t->bytes = t->to.data_bytes + c->blocks * sizeof *t->to.checksums;
    if (codes)
        t->bytes += sizeof lengths + (c->blocks + 1) * sizeof *t->to.index;
}

static void drop(struct tensor *t)
{
    free(t->to.data);
    free(t->to.index);
    free(t->to.checksums);
}

/* ------------------------------------------------------------------------
 * Codecs of a set
 */
enum kind { RAW, OURS, ZSTD, LZ4 };

struct codec {
    const char *name;
    enum kind kind;
    int level; /* of zstd, lz4 */
    uint8_t mode, bits;
};

static const struct codec codecs[] = {
    {"RAW", RAW, 0, 0, 8},
    {"PLANES(0)", OURS, 0, MOTE_CODING_PLANES, 4},
    {"PLANES(1)", OURS, 0, MOTE_CODING_PLANES, 5},
    {"PLANES(2)", OURS, 0, MOTE_CODING_PLANES, 6},
    {"PLANES(3)", OURS, 0, MOTE_CODING_PLANES, 7},
    {"PLANES(4)", OURS, 0, MOTE_CODING_PLANES, 8},
    {"HUF8", OURS, 0, MOTE_CODING_HUF8, 8},
    {"HUFPAIR(0)", OURS, 0, MOTE_CODING_HUFPAIR, 4},
    {"HUFPAIR(1)", OURS, 0, MOTE_CODING_HUFPAIR, 5},
    {"HUFPAIR(2)", OURS, 0, MOTE_CODING_HUFPAIR, 6},
    {"HUFPAIR(3)", OURS, 0, MOTE_CODING_HUFPAIR, 7},
    {"HUFPAIR(4)", OURS, 0, MOTE_CODING_HUFPAIR, 8},
    {"zstd -1", ZSTD, 1, 0, 8},
    {"zstd -3", ZSTD, 3, 0, 8},
    {"zstd -19", ZSTD, 19, 0, 8},
    {"lz4 -9", LZ4, 9, 0, 8},
};
#define CODECS (sizeof codecs / sizeof *codecs)

/* A set of weights: tensors of int8 in `parts`, one behind the other. floats:
 * what they were made from, to make them again with fewer bits; NULL: they come
 * from a model, and only codecs of 8 bits apply. */
struct set {
    char name[64];
    const float *floats;
    size_t row;
    const int8_t *weights;
    const size_t *parts;
    size_t part_count, n;
};

struct run {
    const struct codec *codec;
    struct tensor *tensors; /* ours, one for each part */
    int8_t *raw;
    void *coded;
    size_t bytes; /* stored */
    double times[ROUNDS];
};

static void prepare(struct run *r, const struct set *s, const struct codec *c)
{
    r->codec = c;
    r->raw = take(s->n);
    if (c->bits == 8)
        memcpy(r->raw, s->weights, s->n);
    else
        quantize_rows(s->floats, r->raw, s->n, s->row, c->bits);
    r->coded = NULL;
    r->tensors = NULL;
    r->bytes = s->n;
    if (c->kind == OURS) {
        const int8_t *at = r->raw;
        r->tensors = calloc(s->part_count, sizeof *r->tensors);
        r->bytes = 0;
        for (size_t i = 0; i < s->part_count; at += s->parts[i++]) {
            encode(r->tensors + i,
                   (struct mote_coding_shape){c->mode, c->bits, 1, false,
                                              MOTE_CODING_BLOCK_MAX, 0,
                                              s->parts[i]},
                   at);
            r->bytes += r->tensors[i].bytes;
        }
    } else if (c->kind == ZSTD) {
        const size_t room = ZSTD_compressBound(s->n);
        r->coded = take(room);
        r->bytes = ZSTD_compress(r->coded, room, r->raw, s->n, c->level);
    } else if (c->kind == LZ4) {
        const int room = LZ4_compressBound((int)s->n);
        r->coded = take((size_t)room);
        r->bytes = (size_t)LZ4_compress_HC((const char *)r->raw, r->coded,
                                           (int)s->n, room, c->level);
    }
}

/* Decodes all of it, to out [n] or tile by tile to its beginning. True: and
 * what came out is right (looked at only when asked, tile by tile). */
static bool decode(const struct run *r, const struct set *s, uint8_t *out,
                   bool look)
{
    const int8_t *raw = r->raw;

    switch (r->codec->kind) {
    case ZSTD:
        return ZSTD_decompress(out, s->n, r->coded, r->bytes) == s->n &&
               !(look && memcmp(out, raw, s->n));
    case LZ4:
        return LZ4_decompress_safe(r->coded, (char *)out, (int)r->bytes,
                                   (int)s->n) == (int)s->n &&
               !(look && memcmp(out, raw, s->n));
    case RAW:
        for (size_t at = 0; at < s->n; at += MOTE_CODING_BLOCK_MAX) {
            const size_t left = s->n - at;
            memcpy(out, raw + at,
                   left < MOTE_CODING_BLOCK_MAX ? left : MOTE_CODING_BLOCK_MAX);
            __asm__ volatile("" ::: "memory");
        }
        return true;
    default:
        for (size_t i = 0; i < s->part_count; raw += s->parts[i++]) {
            const struct tensor *t = r->tensors + i;
            for (uint32_t b = 0; b < t->coded.coding.blocks; b++) {
                if (mote_decode_block(&t->coded, &t->table, b, out) != MOTE_OK)
                    return false;
                const struct mote_coding_block at =
                    mote_coding_block(&t->coded.coding, b);
                if (look && memcmp(out, raw + at.at, at.bytes))
                    return false;
            }
        }
        return true;
    }
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void finish(struct run *r, const struct set *s)
{
    for (size_t i = 0; r->tensors && i < s->part_count; i++)
        drop(r->tensors + i);
    free(r->tensors);
    free(r->coded);
    free(r->raw);
}

static const char *separator = "";

static void report(FILE *json, const struct set *s, const char *codec,
                   double ratio, double best, double median)
{
    printf("%-22s %-12s %7.4f %9.0f %9.0f\n", s->name, codec, ratio,
           (double)s->n / best * 1e-6, (double)s->n / median * 1e-6);
    fprintf(json,
            "%s\n  {\"name\": \"%s\", \"codec\": \"%s\", \"ratio\": %.5f, "
            "\"decode_mb_s\": %.1f, \"median_mb_s\": %.1f}",
            separator, s->name, codec, ratio, (double)s->n / best * 1e-6,
            (double)s->n / median * 1e-6);
    separator = ",";
}

/* All codecs of a set, in turns, for so many seconds. */
static void measure(FILE *json, const struct set *s, double seconds)
{
    static struct run runs[CODECS];
    uint8_t *out = take(s->n);
    size_t n = 0, rounds = 0;

    for (size_t i = 0; i < CODECS; i++)
        if (codecs[i].bits == 8 || s->floats)
            prepare(runs + n++, s, codecs + i);
    for (size_t i = 0; i < n; i++)
        if (!decode(runs + i, s, out, true)) {
            fprintf(stderr, "%s: not what it was\n", runs[i].codec->name);
            exit(1);
        }
    const double end = now() + seconds;
    while (rounds < ROUNDS && (rounds < 2 * TURN || now() < end)) {
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < TURN; j++) {
                const double begin = now();
                decode(runs + i, s, out, false);
                runs[i].times[rounds + j] = now() - begin;
            }
        rounds += TURN;
    }
    for (size_t i = 0; i < n; i++) {
        qsort(runs[i].times, rounds, sizeof(double), by_size);
        report(json, s, runs[i].codec->name,
               (double)runs[i].bytes / (double)s->n, runs[i].times[0],
               runs[i].times[rounds / 2]);
        finish(runs + i, s);
    }
    free(out);
    fflush(stdout);
}

/* ------------------------------------------------------------------------
 * Sets
 */
static void generated(FILE *json, double seconds)
{
    static const char *const names[] = {"Gauss", "Laplace", "Student t4"};
    static const size_t lengths[] = {128, 384, 1536};
    float *x = take(WEIGHTS * sizeof *x);
    int8_t *w = take(WEIGHTS);
    uint64_t state = 20261128;
    const size_t n = WEIGHTS;

    for (int d = GAUSS; d <= STUDENT; d++) {
        for (size_t i = 0; i < WEIGHTS; i++)
            x[i] = (float)draw(d, &state);
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            struct set s = {.floats = x,
                            .row = lengths[i],
                            .weights = w,
                            .parts = &n,
                            .part_count = 1,
                            .n = n};
            snprintf(s.name, sizeof s.name, "%s %zu", names[d], lengths[i]);
            quantize_rows(x, w, n, lengths[i], 8);
            measure(json, &s, seconds);
        }
    }
    free(x);
    free(w);
}

static void *whole_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    uint8_t *bytes = NULL;

    if (f && !fseek(f, 0, SEEK_END)) {
        *n = (size_t)ftell(f);
        bytes = take(*n);
        rewind(f);
        if (fread(bytes, 1, *n, f) != *n) {
            free(bytes);
            bytes = NULL;
        }
    }
    if (f)
        fclose(f);
    return bytes;
}

/* The int8 tensors of a model, those of a page or more. */
static void of_model(FILE *json, const char *path, double seconds)
{
    static struct mote_model m;
    static size_t parts[4096];
    struct mote_where where;
    struct set s = {.parts = parts};
    const char *slash = strrchr(path, '/');
    size_t n = 0;
    uint8_t *bytes = whole_file(path, &n);

    if (!bytes || mote_model_open(&m, bytes, n, &where) != MOTE_OK) {
        fprintf(stderr, "%s: no model of this engine\n", path);
        exit(1);
    }
    snprintf(s.name, sizeof s.name, "%s", slash ? slash + 1 : path);
    int8_t *weights = take(n);
    for (uint32_t i = 0; i < m.tensor_count && s.part_count < 4096; i++) {
        const struct mote_file_tensor *t = m.tensors + i;
        if (t->dtype != MOTE_S8 || t->data_bytes < MOTE_FILE_PAGE)
            continue;
        memcpy(weights + s.n, m.bytes + t->data_offset, t->data_bytes);
        parts[s.part_count++] = t->data_bytes;
        s.n += t->data_bytes;
    }
    s.weights = weights;
    if (s.n)
        measure(json, &s, seconds);
    else
        printf("%-22s no int8 weights of a page or more\n", s.name);
    free(weights);
    free(bytes);
}

/* 20 random rows of an embedding table of MiniLM's size. */
static void rows(FILE *json)
{
    enum { COUNT = 30522, ROW = 384, ASKED = 20, TIMES = 20000 };
    const size_t n = (size_t)COUNT * ROW;
    float *x = take(n * sizeof *x);
    int8_t *w = take(n);
    static uint8_t out[ASKED * ROW];
    static double times[TIMES];
    static struct tensor t;
    uint64_t state = 384;
    bool good = true;

    for (size_t i = 0; i < n; i++)
        x[i] = (float)draw(LAPLACE, &state);
    quantize_rows(x, w, n, ROW, 8);
    encode(&t,
           (struct mote_coding_shape){MOTE_CODING_HUFPAIR, 8, 1, false, ROW,
                                      ROW, n},
           w);
    for (size_t i = 0; i < TIMES; i++) {
        uint32_t ids[ASKED];
        for (size_t j = 0; j < ASKED; j++)
            ids[j] = (uint32_t)(uniform(&state) * COUNT);
        const double begin = now();
        good &=
            mote_decode_rows(&t.coded, &t.table, ids, ASKED, out) == MOTE_OK;
        times[i] = now() - begin;
        for (size_t j = 0; j < ASKED; j++)
            good &= !memcmp(out + j * ROW, w + (size_t)ids[j] * ROW, ROW);
    }
    if (!good)
        exit(1);
    qsort(times, TIMES, sizeof *times, by_size);
    printf("%d of %d rows of %d: %.2f us, best %.2f us, ratio %.4f\n", ASKED,
           COUNT, ROW, times[TIMES / 2] * 1e6, times[0] * 1e6,
           (double)t.bytes / (double)n);
    fprintf(json,
            "],\n \"random_rows\": {\"rows\": %d, \"of\": %d, \"bytes\": %d, "
            "\"median_us\": %.3f, \"best_us\": %.3f, \"ratio\": %.5f}",
            ASKED, COUNT, ROW, times[TIMES / 2] * 1e6, times[0] * 1e6,
            (double)t.bytes / (double)n);
    drop(&t);
    free(x);
    free(w);
}

int main(int argc, char **argv)
{
    const char *path = NULL;
    double seconds = 1;
    int at = 1;
    cpu_set_t one;

    for (; at + 1 < argc && argv[at][0] == '-'; at += 2) {
        if (argv[at][1] == 'j')
            path = argv[at + 1];
        else if (argv[at][1] == 's')
            seconds = atof(argv[at + 1]);
    }
    FILE *json = path ? fopen(path, "w") : NULL;
    if (!json) {
        fputs("usage: bench-compress -j JSON [-s SECONDS] [MODEL.mote ...]\n",
              stderr);
        return 2;
    }
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    sched_setaffinity(0, sizeof one, &one);
    printf("%-22s %-12s %7s %9s %9s\n", "weights", "codec", "ratio",
           "MB/s best", "median");
    fprintf(json, "{\"version\": \"%s\", \"zstd\": \"%s\", \"lz4\": \"%s\",\n",
            mote_streams_select(mote_cpu_flags(0, 0))->isa,
            ZSTD_versionString(), LZ4_versionString());
    fputs(" \"rows\": [", json);
    for (; at < argc; at++)
        of_model(json, argv[at], seconds);
    generated(json, seconds);
    rows(json);
    fputs("}\n", json);
    return fclose(json) != 0;
}
