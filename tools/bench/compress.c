/*
 * tools/bench/compress.c - ratio and speed of the weight codec's modes, beside
 * zstd and lz4 of the same machine in the same run.
 *
 * Usage: bench-compress -j JSON [-s SECONDS] [MODEL.mote ...]
 *
 * One core. A set of weights is decoded in pieces of 128 KiB, each timed by
 * itself, all codecs taking turns; the best times of all pieces are added up.
 * A piece takes less time than the system lets a program run undisturbed, so
 * that a busy machine costs rounds and not speed. mote decodes block by block
 * into one tile of 16 KiB, as a function does; of zstd and lz4 a piece is a
 * frame. Sizes count everything: data, table, index, checksums.
 *
 * Of models also what operators decode whole, such as tables of trees, in
 * BYTES: a tensor is one piece then, to memory of its own.
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
#include "core/model/operator.h"
#include "core/model/tiles.h"
#include "tools/bench/compress_data.h"

/* Bytes of a drawn set (whole rows of each length), and of what is timed. */
#define WEIGHTS (512 * 1536)
#define PIECE (8 * (size_t)MOTE_CODING_BLOCK_MAX)
#define TURN 4 /* one after the other: all but the first find warm caches */

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
    uint8_t lengths[MOTE_CODING_RECORD_MAX * MOTE_CODING_TABLE];
    size_t bytes; /* stored, all of it */
};

static void encode(struct tensor *t, struct mote_coding_shape shape,
                   const void *raw)
{
    struct mote_coding *c = &t->coded.coding;
    const bool planes = shape.mode == MOTE_CODING_BYTES;
    uint64_t counts[MOTE_ENCODE_SYMBOLS] = {0};
    uint8_t *lengths = t->lengths;

    if (mote_coding_set(c, &shape))
        exit(1);
    const bool codes = mote_coding_has_codes(c);
    t->to.data = take(mote_encode_bound(c) + MOTE_DECODE_PAD);
    t->to.index = take((c->blocks + 1) * sizeof *t->to.index);
    t->to.checksums = take(c->blocks * sizeof *t->to.checksums);
    if (planes) {
        mote_encode_tables(c, raw, lengths);
    } else if (codes) {
        mote_encode_count(c, raw, counts);
        mote_encode_lengths(counts, lengths);
    }
    if (mote_encode(c, raw, lengths, &t->to) != MOTE_OK ||
        (codes && !planes && mote_decode_table(&t->table, lengths) != MOTE_OK))
        exit(1);
    t->coded.data = t->to.data;
    t->coded.data_bytes = t->to.data_bytes;
    t->coded.index = t->to.index;
    t->coded.checksums = t->to.checksums;
    t->coded.streams = mote_streams_select(mote_cpu_flags(0, 0));
    t->bytes = t->to.data_bytes + c->blocks * sizeof *t->to.checksums;
    if (codes)
        t->bytes += mote_coding_tables(c) * MOTE_CODING_TABLE +
                    (c->blocks + 1) * sizeof *t->to.index;
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
    {"BYTES", OURS, 0, MOTE_CODING_BYTES, 8},
    {"zstd -1", ZSTD, 1, 0, 8},
    {"zstd -3", ZSTD, 3, 0, 8},
    {"zstd -19", ZSTD, 19, 0, 8},
    {"lz4 -9", LZ4, 9, 0, 8},
};
#define CODECS (sizeof codecs / sizeof *codecs)

/* A tensor of a set. element: bytes; unit: of a row of a matrix, else 0. */
struct part {
    size_t bytes;
    uint8_t element;
    uint64_t unit;
};

/* A set of weights: tensors of int8 in `parts`, one behind the other. floats:
 * what they were made from, to make them again with fewer bits; NULL: they come
 * from a model, and only codecs of 8 bits apply. tables: parts have elements of
 * several bytes, for which there is BYTES alone. */
struct set {
    char name[64];
    const float *floats;
    size_t row;
    const int8_t *weights;
    const struct part *parts;
    size_t part_count, n;
    bool tables;
};

