/*
 * core/base/maths.h - the few functions of <math.h> that the engine needs.
 *
 * One definition for every machine, so that results are the same bytes
 * everywhere. Errors are in units in the last place (ulp) of the exact result
 * and are held by test/core/test_maths.c.
 */
#ifndef MOTE_BASE_MATHS_H
#define MOTE_BASE_MATHS_H

#include <stdbool.h>
#include <stdint.h>

static inline bool mote_is_finite(double x)
{
    return x - x == 0;
}

static inline uint32_t mote_f32_bits(float x)
{
    uint32_t bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float mote_f32_of_bits(uint32_t bits)
{
    float x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

/* What mote_fmaf is where the baseline has no fused instruction: exact too,
 * in a dozen operations on doubles. Public so that a test reaches it. */
float mote_fmaf_exact(float a, float b, float c);

/* a * b + c rounded once, to nearest. */
static inline float mote_fmaf(float a, float b, float c)
{
#ifdef __FP_FAST_FMAF
    return __builtin_fmaf(a, b, c);
#else
    return mote_fmaf_exact(a, b, c);
#endif
}

/*
 * e^x. Error at most 1 ulp; 0 below -103.98, infinity above 88.73; NaN for NaN.
 */
float mote_expf(float x);

/* 1 / (1 + e^-x), the logistic function. Error at most 3 ulp. */
float mote_sigmoidf(float x);

/* ln(1 + e^-x) for x >= 0, the part of the logistic function's logarithm that
 * is not x itself. Error at most 3 ulp or 2^-126; NaN for NaN. */
float mote_log1p_exp_minus(float x);

/* Natural logarithm. Error at most 1 ulp; -infinity for a zero of either sign,
 * NaN below. */
float mote_logf(float x);

/* x^y. Error at most 1 ulp, with the special values of C's powf: 1 for y = 0
 * and for x = 1, NaN where x is below 0 and y no integer. */
float mote_powf(float x, float y);

/* Hyperbolic tangent. Error at most 2 ulp; the sign of zero is kept. */
float mote_tanhf(float x);

/* Error function. Error at most 4 ulp; exactly 1 and -1 from 3.85 on, and an
 * ulp beyond at 6 of the floats between 3 and there. */
float mote_erff(float x);

/*
 * x times the normal distribution function of x, as x / 2 (1 + erf(x / sqrt
 * 2)). Error at most 2^-22 |x|: 1 + erf cancels for negative x, and so the
 * bound is relative to x, not to the result. x itself above 5.5, -0 below -5.5.
 */
float mote_geluf(float x);

/* The same with x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), which is not
 * the same function: it is up to 5e-4 away. Error at most 2^-22 |x|; -0 below
 * -11. */
float mote_gelu_tanhf(float x);

/* ------------------------------------------------------------------------
 * In float64, for models whose trainers compute in it
 */

/* e^x. Error at most 1 ulp; 0 below -745.14, infinity above 709.79. */
double mote_exp(double x);

/* 1 / (1 + e^-x). Error at most 2.5 ulp. */
double mote_sigmoid(double x);

/* Hyperbolic tangent. Error at most 3 ulp; the sign of zero is kept. */
double mote_tanh(double x);

/* Natural logarithm. Error at most 1 ulp; -infinity for a zero of either sign,
 * NaN below. */
double mote_ln(double x);

#endif
