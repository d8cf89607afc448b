/*
 * core/base/maths.c - see core/base/maths.h
 *
 * Written without branches on the data, operation by operation, so that a
 * vector version can do the same steps and give the same bits:
 * core/kernel/lanes_maths.inc.
 */
#include <stddef.h>

#include "core/base/maths.h"
#include "core/base/maths_poly.h"

/* The product of two floats is exact in a double. Their sum with c is rounded
 * to odd there, and rounding that to float is then rounding the exact sum:
 * source  Boldo and Melquiond, "Emulation of FMA and correctly rounded sums",
 *         IEEE Transactions on Computers 57(4), 2008 */
float mote_fmaf_exact(float a, float b, float c)
{
    const double product = (double)a * b;
    double sum = product + c;
    const double part = sum - product;
    const double error = (product - (sum - part)) + (c - part);
    uint64_t bits;

    __builtin_memcpy(&bits, &sum, sizeof bits);
    if (error != 0 && mote_is_finite(sum) && !(bits & 1)) {
        bits += (error > 0) == (sum > 0) ? 1 : (uint64_t)-1;
        __builtin_memcpy(&sum, &bits, sizeof sum);
    }
    return (float)sum;
}

static float horner(const float *c, size_t n, float x)
{
    float p = c[0];

    for (size_t i = 1; i < n; i++)
        p = mote_fmaf(p, x, c[i]);
    return p;
}

/* 2^n for n in [-126, 127]. */
static float power_of_two(int n)
{
    return mote_f32_of_bits((uint32_t)(n + 127) << 23);
}

float mote_expf(float x)
{
    const float round = 0x1.8p23f; /* adding it rounds to an integer */
    const float ln2_high = 0x1.62e4p-1f, ln2_low = 0x1.7f7d1cp-20f;

    if (x != x)
        return x;
    x = x < -104.0f ? -104.0f : x > 89.0f ? 89.0f : x;
    const float n = mote_fmaf(x, 0x1.715476p0f, round) - round;
    float r = mote_fmaf(n, -ln2_high, x);
    r = mote_fmaf(n, -ln2_low, r);

    float p = horner(mote_exp_poly, MOTE_COUNT(mote_exp_poly), r);
    p = mote_fmaf(p, r * r, r) + 1.0f;

    /* in two steps, because 2^n itself may not be a normal number */
    const int half = (int)n >> 1;
    return p * power_of_two(half) * power_of_two((int)n - half);
}

float mote_sigmoidf(float x)
{
    const float e = mote_expf(x > 0 ? -x : x); /* of -|x|: never overflows */
    return (x > 0 ? 1.0f : e) / (1.0f + e);
}

float mote_log1p_exp_minus(float x)
{
    const float u = mote_expf(-x); /* in [0, 1] */
    float p = -0x1.a8cd44p-9f;

    p = mote_fmaf(p, u, 0x1.450272p-6f);
    p = mote_fmaf(p, u, -0x1.d26032p-5f);
    p = mote_fmaf(p, u, 0x1.b2323ep-4f);
    p = mote_fmaf(p, u, -0x1.396a9cp-3f);
    p = mote_fmaf(p, u, 0x1.92f25ap-3f);
    p = mote_fmaf(p, u, -0x1.ff0e8cp-3f);
    p = mote_fmaf(p, u, 0x1.554c7p-2f);
    p = mote_fmaf(p, u, -0x1.ffffbep-2f);
    p = mote_fmaf(p, u, 1.0f);
    return p * u;
}

/* ln x of a positive, finite x. x = m 2^e with m from sqrt(1/2) to sqrt 2; ln m
 * = 2 atanh(s) with s = (m - 1) / (m + 1), |s| < 0.172, whose series ends at
 * s^19: what it leaves out is below 2^-53 of it. */
static double log_of(float x)
{
    uint32_t bits = mote_f32_bits(x);
    int32_t e = 0;

    if (bits < 0x00800000) { /* a denormal: all of its bits above the point */
        bits = mote_f32_bits(x * 0x1p23f);
        e = -23;
    }
    const int32_t powers = ((int32_t)bits - 0x3F3504F3) >> 23;
    e += powers;
    bits -= (uint32_t)powers << 23;
    const double m = (double)mote_f32_of_bits(bits);
    const double s = (m - 1) / (m + 1), s2 = s * s;
    double p = 1.0 / 19;
    for (int k = 17; k > 0; k -= 2)
        p = p * s2 + 1.0 / k;
    return e * 0x1.62e42fefa39efp-1 + 2 * s * p;
}