/* What is timed by itself: some blocks of a tensor, or a frame. */
struct piece {
    const struct tensor *tensor; /* ours */
    uint32_t first, end;         /* blocks of it */
    size_t at, n;                /* decoded bytes, in the set */
    size_t coded_at, coded_n;
    double best; /* seconds */
};

struct run {
    const struct codec *codec;
    struct tensor *tensors; /* ours, one for each part */
    struct piece *pieces;
    size_t piece_count;
    int8_t *raw;
    uint8_t *coded;
    size_t bytes; /* stored */
};

static struct piece *add_piece(struct run *r, size_t at, size_t left)
{
    struct piece *p = r->pieces + r->piece_count++;

    *p =
        (struct piece){.at = at, .n = left < PIECE ? left : PIECE, .best = 1e9};
    return p;
}

/* The part that is coded, cut into pieces of blocks; or in BYTES one piece. */
static void cut(struct run *r, const struct tensor *t, size_t at, size_t n)
{
    const bool planes = r->codec->mode == MOTE_CODING_BYTES;

    for (size_t from = 0; from < n; from += PIECE) {
        struct piece *p = add_piece(r, at + from, n - from);
        p->tensor = t;
        p->first = (uint32_t)(from / MOTE_CODING_BLOCK_MAX);
        p->end = p->first + (uint32_t)((p->n + MOTE_CODING_BLOCK_MAX - 1) /
                                       MOTE_CODING_BLOCK_MAX);
        if (planes) {
            p->n = n;
            break;
        }
    }
}

/* Codes every part of the set. */
static void prepare_ours(struct run *r, const struct set *s)
{
    const struct codec *c = r->codec;
    const bool planes = c->mode == MOTE_CODING_BYTES;
    size_t at = 0;

    r->tensors = calloc(s->part_count, sizeof *r->tensors);
    for (size_t i = 0; i < s->part_count; at += s->parts[i++].bytes) {
        const struct part *part = s->parts + i;
        struct tensor *t = r->tensors + i;
        encode(t,
               (struct mote_coding_shape){
                   c->mode, planes ? 8 * part->element : c->bits, part->element,
                   false, MOTE_CODING_BLOCK_MAX, planes ? part->unit : 0,
                   part->bytes},
               r->raw + at);
        r->bytes += t->bytes;
        cut(r, t, at, part->bytes);
    }
}

/* The same of a peer: frames, as long as zstd's own blocks. */
static void prepare_peer(struct run *r, const struct set *s)
{
    const struct codec *c = r->codec;
    const size_t room = ZSTD_compressBound(PIECE) + LZ4_COMPRESSBOUND(PIECE);

    r->coded = take(room * (s->n / PIECE + 1));
    for (size_t at = 0; at < s->n; at += PIECE) {
        struct piece *p = add_piece(r, at, s->n - at);
        const int8_t *raw = r->raw + at;
        uint8_t *to = r->coded + r->bytes;
        p->coded_at = r->bytes;
        p->coded_n = p->n;
        if (c->kind == ZSTD)
            p->coded_n = ZSTD_compress(to, room, raw, p->n, c->level);
        else if (c->kind == LZ4)
            p->coded_n = (size_t)LZ4_compress_HC(
                (const char *)raw, (char *)to, (int)p->n, (int)room, c->level);
        else
            memcpy(to, raw, p->n);
        r->bytes += p->coded_n;
    }
}

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
    r->pieces = calloc(s->n / PIECE + s->part_count + 1, sizeof *r->pieces);
    r->piece_count = r->bytes = 0;
    if (c->kind == OURS)
        prepare_ours(r, s);
    else
        prepare_peer(r, s);
}

/* Decodes a piece: to out [n], or block by block to its beginning. True: it
 * could be done, and if asked to look, what came out is right. */
