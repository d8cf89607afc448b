/*
 * test/compress/coded.h - tensors coded for the tests, every piece in memory of
 * its own and of exactly its size, so that a sanitizer sees one byte too many.
 */
#ifndef MOTE_TEST_CODED_H
#define MOTE_TEST_CODED_H

#include <stdlib.h>
#include <string.h>

#include "compress/decode.h"
#include "compress/encode.h"

struct coded_tensor {
    struct mote_coding_shape shape;
    uint8_t *raw, *table; /* table: NULL in modes without codes */
    struct mote_encoded to;
    struct mote_coded coded;
};

static inline void *copy_of(const void *bytes, size_t n, size_t more)
{
    uint8_t *copy = malloc(n + more + (n + more == 0));
    if (n)
        memcpy(copy, bytes, n);
    memset(copy + n, 0xA5, more); /* what follows the data may be anything */
    return copy;
}

/* The table that shape and bytes ask for, in modes with codes. */
static inline uint8_t *coded_table(const struct mote_coding *c, const void *raw)
{
    uint64_t counts[MOTE_ENCODE_SYMBOLS] = {0};
    uint8_t lengths[MOTE_CODING_TABLE];

    mote_encode_count(c, raw, counts);
    mote_encode_lengths(counts, lengths);
    return copy_of(lengths, sizeof lengths, 0);
}

/* Codes raw [shape.decoded_bytes] with the table, or with the best one when
 * that is NULL. Both are copied. */
static inline enum mote_status coded_make(struct coded_tensor *t,
                                          struct mote_coding_shape shape,
                                          const void *raw, const void *table)
{
    struct mote_coding *c = &t->coded.coding;

    memset(t, 0, sizeof *t);
    t->shape = shape;
    if (mote_coding_set(c, &shape))
        return MOTE_E_SCHEMA;
    t->raw = copy_of(raw, shape.decoded_bytes, 0);
    t->to.data = malloc(mote_encode_bound(c) + 1);
    t->to.checksums = malloc(mote_coding_checksums(c) * sizeof(uint64_t));
    if (mote_coding_has_codes(c)) {
        t->table = table ? copy_of(table, MOTE_CODING_TABLE, 0)
                         : coded_table(c, t->raw);
        t->to.index = malloc((c->blocks + 1) * sizeof(uint32_t));
    }
    const enum mote_status s = mote_encode(c, t->raw, t->table, &t->to);
    if (s != MOTE_OK)
        return s;
    if (t->to.data_bytes > mote_encode_bound(c))
        abort();
    uint8_t *data = copy_of(t->to.data, t->to.data_bytes, MOTE_DECODE_PAD);
    free(t->to.data);
    t->to.data = data;
    t->coded.data = data;
    t->coded.data_bytes = t->to.data_bytes;
    t->coded.index = t->to.index;
    t->coded.checksums = t->to.checksums;
    t->coded.streams = mote_streams_select(mote_cpu_flags(0, 0));
    return MOTE_OK;
}

static inline void coded_free(struct coded_tensor *t)
{
    free(t->raw);
    free(t->table);
    free(t->to.data);
    free(t->to.index);
    free(t->to.checksums);
}

/* Decodes all of it to out [decoded_bytes], every row or block through memory
 * of exactly its size. */
static inline enum mote_status coded_all(const struct mote_coded *coded,
                                         const struct mote_decode_table *table,
                                         uint8_t *out)
{
    const struct mote_coding *c = &coded->coding;

    for (uint32_t i = 0; i < c->blocks; i++) {
        const struct mote_coding_block b = mote_coding_block(c, i);
        const uint32_t rows = b.rows ? b.rows : 1, n = b.bytes / rows;
        const uint32_t room = mote_coding_room(n);
        uint32_t ids[MOTE_CODING_GROUP_ROWS];
        uint8_t *piece = malloc((size_t)rows * room);
        enum mote_status s;
        if (c->by_rows) {
            for (uint32_t j = 0; j < rows; j++)
                ids[j] = (uint32_t)(b.at / n) + j;
            s = mote_decode_rows(coded, table, ids, rows, piece);
        } else {
            s = mote_decode_block(coded, table, i, piece);
        }
        for (uint32_t j = 0; j < rows && s == MOTE_OK; j++)
            memcpy(out + b.at + (size_t)j * n, piece + (size_t)j * room, n);
        free(piece);
        if (s != MOTE_OK)
            return s;
    }
    return MOTE_OK;
}

#endif
