/*
 * net/tls_rsa_fast.c - see net/tls_rsa.h
 *
 * cost    for 2048 bits and the exponent 65537: 23 products of 32 limbs by 32,
 *         each with its reduction
 * trust   signature and key are the peer's; sizes are checked before use
 * source  Koc, Acar, Kaliski, "Analyzing and Comparing Montgomery
 *         Multiplication Algorithms", IEEE Micro 16(3), 1996: CIOS
 *
 * Numbers are limbs of 64 bits, the lowest first; R is 2^(64 limbs).
 */
#include "net/tls_rsa.h"
#include "core/base/mem.h"

#include <stdbool.h>

#define LIMBS (MOTE_RSA_BYTES_MAX / 8)

typedef unsigned __int128 wide;

struct modulus {
    size_t limbs;
    uint64_t inverse; /* -1 / n modulo 2^64 */
    uint64_t n[LIMBS];
};

static void read_number(uint64_t *number, size_t limbs,
                        const unsigned char *bytes, size_t n)
{
    memset(number, 0, limbs * sizeof *number);
    for (size_t i = 0; i < n; i++)
        number[i / 8] |= (uint64_t)bytes[n - 1 - i] << (i % 8 * 8);
}

static bool is_below(const uint64_t *a, const uint64_t *b, size_t limbs)
{
    for (size_t i = limbs; i-- > 0;)
        if (a[i] != b[i])
            return a[i] < b[i];
    return false;
}

static void subtract(uint64_t *a, const uint64_t *b, size_t limbs)
{
    uint64_t borrow = 0;

    for (size_t i = 0; i < limbs; i++) {
        const wide d = (wide)a[i] - b[i] - borrow;
        a[i] = (uint64_t)d;
        borrow = (uint64_t)(d >> 64) & 1;
    }
}

/* a = a b / R modulo n, both below n. Column i has at most limbs + 2 limbs, the
 * highest 0 or 1: t < 2 n before the last subtraction. */
static void multiply(uint64_t *a, const uint64_t *b, const struct modulus *m)
{
    const size_t limbs = m->limbs;
    uint64_t t[LIMBS + 2] = {0};

    for (size_t i = 0; i < limbs; i++) {
        uint64_t carry = 0;
        for (size_t k = 0; k < limbs; k++) {
            const wide sum = (wide)a[k] * b[i] + t[k] + carry;
            t[k] = (uint64_t)sum;
            carry = (uint64_t)(sum >> 64);
        }
        const wide top = (wide)t[limbs] + carry;
        const uint64_t q = t[0] * m->inverse;
        carry = (uint64_t)(((wide)q * m->n[0] + t[0]) >> 64);
        for (size_t k = 1; k < limbs; k++) {
            const wide sum = (wide)q * m->n[k] + t[k] + carry;
            t[k - 1] = (uint64_t)sum;
            carry = (uint64_t)(sum >> 64);
        }
        const wide last = (wide)(uint64_t)top + carry;
        t[limbs - 1] = (uint64_t)last;
        t[limbs] = (uint64_t)(top >> 64) + (uint64_t)(last >> 64);
    }
    if (t[limbs] || !is_below(t, m->n, limbs))
        subtract(t, m->n, limbs);
    memcpy(a, t, limbs * sizeof *a);
}

static void twice(uint64_t *a, const struct modulus *m)
{
    uint64_t carry = 0;

    for (size_t i = 0; i < m->limbs; i++) {
        const uint64_t limb = a[i];
        a[i] = limb << 1 | carry;
        carry = limb >> 63;
    }
    if (carry || !is_below(a, m->n, m->limbs))
        subtract(a, m->n, m->limbs);
}

/* R modulo n by doubling the highest power of 2 below n. */
static void set_one(uint64_t *one, const struct modulus *m)
{
    size_t bit = m->limbs * 64 - 1;

    while (!(m->n[bit / 64] >> bit % 64 & 1))
        bit--;
    memset(one, 0, m->limbs * sizeof *one);
    one[bit / 64] = (uint64_t)1 << bit % 64;
    for (; bit < m->limbs * 64; bit++)
        twice(one, m);
}

/* R R modulo n: 2^(64 k) R is its own square's root over R, and so 64 limbs are
 * reached by squaring, the bits of their number from the second highest on. */
