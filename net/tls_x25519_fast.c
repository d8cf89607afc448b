/*
 * net/tls_x25519_fast.c - X25519 with five limbs of 51 bits and products of
 * 128.
 *
 * in      a coordinate and a scalar, 32 bytes each
 * out     the coordinate of their product
 * cost    twice per handshake
 * trust   the coordinate is the peer's, the scalar is secret: all steps and
 *         addresses are the same for every value
 * source  RFC 7748, section 5 (formulas, order of steps)
 *
 * No loop goes over limbs: compilers leave such loops, and their arrays in
 * memory, which doubles the time.
 *
 * A number modulo p = 2^255 - 19 is the sum of limb[i] * 2^(51 i). Limbs of a
 * product are below 2^51 + 2^13 (see `carried`); only such are added and
 * subtracted, so that sums and differences stay below 2^53. A product's
 * columns are then below (1 + 4 * 19) * 2^106 < 2^113.
 */
#include "core/base/mem.h"
#include "net/tls_curves.h"

#define LIMBS 5
#define MASK ((1ull << 51) - 1)

typedef unsigned __int128 wide;

struct number {
    uint64_t limb[LIMBS];
};

/* Columns below 2^113, the last of them (without a factor of 19) below 2^109:
 * what goes up is below 2^62, and 19 times what leaves at the top below 2^63.
 * That one, added to the first limb, carries less than 2^13 into the second. */
static inline struct number carried(wide t0, wide t1, wide t2, wide t3, wide t4)
{
    t1 += (uint64_t)(t0 >> 51);
    t2 += (uint64_t)(t1 >> 51);
    t3 += (uint64_t)(t2 >> 51);
    t4 += (uint64_t)(t3 >> 51);
    const uint64_t first = ((uint64_t)t0 & MASK) + 19 * (uint64_t)(t4 >> 51);
    return (struct number){{
        first & MASK,
        ((uint64_t)t1 & MASK) + (first >> 51),
        (uint64_t)t2 & MASK,
        (uint64_t)t3 & MASK,
        (uint64_t)t4 & MASK,
    }};
}

static struct number multiply(struct number a, struct number b)
{
    const uint64_t a0 = a.limb[0], a1 = a.limb[1], a2 = a.limb[2],
                   a3 = a.limb[3], a4 = a.limb[4];
    const uint64_t b0 = b.limb[0], b1 = b.limb[1], b2 = b.limb[2],
                   b3 = b.limb[3], b4 = b.limb[4];
    const uint64_t c1 = 19 * b1, c2 = 19 * b2, c3 = 19 * b3, c4 = 19 * b4;
    return carried((wide)a0 * b0 + (wide)a1 * c4 + (wide)a2 * c3 +
                       (wide)a3 * c2 + (wide)a4 * c1,
                   (wide)a0 * b1 + (wide)a1 * b0 + (wide)a2 * c4 +
                       (wide)a3 * c3 + (wide)a4 * c2,
                   (wide)a0 * b2 + (wide)a1 * b1 + (wide)a2 * b0 +
                       (wide)a3 * c4 + (wide)a4 * c3,
                   (wide)a0 * b3 + (wide)a1 * b2 + (wide)a2 * b1 +
                       (wide)a3 * b0 + (wide)a4 * c4,
                   (wide)a0 * b4 + (wide)a1 * b3 + (wide)a2 * b2 +
                       (wide)a3 * b1 + (wide)a4 * b0);
}

/* n times; limbs twice as large are below 2^54, with 19 below 2^59 */
static struct number square(struct number a, int n)
{
    while (n-- > 0) {
        const uint64_t a0 = a.limb[0], a1 = a.limb[1], a2 = a.limb[2],
                       a3 = a.limb[3], a4 = a.limb[4];
        const uint64_t d0 = 2 * a0, d1 = 2 * a1, d2 = 2 * a2;
        const uint64_t c3 = 19 * a3, c4 = 19 * a4;
        a = carried((wide)a0 * a0 + (wide)d1 * c4 + (wide)d2 * c3,
                    (wide)d0 * a1 + (wide)d2 * c4 + (wide)a3 * c3,
                    (wide)d0 * a2 + (wide)a1 * a1 + (wide)(2 * a3) * c4,
                    (wide)d0 * a3 + (wide)d1 * a2 + (wide)a4 * c4,
                    (wide)d0 * a4 + (wide)d1 * a3 + (wide)a2 * a2);
    }
    return a;
}

static struct number multiply_small(struct number a, uint32_t factor)
{
    return carried((wide)a.limb[0] * factor, (wide)a.limb[1] * factor,
                   (wide)a.limb[2] * factor, (wide)a.limb[3] * factor,
                   (wide)a.limb[4] * factor);
}