static bool decode(const struct run *r, const struct piece *p, uint8_t *out,
                   bool look)
{
    const int8_t *raw = r->raw + p->at;
    const uint8_t *coded = r->coded + p->coded_at;

    switch (r->codec->kind) {
    case RAW: /* copied */
        memcpy(out, coded, p->n);
        __asm__ volatile("" ::: "memory");
        break;
    case ZSTD:
        if (ZSTD_decompress(out, p->n, coded, p->coded_n) != p->n)
            return false;
        break;
    case LZ4:
        if (LZ4_decompress_safe((const char *)coded, (char *)out,
                                (int)p->coded_n, (int)p->n) != (int)p->n)
            return false;
        break;
    case OURS:
        if (r->codec->mode == MOTE_CODING_BYTES) {
            static struct mote_decode_table table;
            static uint8_t room[MOTE_CODING_BLOCK_MAX];
            if (mote_decode_bytes(&p->tensor->coded, p->tensor->lengths, &table,
                                  room, out) != MOTE_OK)
                return false;
            break;
        }
        for (uint32_t b = p->first; b < p->end; b++) {
            const struct mote_coding_block at =
                mote_coding_block(&p->tensor->coded.coding, b);
            if (mote_decode_block(&p->tensor->coded, &p->tensor->table, b,
                                  out) != MOTE_OK ||
                (look && memcmp(out, raw, at.bytes)))
                return false;
            raw += at.bytes;
        }
        return true;
    }
    return !(look && memcmp(out, raw, p->n));
}

static void finish(struct run *r, const struct set *s)
{
    for (size_t i = 0; r->tensors && i < s->part_count; i++)
        drop(r->tensors + i);
    free(r->tensors);
    free(r->pieces);
    free(r->coded);
    free(r->raw);
}

static const char *separator = "";

static void report(FILE *json, const struct set *s, const struct run *r)
{
    const double ratio = (double)r->bytes / (double)s->n;
    double seconds = 0;

    for (size_t i = 0; i < r->piece_count; i++)
        seconds += r->pieces[i].best;
    const double speed = (double)s->n / seconds * 1e-6;
    printf("%-26s %-12s %7.4f %9.0f\n", s->name, r->codec->name, ratio, speed);
    fprintf(json,
            "%s\n  {\"name\": \"%s\", \"codec\": \"%s\", \"ratio\": %.5f, "
            "\"decode_mb_s\": %.1f}",
            separator, s->name, r->codec->name, ratio, speed);
    separator = ",";
}

static void time_piece(const struct run *r, struct piece *p, uint8_t *out)
{
    for (size_t i = 0; i < TURN; i++) {
        const double begin = now();
        decode(r, p, out, false);
        const double taken = now() - begin;
        p->best = taken < p->best ? taken : p->best;
    }
}