static void set_square(uint64_t *square, const uint64_t *one,
                       const struct modulus *m)
{
    uint64_t limb[LIMBS]; /* 2^64 R */
    unsigned bit = 31 - (unsigned)__builtin_clz((unsigned)m->limbs);

    memcpy(limb, one, m->limbs * sizeof *limb);
    for (unsigned i = 0; i < 64; i++)
        twice(limb, m);
    memcpy(square, limb, m->limbs * sizeof *square);
    while (bit-- > 0) {
        multiply(square, square, m);
        if (m->limbs >> bit & 1)
            multiply(square, limb, m);
    }
}

/* x = x^e modulo n. */
static void power(uint64_t *x, const unsigned char *e, size_t e_bytes,
                  const struct modulus *m)
{
    uint64_t base[LIMBS], one[LIMBS], square[LIMBS];
    bool begun = false;

    set_one(one, m);
    set_square(square, one, m);
    multiply(x, square, m);
    memcpy(base, x, m->limbs * sizeof *x);
    for (size_t i = 0; i < 8 * e_bytes; i++) {
        const bool set = e[i / 8] >> (7 - i % 8) & 1;
        if (begun)
            multiply(x, x, m);
        if (begun && set)
            multiply(x, base, m);
        begun = begun || set;
    }
    if (!begun) /* e is 0 */
        memcpy(x, one, m->limbs * sizeof *x);
    memset(one, 0, m->limbs * sizeof *one);
    one[0] = 1;
    multiply(x, one, m);
}

/* EMSA-PKCS1-v1_5 of the hash that ends at em + n, with or without NULL. */
static bool is_padded(const unsigned char *em, size_t n,
                      const unsigned char *hash_oid, size_t hash_len, bool null)
{
    const size_t oid = hash_oid[0], inner = 2 + oid + (null ? 2 : 0);
    const size_t info = 2 + 2 + inner + 2 + hash_len;
    unsigned char expected[2 + 2 + 2 + 255 + 2 + 2], *at = expected;

    if (oid > 32 || n < 11 + info)
        return false;
    *at++ = 0x30;
    *at++ = (unsigned char)(info - 2);
    *at++ = 0x30;
    *at++ = (unsigned char)inner;
    *at++ = 0x06;
    memcpy(at, hash_oid, 1 + oid);
    at += 1 + oid;
    if (null) {
        *at++ = 0x05;
        *at++ = 0x00;
    }
    *at++ = 0x04;
    *at++ = (unsigned char)hash_len;
    const size_t zero = n - info - 1;
    if (em[0] != 0x00 || em[1] != 0x01 || em[zero] != 0x00)
        return false;
    for (size_t i = 2; i < zero; i++)
        if (em[i] != 0xFF)
            return false;
    return memcmp(em + zero + 1, expected, (size_t)(at - expected)) == 0;
}

uint32_t mote_rsa_verify(const unsigned char *x, size_t xlen,
                         const unsigned char *hash_oid, size_t hash_len,
                         const br_rsa_public_key *key, unsigned char *hash_out)
{
    const unsigned char *n = key->n, *e = key->e;
    size_t n_bytes = key->nlen, e_bytes = key->elen;
    unsigned char em[MOTE_RSA_BYTES_MAX];
    uint64_t number[LIMBS];
    struct modulus m;

    while (n_bytes && *n == 0)
        n++, n_bytes--;
    while (e_bytes && *e == 0)
        e++, e_bytes--;
    if (!hash_oid || hash_len > 64 || n_bytes < 128 || n_bytes > sizeof em ||
        !(n[n_bytes - 1] & 1) || e_bytes > MOTE_RSA_EXPONENT_BYTES ||
        xlen != n_bytes)
        return 0;
    m.limbs = (n_bytes + 7) / 8;
    read_number(m.n, m.limbs, n, n_bytes);
    read_number(number, m.limbs, x, xlen);
    if (!is_below(number, m.n, m.limbs))
        return 0;
    m.inverse = 1; /* each step doubles the bits that are right */
    for (unsigned i = 0; i < 6; i++)
        m.inverse *= 2 - m.n[0] * m.inverse;
    m.inverse = -m.inverse;
    power(number, e, e_bytes, &m);
    for (size_t i = 0; i < n_bytes; i++)
        em[n_bytes - 1 - i] = (unsigned char)(number[i / 8] >> (i % 8 * 8));
    if (!is_padded(em, n_bytes, hash_oid, hash_len, true) &&
        !is_padded(em, n_bytes, hash_oid, hash_len, false))
        return 0;
    memcpy(hash_out, em + n_bytes - hash_len, hash_len);
    return 1;
}
