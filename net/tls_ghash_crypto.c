/*
 * net/tls_ghash_crypto.c - GHASH with ARMv8's polynomial multiplication.
 *
 * in      h, the hash key; data, whose last block is filled up with zeros
 * out     y, updated
 * cost    0.8 instructions a byte: eight products are added up before one
 *         reduction, with h to the powers 8 to 1
 * source  NIST SP 800-38D, 6.4; see net/tls_ciphers.h
 *
 * GCM's bits count from the left: byte 0's highest bit is the coefficient of
 * x^0. With the bytes turned around, a block is a 128-bit number whose bits
 * stand in reverse, and the product of two such numbers is that of the
 * polynomials, in reverse and one place too far to the right. A key multiplied
 * by x beforehand makes up for that place.
 */
#include <arm_neon.h>

#include "net/tls_ciphers.h"

#define BLOCK 16
#define POWERS 8

static uint8x16_t turned(uint8x16_t block)
{
    const uint8x16_t halves = vrev64q_u8(block);
    return vextq_u8(halves, halves, 8);
}

static uint64x2_t load(const uint8_t *at)
{
    return vreinterpretq_u64_u8(turned(vld1q_u8(at)));
}

static uint64x2_t swapped(uint64x2_t v)
{
    return vextq_u64(v, v, 1);
}

static uint64x2_t multiply_low(uint64x2_t a, uint64x2_t b)
{
    return vreinterpretq_u64_p128(vmull_p64((poly64_t)vgetq_lane_u64(a, 0),
                                            (poly64_t)vgetq_lane_u64(b, 0)));
}

static uint64x2_t multiply_high(uint64x2_t a, uint64x2_t b)
{
    return vreinterpretq_u64_p128(
        vmull_high_p64(vreinterpretq_p64_u64(a), vreinterpretq_p64_u64(b)));
}

/* A power of the key, and the sum of its halves in both places. */
struct power {
    uint64x2_t whole, sum;
};

/* Products added up: low + middle * 2^64 + high * 2^128, the middle as
 * Karatsuba has it, with low and high still in it. */
struct product {
    uint64x2_t low, middle, high;
};

static struct power power_of(uint64x2_t whole)
{
    return (struct power){whole, veorq_u64(whole, swapped(whole))};
}

static inline void add_product(struct product *p, uint64x2_t x,
                               const struct power *h)
{
    const uint64x2_t sum = veorq_u64(x, swapped(x));
    p->low = veorq_u64(p->low, multiply_low(x, h->whole));
    p->high = veorq_u64(p->high, multiply_high(x, h->whole));
    p->middle = veorq_u64(p->middle, multiply_low(sum, h->sum));
}

/* Modulo x^128 + x^7 + x^2 + x + 1, whose reverse has 0xC2 << 56 in its high
 * half: each step folds the lowest 64 bits into those above. */
static inline uint64x2_t reduce(const struct product *p)
{
    const uint64x2_t zero = vdupq_n_u64(0);
    const uint64x2_t fold = vdupq_n_u64(0xC200000000000000);
    const uint64x2_t middle = veorq_u64(p->middle, veorq_u64(p->low, p->high));
    uint64x2_t low = veorq_u64(p->low, vextq_u64(zero, middle, 1));
    const uint64x2_t high = veorq_u64(p->high, vextq_u64(middle, zero, 1));

    low = veorq_u64(swapped(low), multiply_low(low, fold));
    low = veorq_u64(swapped(low), multiply_low(low, fold));
    return veorq_u64(low, high);
}

/* key * x: one place to the left; the bit that falls out comes back as the
 * polynomial. */
static uint64x2_t times_x(uint64x2_t key)
{
    const uint64_t low = vgetq_lane_u64(key, 0), high = vgetq_lane_u64(key, 1);
    const uint64_t out = 0 - (high >> 63);
    uint64x2_t r = vdupq_n_u64(low << 1 ^ (out & 1));

    return vsetq_lane_u64((high << 1 | low >> 63) ^ (out & 0xC200000000000000),
                          r, 1);
}

static uint64x2_t multiply(uint64x2_t x, const struct power *h)
{
    struct product p = {vdupq_n_u64(0), vdupq_n_u64(0), vdupq_n_u64(0)};

    add_product(&p, x, h);
    return reduce(&p);
}

void mote_ghash_armv8(void *y_bytes, const void *h_bytes, const void *bytes,
                      size_t n)
{
    const uint8_t *data = bytes;
    struct power h[POWERS]; /* h^1 to h^8 */
    uint64x2_t y = load(y_bytes);

    h[0] = power_of(times_x(load(h_bytes)));
    if (n >= POWERS * BLOCK) {
        for (size_t i = 1; i < POWERS; i++)
            h[i] = power_of(multiply(h[i - 1].whole, &h[0]));
        for (; n >= POWERS * BLOCK; n -= POWERS * BLOCK) {
            struct product p = {vdupq_n_u64(0), vdupq_n_u64(0), vdupq_n_u64(0)};
            add_product(&p, veorq_u64(y, load(data)), &h[POWERS - 1]);
#pragma GCC unroll 8
            for (size_t i = 1; i < POWERS; i++)
                add_product(&p, load(data + BLOCK * i), &h[POWERS - 1 - i]);
            y = reduce(&p);
            data += POWERS * BLOCK;
        }
    }
    while (n > 0) {
        const size_t m = n < BLOCK ? n : BLOCK;
        uint8_t block[BLOCK] = {0};
        memcpy(block, data, m);
        y = multiply(veorq_u64(y, load(block)), &h[0]);
        data += m;
        n -= m;
    }
    vst1q_u8(y_bytes, turned(vreinterpretq_u8_u64(y)));
}
