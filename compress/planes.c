/* compress/planes.c - see compress/planes.h */
#include "compress/planes.h"

/* Place j, by the definition. */
static void merge_one(const struct mote_planes_eighth *e, size_t j)
{
    const unsigned mask = (1u << e->wide_bits) - 1, zero = 8u << e->k;
    const unsigned pair = e->upper[j], wide = e->wide[j];
    unsigned a = wide >> e->first & mask, b = wide >> e->second & mask;

    if (e->k & 1) {
        a = a << 1 | (e->thin[j] >> e->thin_first & 1);
        b = b << 1 | (e->thin[j] >> (e->thin_first + 4) & 1);
    }
    e->lower[j] = (uint8_t)((pair >> 4 << e->k | a) - zero);
    e->upper[j] = (uint8_t)(((pair & 15) << e->k | b) - zero);
}

void mote_planes_merge(uint8_t *weights, const uint8_t *low, size_t n,
                       unsigned k)
{
    const size_t h = n / 8;

    for (unsigned i = 0; i < 4; i++) {
        struct mote_planes_eighth e = {
            .lower = weights + i * h,
            .upper = weights + (i + 4) * h,
            .wide = low,
            .thin = low,
            .k = k,
            .wide_bits = k & 6,
            .thin_first = i,
        };
        if (k == 4) { /* as in a pair: the lower half's are the high bits */
            e.wide += i * h;
            e.first = 4;
        } else if (k >= 2) {
            e.wide += i % 2 * h;
            e.thin += 2 * h;
            e.first = i & 2;
            e.second = e.first + 4;
        } else if (k == 0) { /* no planes: any bytes do, masked */
            e.wide = e.upper;
        }
        for (size_t j = mote_planes_many(&e, h); j < h; j++)
            merge_one(&e, j);
    }
}
