/*
 * compress/planes_fast.c - see compress/planes.h
 *
 * 16 places at once, as two 64-bit lanes: shifts carry no bit from one byte
 * into the next that a mask does not drop.
 */
#include "compress/planes.h"
#include "core/base/mem.h"

typedef uint64_t lanes __attribute__((vector_size(16)));
typedef uint8_t bytes __attribute__((vector_size(16)));

#define EACH(x) ((uint64_t)(x)*0x0101010101010101u)

static inline lanes load(const uint8_t *at)
{
    lanes x;
    memcpy(&x, at, sizeof x);
    return x;
}

static inline void store(uint8_t *at, lanes x, uint8_t zero)
{
    const bytes weights = (bytes)x - zero;
    memcpy(at, &weights, sizeof weights);
}

/* k = 4, the usual one: no shift but by 4 and nothing to ask, 2 % of decoding.
 */
static __attribute__((aligned(64))) size_t
many_nibbles(const struct mote_planes_eighth *e, size_t n)
{
    const uint64_t low = EACH(15);
    size_t j = 0;

    for (; j + 16 <= n; j += 16) {
        const lanes pair = load(e->upper + j), nibbles = load(e->wide + j);
        store(e->lower + j, (pair & ~low) | (nibbles >> 4 & low), 128);
        store(e->upper + j, (pair & low) << 4 | (nibbles & low), 128);
    }
    return j;
}

size_t mote_planes_many(const struct mote_planes_eighth *e, size_t n)
{
    const uint64_t mask = EACH((1u << e->wide_bits) - 1);
    const uint8_t zero = (uint8_t)(8u << e->k);
    size_t j = 0;

    if (e->k == 4)
        return many_nibbles(e, n);
    for (; j + 16 <= n; j += 16) {
        const lanes pair = load(e->upper + j), wide = load(e->wide + j);
        lanes a = wide >> e->first & mask, b = wide >> e->second & mask;
        if (e->k & 1) {
            const lanes thin = load(e->thin + j) >> e->thin_first;
            a = a << 1 | (thin & EACH(1));
            b = b << 1 | (thin >> 4 & EACH(1));
        }
        store(e->lower + j, (pair >> 4 & EACH(15)) << e->k | a, zero);
        store(e->upper + j, (pair & EACH(15)) << e->k | b, zero);
    }
    return j;
}
