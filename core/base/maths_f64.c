/*
 * core/base/maths_f64.c - the float64 functions of core/base/maths.h.
 *
 * Plain additions, products and divisions, one by one and never fused, so that
 * every machine gives the same bytes. The series are Taylor's: the terms are
 * few enough, and anyone can check them.
 */
#include "core/base/maths.h"

/* ln 2 in two parts; the first has 41 bits, and so times a whole number below
 * 2^11 it is exact. */
#define LN2_HIGH 0x1.62e42fefa3p-1
#define LN2_LOW 0x1.3de6af278ece6p-42
#define PER_LN2 0x1.71547652b82fep+0

static uint64_t bits_of(double x)
{
    uint64_t bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double of_bits(uint64_t bits)
{
    double x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

/* 2^n for n in [-1022, 1023]. */
static double power_of_two(int n)
{
    return of_bits((uint64_t)(n + 1023) << 52);
}

/* x = n ln 2 + r, |r| <= ln(2) / 2 and a little; gives e^r - 1. |x| < 1100. */
static double exp_part(double x, int *n)
{
    static const double series[] = {
        /* 1 / k! from 13! to 2!; the rest is below 2^-57 */
        1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800,
        1.0 / 362880,     1.0 / 40320,     1.0 / 5040,     1.0 / 720,
        1.0 / 120,        1.0 / 24,        1.0 / 6,        1.0 / 2,
    };
    const double round = 0x1.8p52; /* adding it rounds to an integer */
    const double whole = (x * PER_LN2 + round) - round;
    const double high = x - whole * LN2_HIGH, low = whole * LN2_LOW;
    const double r = high - low;
    double p = series[0];

    for (unsigned i = 1; i < sizeof series / sizeof *series; i++)
        p = p * r + series[i];
    *n = (int)whole;
    return high - (low - r * r * p);
}

double mote_exp(double x)
{
    int n;

    if (x != x)
        return x;
    x = x < -746 ? -746 : x > 710 ? 710 : x;
    const double y = 1 + exp_part(x, &n);
    /* in two steps, because 2^n itself may not be a normal number */
    const int half = n >> 1;
    return y * power_of_two(half) * power_of_two(n - half);
}

double mote_sigmoid(double x)
{
    const double e = mote_exp(x > 0 ? -x : x); /* of -|x|: never overflows */
    return (x > 0 ? 1 : e) / (1 + e);
}

/* (e^2x - 1) / (e^2x + 1), without e^2x where that would cancel. */
double mote_tanh(double x)
{
    const uint64_t sign = bits_of(x) & (uint64_t)1 << 63;
    const double size = of_bits(bits_of(x) ^ sign);
    int n;

    if (x != x)
        return x;
    const double part = exp_part(size > 22 ? 44 : size + size, &n);
    const double power = power_of_two(n);
    const double e = power * part + (power - 1); /* e^2x - 1 */
    return of_bits(bits_of(e / (e + 2)) | sign);
}

/* x = m 2^e with m from sqrt(1/2) to sqrt 2, f = m - 1 and s = f / (2 + f):
 * ln m = 2 atanh(s) = f - f^2 / 2 + s (f^2 / 2 + R), where R is what the
 * series of 2 atanh(s) / s has behind its 2. */
double mote_ln(double x)
{
    uint64_t bits = bits_of(x);
    int e = 0;

    if (x == 0)
        return -__builtin_inf();
    if (x < 0)
        return __builtin_nan("");
    if (!mote_is_finite(x))
        return x;
    if (bits >> 52 == 0) { /* a denormal: all of its bits above the point */
        bits = bits_of(x * 0x1p54);
        e = -54;
    }
    const int64_t powers = (int64_t)(bits - 0x3FE6A09E667F3BCD) >> 52;
    e += (int)powers;
    const double f = of_bits(bits - ((uint64_t)powers << 52)) - 1;
    const double s = f / (2 + f), s2 = s * s, half = 0.5 * f * f;
    double p = 2.0 / 23; /* the rest is below 2^-60 of the sum */
    for (int k = 21; k > 1; k -= 2)
        p = p * s2 + 2.0 / k;
    return e * LN2_HIGH - ((half - (s * (half + s2 * p) + e * LN2_LOW)) - f);
}
