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

static inline void store(uint8_t *at, lanes x)
{
    memcpy(at, &x, sizeof x);
}

/* k = 4, the usual one: the lower nibbles of pairs and the higher ones of the
 * plane change places. Taking 128 from a weight inverts its highest bit. */
static size_t many_nibbles(const struct mote_planes_eighth e, size_t n)
{
    size_t j = 0;

    for (; j + 16 <= n; j += 16) {
        const lanes pair = load(e.upper + j) ^ EACH(0x88);
        const lanes nibbles = load(e.wide + j);
        const lanes differ = (pair << 4 ^ nibbles) & EACH(0xF0);
        store(e.lower + j, pair ^ differ >> 4);
        store(e.upper + j, nibbles ^ differ);
    }
    return j;
}

/* e is a copy, which no store of weights can change. */
static size_t many(const struct mote_planes_eighth e, size_t n)
{
    const uint64_t mask = EACH((1u << e.wide_bits) - 1);
    const bytes zero = (bytes){0} + (uint8_t)(8u << e.k);
    size_t j = 0;

    for (; j + 16 <= n; j += 16) {
        const lanes pair = load(e.upper + j), wide = load(e.wide + j);
        lanes a = wide >> e.first & mask, b = wide >> e.second & mask;
        if (e.k & 1) {
            const lanes thin = load(e.thin + j) >> e.thin_first;
            a = a << 1 | (thin & EACH(1));
            b = b << 1 | (thin >> 4 & EACH(1));
        }
        a |= (pair >> 4 & EACH(15)) << e.k;
        b |= (pair & EACH(15)) << e.k;
        store(e.lower + j, (lanes)((bytes)a - zero));
        store(e.upper + j, (lanes)((bytes)b - zero));
    }
    return j;
}

size_t mote_planes_many(const struct mote_planes_eighth *e, size_t n)
{
    return e->k == 4 ? many_nibbles(*e, n) : many(*e, n);
}
