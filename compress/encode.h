/*
 * compress/encode.h - a tensor's bytes to their coded form: compress/FORMAT.md,
 * encodings 1 to 5. For build machines; no function links it.
 *
 *   mote_encode_count     counts symbols, of one tensor or of several that
 *                         share a table
 *   mote_encode_lengths   the best code for these counts
 *   mote_encode_tables    of BYTES, the tables of all planes
 *   mote_encode           with it, or them, data, index and checksums
 *
 * memory  the caller's; about 10 KB of stack
 * exact   the same bytes on every machine, and one form only: what the decoder
 *         takes and the encoder makes from it again is what was there
 * source  package-merge: Larmore and Hirschberg, J. ACM 37 (1990) 464
 */
#ifndef MOTE_COMPRESS_ENCODE_H
#define MOTE_COMPRESS_ENCODE_H

#include "compress/coding.h"
#include "core/base/status.h"

#define MOTE_ENCODE_SYMBOLS 256

/* Adds how often each symbol is in raw [c->decoded_bytes] to counts. Nothing
 * in modes without codes. */
void mote_encode_count(const struct mote_coding *c, const void *raw,
                       uint64_t counts[MOTE_ENCODE_SYMBOLS]);

/* The code lengths, at most 11, with the smallest sum of counts times length.
 * A symbol alone gets a second one beside it, since a code has two or more.
 * counts are below 2^48 each, and not all 0. */
void mote_encode_lengths(const uint64_t counts[MOTE_ENCODE_SYMBOLS],
                         uint8_t lengths[MOTE_CODING_TABLE]);

/*
 * The tables of a tensor in BYTES, one for each plane [element_bytes], as they
 * make raw [c->decoded_bytes] smallest; but planes that a code makes by less
 * than a sixteenth smaller are stored, as that is not worth decoding them.
 */
void mote_encode_tables(const struct mote_coding *c, const void *raw,
                        uint8_t lengths[]);

/* Bytes that the data can take, at most. */
uint64_t mote_encode_bound(const struct mote_coding *c);

/* Pieces of a coded tensor, of the caller's memory. */
struct mote_encoded {
    uint8_t *data;       /* [mote_encode_bound()] */
    uint64_t data_bytes; /* set by mote_encode */
    uint32_t *index;     /* [blocks + 1]; in modes without codes not used */
    uint64_t *checksums; /* [mote_coding_checksums()] */
};

/*
 * Codes raw [c->decoded_bytes] with the table `lengths` (of modes with codes;
 * of BYTES with the tables of its planes, one behind the other).
 *
 * errors MOTE_E_RANGE: a weight takes more bits than the coding has, a
 *        constant is none, or a symbol has no code
 *        MOTE_E_FORMAT: lengths are no complete code
 *        MOTE_E_SPACE: 4 GiB of data or more, which an index cannot hold
 */
enum mote_status mote_encode(const struct mote_coding *c, const void *raw,
                             const uint8_t lengths[], struct mote_encoded *to);

#endif
