/*
 * compress/decode.h - weights back from their coded form, block by block or
 * row by row: compress/FORMAT.md, encodings 1 to 5.
 *
 * trust    nothing: whatever the bytes are, a call ends with a status, in a
 *          time that the decoded size bounds, and touches no memory but what
 *          it was given. A status of MOTE_OK does not say that the bytes are
 *          the right ones: about one damaged stream in five decodes. That is
 *          for mote_decode_verify.
 * memory   the caller's; a table of 4 KiB for each tensor, no other scratch
 * exact    the same bytes from every version of the inner loop
 * cost     about 0.76 cycles a weight in pairs, 1.3 in bytes (Zen 4)
 * source   Huffman, Proc. IRE 40 (1952) 1098; canonical codes: Schwartz and
 *          Kallick, CACM 7 (1964) 166; several streams and refills counted
 *          ahead: Giesen, "Entropy coding in Oodle Data: Huffman coding"
 */
#ifndef MOTE_COMPRESS_DECODE_H
#define MOTE_COMPRESS_DECODE_H

#include "compress/coding.h"
#include "compress/streams.h"
#include "core/base/status.h"

/* Readable bytes that follow the data of a coded tensor, whatever they hold. A
 * .mote file has at least 64 behind its last section. */
#define MOTE_DECODE_PAD 16u

/* A coded tensor. The pieces outlive it. */
struct mote_coded {
    struct mote_coding coding;
    const uint8_t *data; /* [data_bytes + MOTE_DECODE_PAD] */
    uint64_t data_bytes;
    const uint32_t *index;     /* [blocks + 1], or NULL: none in its mode */
    const uint64_t *checksums; /* [mote_coding_checksums()] */
    const struct mote_streams *streams;
};

struct mote_decode_table {
    uint16_t entry[1u << MOTE_CODING_LENGTH_MAX]; /* symbol << 8 | length */
};

/* Whether `coded`, all members of which the caller has set, has an index that
 * leads nowhere but into its data, and as much data as its mode needs. NULL,
 * or what was expected. */
const char *mote_decode_open(const struct mote_coded *coded);

/* The table of a tensor with codes, from its 128 bytes of code lengths.
 * MOTE_E_FORMAT: they are longer than 11 or no complete code of two symbols or
 * more. */
enum mote_status mote_decode_table(struct mote_decode_table *table,
                                   const uint8_t *lengths);

/* How a plane of BYTES is stored, as its table says: no lengths, or of one
 * symbol alone a length of 1, or a complete code. */
enum mote_plane_kind { MOTE_PLANE_STORED, MOTE_PLANE_ONE, MOTE_PLANE_CODED };

struct mote_plane {
    enum mote_plane_kind kind;
    uint8_t byte; /* of MOTE_PLANE_ONE: all of it */
};

/* As mote_decode_table, of a plane of BYTES; the table is filled if the plane
 * is coded. NULL: it is not wanted. */
enum mote_status mote_decode_plane(struct mote_plane *plane,
                                   struct mote_decode_table *table,
                                   const uint8_t *lengths);

/* MOTE_E_DAMAGED: block i, below coding.blocks, does not match its checksum. */
enum mote_status mote_decode_verify(const struct mote_coded *coded, uint32_t i);

/*
 * Decodes block i (below coding.blocks) of a tensor that is not by rows.
 *
 * out    mote_coding_room(bytes of the block) bytes, at most
 *        MOTE_CODING_BLOCK_MAX; what is behind the block's bytes is undefined
 * table  of the same tensor; not looked at in modes without codes
 * errors MOTE_E_FORMAT: the block is damaged, and out undefined
 */
enum mote_status mote_decode_block(const struct mote_coded *coded,
                                   const struct mote_decode_table *table,
                                   uint32_t i, void *out);

/* Block i of a tensor in BYTES, which is of the plane i / blocks_per_run. The
 * rest is as in mote_decode_block. */
enum mote_status mote_decode_plane_block(const struct mote_coded *coded,
                                         const struct mote_plane *plane,
                                         const struct mote_decode_table *table,
                                         uint32_t i, void *out);

/*
 * Decodes a tensor in BYTES.
 *
 * lengths  its tables [coding.element_bytes][MOTE_CODING_TABLE]
 * table    for one plane after the other
 * room     [MOTE_CODING_BLOCK_MAX], likewise
 * out      [decoded_bytes], apart from these
 * errors   MOTE_E_FORMAT: it is damaged, and out undefined
 */
enum mote_status mote_decode_bytes(const struct mote_coded *coded,
                                   const uint8_t *lengths,
                                   struct mote_decode_table *table,
                                   uint8_t *room, uint8_t *out);

/*
 * Decodes `count` rows of a tensor by rows, whose numbers are in rows[count]
 * (each below the number of rows), in that order, to out
 * [count][mote_coding_room(row bytes)]. The rest is as in mote_decode_block.
 */
enum mote_status mote_decode_rows(const struct mote_coded *coded,
                                  const struct mote_decode_table *table,
                                  const uint32_t *rows, size_t count,
                                  void *out);

#endif
