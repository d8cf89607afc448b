/*
 * compress/planes.h - weights from pairs of their high nibbles and planes of
 * their low bits.
 */
#ifndef MOTE_COMPRESS_PLANES_H
#define MOTE_COMPRESS_PLANES_H

#include <stddef.h>
#include <stdint.h>

/*
 * weights [n]: the pairs are in the upper half, n / 2 bytes, and every weight
 * comes out where it belongs. low [n / 8 * k]: the low planes. n is a multiple
 * of 8, k is 0 to 4. See compress/FORMAT.md, "Pairs and planes".
 */
void mote_planes_merge(uint8_t *weights, const uint8_t *low, size_t n,
                       unsigned k);

/*
 * An eighth of the weights in the lower half, and the one in the upper half
 * that it shares bytes with. Of k low bits the wide plane has 4 or 2, the thin
 * one the rest: bits of a weight of the lower half lie above shift `first`,
 * those of one of the upper half above `second`.
 */
struct mote_planes_eighth {
    uint8_t *lower, *upper; /* upper holds the pairs */
    const uint8_t *wide, *thin;
    unsigned k, wide_bits, first, second, thin_first;
};

/* The first places of an eighth, by sixteens, as many as there are in n. Says
 * how many it has merged. */
size_t mote_planes_many(const struct mote_planes_eighth *e, size_t n);

#endif