/* All codecs of a set, in turns, for so many seconds. */
static void measure(FILE *json, const struct set *s, double seconds)
{
    static struct run runs[CODECS];
    uint8_t *out = take(s->tables ? s->n : PIECE);
    size_t n = 0, rounds = 0;

    for (size_t i = 0; i < CODECS; i++)
        if (codecs[i].kind == OURS
                ? (codecs[i].mode == MOTE_CODING_BYTES) == s->tables &&
                      (codecs[i].bits == 8 || s->floats)
                : true)
            prepare(runs + n++, s, codecs + i);
    for (size_t i = 0; i < n; i++)
        for (size_t p = 0; p < runs[i].piece_count; p++)
            if (!decode(runs + i, runs[i].pieces + p, out, true)) {
                fprintf(stderr, "%s: not what it was\n", runs[i].codec->name);
                exit(1);
            }
    for (const double end = now() + seconds; rounds < 3 || now() < end;
         rounds++)
        for (size_t i = 0; i < n; i++)
            for (size_t p = 0; p < runs[i].piece_count; p++)
                time_piece(runs + i, runs[i].pieces + p, out);
    for (size_t i = 0; i < n; i++) {
        report(json, s, runs + i);
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
    const struct part all = {n, 1, 0};

    for (int d = GAUSS; d <= STUDENT; d++) {
        for (size_t i = 0; i < WEIGHTS; i++)
            x[i] = (float)draw(d, &state);
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            struct set s = {.floats = x,
                            .row = lengths[i],
                            .weights = w,
                            .parts = &all,
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

/* The elements of a tensor of a model, to memory of the caller's. */
static void elements(const struct mote_model *m,
                     const struct mote_file_tensor *t, uint8_t *to)
{
    static struct mote_decode_table table;
    static uint8_t room[MOTE_CODING_BLOCK_MAX];
    const uint8_t *lengths = m->bytes + t->table_offset;
    struct mote_coded coded;
    bool good = true;

    if (!mote_is_coded(t)) {
        memcpy(to, m->bytes + t->data_offset, t->data_bytes);
        return;
    }
    if (mote_coded_of(m, t, &coded))
        exit(1);
    const struct mote_coding *c = &coded.coding;
    if (c->mode == MOTE_CODING_BYTES)
        good = mote_decode_bytes(&coded, lengths, &table, room, to) == MOTE_OK;
    else if (mote_coding_has_codes(c))
        good = mote_decode_table(&table, lengths) == MOTE_OK;
    for (uint32_t i = 0; good && i < c->blocks && c->mode != MOTE_CODING_BYTES;
         i++) {
        const struct mote_coding_block b = mote_coding_block(c, i);
        const uint32_t rows = b.rows ? b.rows : 1, n = b.bytes / rows;
        for (uint32_t j = 0; good && j < rows; j++) {
            const uint32_t row = i * c->group_rows + j;
            good = (c->by_rows ? mote_decode_rows(&coded, &table, &row, 1, room)
                               : mote_decode_block(&coded, &table, i, room)) ==
                   MOTE_OK;
            memcpy(to + b.at + (size_t)j * n, room, n);
        }
    }
    if (!good)
        exit(1);
}

/* Whether an operator decodes the tensor whole. */
static bool is_table(const struct mote_model *m, uint32_t tensor)
{
    for (uint32_t i = 0; i < m->plan_count; i++) {
        const struct mote_plan *plan = m->plans + i;
        for (uint32_t at = 0; at < plan->file->operators_bytes;) {
            const struct mote_operation op = mote_operation_at(plan, at);
            for (uint32_t r = 0; r < op.file->reads; r++)
                if (op.reads[r] != MOTE_NONE &&
                    plan->values[op.reads[r]].kind == MOTE_VALUE_TENSOR &&
                    plan->values[op.reads[r]].tensor == tensor &&
                    mote_operator_decodes_whole(op.file, r))
                    return true;
            at += op.file->bytes;
        }
    }
    return false;
}

/* Tensors of a model, those of a page or more: int8, or tables with elements of
 * several bytes. */
static void measure_tensors(FILE *json, const struct mote_model *m,
                            const char *name, bool tables, double seconds)
{
    static struct part parts[4096];
    struct set s = {.parts = parts, .tables = tables};
    uint64_t bytes = 0;

    snprintf(s.name, sizeof s.name, "%s%s", name, tables ? ", tables" : "");
    for (uint32_t i = 0; i < m->tensor_count; i++)
        bytes += m->tensors[i].decoded_bytes;
    int8_t *weights = take(bytes + MOTE_CODING_BLOCK_MAX);
    for (uint32_t i = 0; i < m->tensor_count && s.part_count < 4096; i++) {
        const struct mote_file_tensor *t = m->tensors + i;
        const uint8_t element = (uint8_t)mote_dtype_bytes(t->dtype);
        if (t->decoded_bytes < MOTE_FILE_PAGE ||
            (tables ? element == 1 || !is_table(m, i) : t->dtype != MOTE_S8))
            continue;
        elements(m, t, (uint8_t *)weights + s.n);
        parts[s.part_count++] =
            (struct part){t->decoded_bytes, element,
                          t->rank == 2 ? (uint64_t)t->dims[1] * element : 0};
        s.n += t->decoded_bytes;
    }
    s.weights = weights;
    if (s.n)
        measure(json, &s, seconds);
    free(weights);
}

static void of_model(FILE *json, const char *path, double seconds)
{
    static struct mote_model m;
    struct mote_where where;
    const char *slash = strrchr(path, '/');
    size_t n = 0;
    uint8_t *bytes = whole_file(path, &n);

    if (!bytes || mote_model_open(&m, bytes, n, &where) != MOTE_OK) {
        fprintf(stderr, "%s: no model of this engine\n", path);
        exit(1);
    }
    measure_tensors(json, &m, slash ? slash + 1 : path, false, seconds);
    measure_tensors(json, &m, slash ? slash + 1 : path, true, seconds);
    free(bytes);
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
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
    printf("%-26s %-12s %7s %9s\n", "weights", "codec", "ratio", "MB/s");
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
