/*
 * core/base/pow10.h - powers of ten for number_read.c and number_write.c.
 */
#ifndef MOTE_BASE_POW10_H
#define MOTE_BASE_POW10_H

#include <stdint.h>

/* 10^e is in [high:low] * 2^(floor(log2(10^e)) - 127), rounded down: the top
 * bit of high is set and the error is below one unit of low; there is none
 * for e from 0 to 55. e is in [MOTE_POW10_MIN, MOTE_POW10_MAX]. */
struct mote_pow10 {
    uint64_t high, low;
};

#define MOTE_POW10_MIN (-342)
#define MOTE_POW10_MAX 324

struct mote_pow10 mote_pow10(int e);

/* floor(log2(10^e)) for |e| <= 1233, floor(log10(2^q)) for |q| <= 1650: each
 * constant is the logarithm scaled, good for that many multiples. */
static inline int mote_log2_pow10(int e)
{
    return e * 1741647 >> 19;
}

static inline int mote_log10_pow2(int q)
{
    return q * 1262611 >> 22;
}

/* High and low half of a 64 x 64 bit product. */
static inline uint64_t mote_mul64(uint64_t a, uint64_t b, uint64_t *low)
{
    const unsigned __int128 product = (unsigned __int128)a * b;
    *low = (uint64_t)product;
    return (uint64_t)(product >> 64);
}

#endif
