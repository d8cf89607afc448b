/*
 * tools/bench/tokenizer.c - speed of the engine's tokenizer.
 *
 * Usage: bench-tokenizer SECTION TEXT SENTENCE SECONDS
 *
 * One core. The text is encoded in pieces of 16 KiB, cut at line ends, each
 * timed by itself, and the best times of all pieces are added up: a piece takes
 * less time than the system lets a program run undisturbed, so that a busy
 * machine costs rounds and not speed. Sentences are calls of 128 ids at most,
 * in turns of 256. Prints names and numbers, a pair to a line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/model/tokenizer.h"

#define PIECE 16384
#define TURN 256
#define IDS 128

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static char *read_file(const char *name, size_t *n)
{
    const size_t room = 1u << 26;
    char *bytes = aligned_alloc(64, room);
    FILE *f = fopen(name, "rb");

    if (!bytes || !f) {
        fprintf(stderr, "%s: cannot be read\n", name);
        exit(1);
    }
    *n = fread(bytes, 1, room, f);
    fclose(f);
    return bytes;
}

/* Bytes of the piece that begins here: up to the last line end, if any. */
static size_t piece_bytes(const char *at, size_t left)
{
    size_t n = left < PIECE ? left : PIECE;

    while (n < left && n > 1 && at[n - 1] != '\n')
        n--;
    return n;
}

struct text {
    const char *at;
    size_t bytes, pieces, ids;
    double *best; /* [pieces] */
};

static void split(struct text *t)
{
    for (size_t i = 0; i < t->bytes; t->pieces++)
        i += piece_bytes(t->at + i, t->bytes - i);
    t->best = calloc(t->pieces, sizeof *t->best);
}

/* One round over all pieces. */
static void encode(const struct mote_tokenizer *tokenizer, struct text *t,
                   int32_t *ids)
{
    size_t at = 0;
    bool cut;

    t->ids = 0;
    for (size_t i = 0; i < t->pieces; i++) {
        const size_t n = piece_bytes(t->at + at, t->bytes - at);
        const double begin = now();
        t->ids += mote_tokenizer_encode(
            tokenizer, (struct mote_text){t->at + at, n}, ids, PIECE + 2, &cut);
        const double took = now() - begin;
        if (t->best[i] == 0 || took < t->best[i])
            t->best[i] = took;
        at += n;
    }
}

static double sentence_seconds(const struct mote_tokenizer *tokenizer,
                               struct mote_text sentence, int32_t *ids)
{
    const double begin = now();
    bool cut;

    for (int i = 0; i < TURN; i++) {
        mote_tokenizer_encode(tokenizer, sentence, ids, IDS, &cut);
        __asm__ volatile("" ::"r"(ids) : "memory");
    }
    return (now() - begin) / TURN;
}

int main(int argc, char **argv)
{
    struct mote_where where = {.row = MOTE_NO_ROW};
    struct mote_tokenizer tokenizer;
    struct text text = {0};
    int32_t ids[PIECE + 2];
    double best = 0, opened = 0, all = 0;
    size_t n;

    if (argc != 5) {
        fputs("usage: bench-tokenizer SECTION TEXT SENTENCE SECONDS\n", stderr);
        return 2;
    }
    const uint8_t *section = (uint8_t *)read_file(argv[1], &n);
    if (mote_tokenizer_open(&tokenizer, section, n, &where) != MOTE_OK ||
        mote_tokenizer_prove(&tokenizer, &where) != MOTE_OK) {
        fprintf(stderr, "%s: expected %s\n", argv[1], where.expected);
        return 1;
    }
    text.at = read_file(argv[2], &text.bytes);
    split(&text);
    const double end = now() + atof(argv[4]);
    do {
        encode(&tokenizer, &text, ids);
        const double one =
            sentence_seconds(&tokenizer, mote_text_of(argv[3]), ids);
        best = best == 0 || one < best ? one : best;
        const double begin = now();
        mote_tokenizer_open(&tokenizer, section, n, &where);
        const double took = now() - begin;
        opened = opened == 0 || took < opened ? took : opened;
    } while (now() < end);
    for (size_t i = 0; i < text.pieces; i++)
        all += text.best[i];
    printf("text_bytes %zu\ntext_ids %zu\nsection_bytes %zu\n", text.bytes,
           text.ids - 2 * text.pieces, n);
    printf("mb_s %.1f\nid_ns %.1f\nsentence_ns %.1f\nopen_ns %.1f\n",
           (double)text.bytes / all / 1e6, all / (double)text.ids * 1e9,
           best * 1e9, opened * 1e9);
    return 0;
}
