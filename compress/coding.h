/*
 * compress/coding.h - how a tensor is coded: its mode, and where its blocks
 * lie in it. Decoder and encoder share this.
 *
 * A block is what has an entry in the index and a checksum of its own. It is
 * at most 16 KiB of decoded bytes, whole panels where panels fit; or it is a
 * group of rows, each of which is decoded alone (by_rows).
 *
 *   | block 0 | block 1 | ... | the last one, shorter |     one run
 *
 * No block reaches over a run: the tensor; when a panel is longer than a block,
 * a panel; or, of BYTES, a plane, which has one byte of each record: row, where
 * rows are short, or element. There blocks lie in the planes, one behind the
 * other, not in the tensor.
 */
#ifndef MOTE_COMPRESS_CODING_H
#define MOTE_COMPRESS_CODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/cursor.h" /* refuses big-endian machines */

/* Numbers of compress/FORMAT.md. A RAW tensor is not coded: it is used where
 * it lies, and nothing here is called for it. */
enum mote_coding_mode {
    MOTE_CODING_RAW,
    MOTE_CODING_PLANES,
    MOTE_CODING_HUF8,
    MOTE_CODING_HUFPAIR,
    MOTE_CODING_CONST,
    MOTE_CODING_BYTES,
};

#define MOTE_CODING_BLOCK_MAX 16384u /* decoded bytes of a block, of a row */
#define MOTE_CODING_GROUP_ROWS 64u   /* at most, of a block by rows */
#define MOTE_CODING_LENGTH_MAX 11u   /* bits of a code */
#define MOTE_CODING_STREAMS 8u       /* of a block that is not by rows */
#define MOTE_CODING_TABLE 128u       /* bytes of a table of code lengths */
#define MOTE_CODING_RECORD_MAX 16u   /* bytes of a row that BYTES takes apart */

/* The fields of a tensor's record that matter here, and what its layout says.
 */
struct mote_coding_shape {
    uint8_t mode, bits, element_bytes;
    bool panels;          /* P8K8, else rows */
    uint32_t block_bytes; /* the record's */
    uint64_t unit_bytes;  /* of a panel; of a row, when the rank is 2; else 0 */
    uint64_t decoded_bytes; /* below 2^63; a multiple of unit and element */
};

/* Made by mote_coding_set; read only. */
struct mote_coding {
    uint8_t mode, element_bytes; /* of BYTES: of a record */
    uint8_t low_bits;            /* k: of each weight, stored as they are */
    bool by_rows;
    uint32_t piece_bytes; /* decoded, of a block or of a row */
    uint32_t group_rows;  /* of a block by rows, else 0 */
    uint32_t blocks, blocks_per_run;
    uint64_t run_bytes, decoded_bytes;
};

/* Where a block lies in the decoded tensor. rows is 0 unless by_rows. */
struct mote_coding_block {
    uint64_t at;
    uint32_t bytes, rows;
};

/* NULL, or what was expected of the shape and is not so. */
const char *mote_coding_set(struct mote_coding *c,
                            const struct mote_coding_shape *shape);

/* Block i, below c->blocks. */
struct mote_coding_block mote_coding_block(const struct mote_coding *c,
                                           uint32_t i);

/* Bytes that one row or block of n decoded bytes takes in the memory that it
 * is decoded to: weights are coded in eights. */
static inline uint32_t mote_coding_room(uint32_t n)
{
    return (n + 7) & ~7u;
}

static inline bool mote_coding_has_codes(const struct mote_coding *c)
{
    return c->mode == MOTE_CODING_HUF8 || c->mode == MOTE_CODING_HUFPAIR ||
           c->mode == MOTE_CODING_BYTES;
}

/* Of a row or block of n decoded bytes: how many symbols it is coded with (or
 * bytes of pairs, in PLANES), and the bytes of its low planes. */
static inline uint32_t mote_coding_symbols(const struct mote_coding *c,
                                           uint32_t n)
{
    return c->mode == MOTE_CODING_HUF8 || c->mode == MOTE_CODING_BYTES
               ? n
               : mote_coding_room(n) / 2;
}

static inline uint32_t mote_coding_low_bytes(const struct mote_coding *c,
                                             uint32_t n)
{
    return mote_coding_room(n) / 8 * c->low_bits;
}

/* Tables of code lengths, one behind the other: of BYTES for each plane. */
static inline uint32_t mote_coding_tables(const struct mote_coding *c)
{
    return c->mode == MOTE_CODING_BYTES ? c->element_bytes
                                        : mote_coding_has_codes(c);
}

/* How many checksums a tensor has. */
static inline uint32_t mote_coding_checksums(const struct mote_coding *c)
{
    return c->mode == MOTE_CODING_CONST ? 1 : c->blocks;
}

#endif
