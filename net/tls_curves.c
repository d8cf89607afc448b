/* net/tls_curves.c - see net/tls_curves.h */
#include "net/tls_curves.h"

#include "core/base/mem.h"

/* Whoever does P-256 and P-384; the callers never ask for other curves, as the
 * mask of supported ones says. */
static const br_ec_impl *of(int curve)
{
    return curve == BR_EC_secp256r1 ? &br_ec_p256_m31 : &br_ec_prime_i31;
}

static const unsigned char base[MOTE_X25519_BYTES] = {9};

static const unsigned char *generator(int curve, size_t *len)
{
    if (curve != BR_EC_curve25519)
        return of(curve)->generator(curve, len);
    *len = sizeof base;
    return base;
}

/* What a scalar is drawn below: for X25519 any 255 bits are one. */
static const unsigned char *order(int curve, size_t *len)
{
    static const unsigned char any[MOTE_X25519_BYTES] = {
        0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    };

    if (curve != BR_EC_curve25519)
        return of(curve)->order(curve, len);
    *len = sizeof any;
    return any;
}

static size_t xoff(int curve, size_t *len)
{
    if (curve != BR_EC_curve25519)
        return of(curve)->xoff(curve, len);
    *len = MOTE_X25519_BYTES;
    return 0;
}

/* 0, so that the handshake fails, also for X25519's product 0: the peer's point
 * was of small order (RFC 8422, 5.11). BearSSL's own code takes it. */
static uint32_t mul(unsigned char *point, size_t point_n,
                    const unsigned char *scalar, size_t scalar_n, int curve)
{
    unsigned char k[MOTE_X25519_BYTES] = {0}, any = 0;

    if (curve != BR_EC_curve25519)
        return of(curve)->mul(point, point_n, scalar, scalar_n, curve);
    if (point_n != MOTE_X25519_BYTES || scalar_n > sizeof k)
        return 0;
    memcpy(k, scalar, scalar_n);
    mote_x25519(point, k);
    for (size_t i = 0; i < sizeof k; i++)
        any |= point[i];
    return (any + 0xFFu) >> 8; /* without a branch: the product is secret */
}

static size_t mulgen(unsigned char *to, const unsigned char *scalar,
                     size_t scalar_n, int curve)
{
    if (curve != BR_EC_curve25519)
        return of(curve)->mulgen(to, scalar, scalar_n, curve);
    memcpy(to, base, sizeof base);
    return mul(to, sizeof base, scalar, scalar_n, curve) ? sizeof base : 0;
}

/* For signatures, which X25519 makes none of. */
static uint32_t muladd(unsigned char *a, const unsigned char *b, size_t n,
                       const unsigned char *x, size_t x_n,
                       const unsigned char *y, size_t y_n, int curve)
{
    if (curve == BR_EC_curve25519)
        return 0;
    return of(curve)->muladd(a, b, n, x, x_n, y, y_n, curve);
}

const br_ec_impl mote_tls_curves = {
    .supported_curves =
        1u << BR_EC_secp256r1 | 1u << BR_EC_secp384r1 | 1u << BR_EC_curve25519,
    .generator = generator,
    .order = order,
    .xoff = xoff,
    .mul = mul,
    .mulgen = mulgen,
    .muladd = muladd,
};