float mote_logf(float x)
{
    if (x > 0 && x - x == 0)
        return (float)log_of(x);
    return x == 0 ? -__builtin_inff() : x < 0 ? __builtin_nanf("") : x;
}

/* e^x for |x| < 200, rounded to float: Taylor's series of a remainder of at
 * most ln(2) / 2 up to its 14th power, which leaves out less than 2^-60. */
static float exp_of(double x)
{
    const double round = 0x1.8p52; /* adding it rounds to an integer */
    const double n = (x * 0x1.71547652b82fep0 + round) - round;
    const double r = (x - n * 0x1.62e42fefap-1) - n * 0x1.cf79abc9e3b3ap-40;
    double p = 1;
    const uint64_t power = (uint64_t)((int64_t)n + 1023) << 52;
    double scale;

    for (int k = 14; k > 0; k--)
        p = p * r / k + 1;
    __builtin_memcpy(&scale, &power, sizeof scale);
    return (float)(p * scale);
}

static bool is_odd(float y)
{
    const float size = y < 0 ? -y : y; /* from 2^24 on all are even */
    return size < 0x1p24f && (int32_t)size == size && ((int32_t)size & 1);
}

static bool is_whole(float y)
{
    const float size = y < 0 ? -y : y;
    return size >= 0x1p24f || (float)(int32_t)size == size;
}

/* |x| or |y| is 0 or infinite, neither is a NaN, and y is not 0. */
static float power_at_end(float x, float y)
{
    const float size = x < 0 ? -x : x;
    const float inf = __builtin_inff();

    if (y - y != 0) /* infinite */
        return size == 1 ? 1 : (size > 1) == (y > 0) ? inf : 0;
    const float end = (size > 1) == (y > 0) ? inf : 0;
    return mote_f32_bits(x) >> 31 && is_odd(y) ? -end : end;
}

float mote_powf(float x, float y)
{
    const float size = x < 0 ? -x : x;

    if (y == 0 || x == 1)
        return 1;
    if (x != x || y != y)
        return x + y;
    if (x == 0 || x - x != 0 || y - y != 0)
        return power_at_end(x, y);
    if (x < 0 && !is_whole(y))
        return __builtin_nanf("");
    double exponent = (double)y * log_of(size);
    exponent = exponent > 199 ? 199 : exponent < -199 ? -199 : exponent;
    const float power = exp_of(exponent);
    return x < 0 && is_odd(y) ? -power : power;
}

float mote_tanhf(float x)
{
    const uint32_t sign = mote_f32_bits(x) & 0x80000000;
    const float size = mote_f32_of_bits(mote_f32_bits(x) ^ sign);
    float t;

    if (x != x)
        return x;
    if (size < 0.55f) { /* 1 - 2 / (e^2x + 1) would cancel here */
        const float x2 = size * size;
        const float p = horner(mote_tanh_poly, MOTE_COUNT(mote_tanh_poly), x2);
        t = mote_fmaf(p, x2 * size, size);
    } else {
        const float e = mote_expf(size > 10.0f ? 20.0f : size + size);
        t = 1.0f - 2.0f / (e + 1.0f);
    }
    return mote_f32_of_bits(mote_f32_bits(t) | sign);
}

float mote_erff(float x)
{
    const float least = x < -MOTE_ERF_END ? -MOTE_ERF_END : x;
    const float z = least > MOTE_ERF_END ? MOTE_ERF_END : least;
    const float v = mote_fmaf(z * z, MOTE_ERF_SCALE, -1.0f);
    const float v2 = v * v, v4 = v2 * v2;
    const float high = horner(mote_erf_high, MOTE_COUNT(mote_erf_high), v);
    const float low = horner(mote_erf_low, MOTE_COUNT(mote_erf_low), v);

    return z * mote_fmaf(high, v4 * v4, low);
}

float mote_geluf(float x)
{
    const float m = x < -MOTE_GELU_END ? -MOTE_GELU_END : x;
    return m * 0.5f * (1.0f + mote_erff(m * MOTE_SQRT_HALF));
}

float mote_gelu_tanhf(float x)
{
    const float m = x < -MOTE_GELU_TANH_END ? -MOTE_GELU_TANH_END : x;
    const float inner = mote_fmaf(m * m, MOTE_GELU_3, MOTE_GELU_1) * m;

    /* (1 + tanh(t)) / 2 = 1 / (1 + e^-2t) */
    return m / (1.0f + mote_expf(inner));
}