static struct number add(struct number a, struct number b)
{
    return (struct number){{
        a.limb[0] + b.limb[0],
        a.limb[1] + b.limb[1],
        a.limb[2] + b.limb[2],
        a.limb[3] + b.limb[3],
        a.limb[4] + b.limb[4],
    }};
}

/* With 2p added, whose limbs are larger than those of any product. */
static struct number subtract(struct number a, struct number b)
{
    return (struct number){{
        a.limb[0] + 2 * (MASK - 18) - b.limb[0],
        a.limb[1] + 2 * MASK - b.limb[1],
        a.limb[2] + 2 * MASK - b.limb[2],
        a.limb[3] + 2 * MASK - b.limb[3],
        a.limb[4] + 2 * MASK - b.limb[4],
    }};
}

/* Exchanges a and b if swap is 1. */
static void exchange(struct number *a, struct number *b, uint64_t swap)
{
    const uint64_t all = 0 - swap;

    for (int i = 0; i < LIMBS; i++) {
        const uint64_t difference = all & (a->limb[i] ^ b->limb[i]);
        a->limb[i] ^= difference;
        b->limb[i] ^= difference;
    }
}

/* a^(p - 2), which is 1/a, and 0 of 0; names say the exponent's bits, all 1. */
static struct number inverse(struct number a)
{
    const struct number a9 = multiply(square(square(a, 1), 2), a);
    const struct number a11 = multiply(a9, square(a, 1));
    const struct number ones5 = multiply(square(a11, 1), a9);
    const struct number ones10 = multiply(square(ones5, 5), ones5);
    const struct number ones20 = multiply(square(ones10, 10), ones10);
    const struct number ones40 = multiply(square(ones20, 20), ones20);
    const struct number ones50 = multiply(square(ones40, 10), ones10);
    const struct number ones100 = multiply(square(ones50, 50), ones50);
    const struct number ones200 = multiply(square(ones100, 100), ones100);
    const struct number ones250 = multiply(square(ones200, 50), ones50);

    return multiply(square(ones250, 5), a11);
}

static uint64_t word(const unsigned char *at)
{
    uint64_t w;
    memcpy(&w, at, sizeof w); /* little-endian machines, both */
    return w;
}

static struct number read_number(const unsigned char *at)
{
    return (struct number){{
        word(at) & MASK,
        word(at + 6) >> 3 & MASK,
        word(at + 12) >> 6 & MASK,
        word(at + 19) >> 1 & MASK,
        word(at + 24) >> 12 & MASK,
    }};
}

/* A product's number, which is below 2p, in the one form below p. */
static void write_number(unsigned char *at, struct number a)
{
    uint64_t carry = 19; /* it leaves at the top if a >= p */

    for (int i = 0; i < LIMBS; i++)
        carry = (a.limb[i] + carry) >> 51;
    carry *= 19;
    for (int i = 0; i < LIMBS; i++) {
        a.limb[i] += carry;
        carry = a.limb[i] >> 51;
        a.limb[i] &= MASK;
    }
    const uint64_t words[] = {
        a.limb[0] | a.limb[1] << 51,
        a.limb[1] >> 13 | a.limb[2] << 38,
        a.limb[2] >> 26 | a.limb[3] << 25,
        a.limb[3] >> 39 | a.limb[4] << 12,
    };
    memcpy(at, words, sizeof words);
}

void mote_x25519(unsigned char u[MOTE_X25519_BYTES],
                 const unsigned char scalar[MOTE_X25519_BYTES])
{
    const struct number x1 = read_number(u);
    struct number x2 = {{1}}, z2 = {{0}}, x3 = x1, z3 = {{1}};
    unsigned char k[MOTE_X25519_BYTES];
    uint64_t swap = 0;

    memcpy(k, scalar, sizeof k);
    k[0] &= 0xF8;
    k[31] = (unsigned char)((k[31] & 0x7F) | 0x40);
    for (int i = 254; i >= 0; i--) {
        const uint64_t bit = k[i / 8] >> i % 8 & 1;
        exchange(&x2, &x3, swap ^ bit);
        exchange(&z2, &z3, swap ^ bit);
        swap = bit;
        const struct number a = add(x2, z2), b = subtract(x2, z2);
        const struct number aa = square(a, 1), bb = square(b, 1);
        const struct number e = subtract(aa, bb);
        const struct number da = multiply(subtract(x3, z3), a);
        const struct number cb = multiply(add(x3, z3), b);
        x3 = square(add(da, cb), 1);
        z3 = multiply(x1, square(subtract(da, cb), 1));
        x2 = multiply(aa, bb);
        z2 = multiply(e, add(aa, multiply_small(e, 121665)));
    }
    exchange(&x2, &x3, swap);
    exchange(&z2, &z3, swap);
    write_number(u, multiply(x2, inverse(z2)));
}
