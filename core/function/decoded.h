/*
 * core/function/decoded.h - decoded copies of coded weights, from the second
 * request on.
 *
 * The first request decodes weights tile by tile and keeps nothing: pages that
 * nobody touched before cost it more than decoding. A process that gets a
 * second one is warm and will see others, so that copies pay: the second
 * request decodes to them, and later ones find them. MOTE_DECODED says whether:
 *
 *     never    every request decodes
 *     auto     copies, when they take at most a quarter of the function's
 *              memory: AWS_LAMBDA_FUNCTION_MEMORY_SIZE, in MiB, or 128, the
 *              least there is, where it is not set. So of 128 MiB copies get
 * 32, of 1769, which is one CPU, 442. This is the default always   copies
 *
 * They are mapped at once and become resident as they are written. Where the
 * mapping fails the function goes on without. Tables of which only rows are
 * read have no copies.
 */
#ifndef MOTE_FUNCTION_DECODED_H
#define MOTE_FUNCTION_DECODED_H

#include "core/model/tiles.h"

enum mote_decoded {
    MOTE_DECODED_AUTO,
    MOTE_DECODED_NEVER,
    MOTE_DECODED_ALWAYS,
};

#define MOTE_DECODED_SHARE 4 /* of the memory, at most 1 / this */
#define MOTE_DECODED_MEMORY_MIB 128

/* Bytes that copies are to have: 0 when there are to be none. */
uint64_t mote_decoded_bytes(const struct mote_model *m,
                            enum mote_decoded decoded, uint64_t memory_mib);

/* Places for that many bytes of copies, to be set in runs; NULL: none. */
struct mote_kept *mote_decoded_map(const struct mote_model *m, uint64_t bytes);

#endif
