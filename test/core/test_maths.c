/* test/core/test_maths.c - core/base/maths.h against the C library's long
 * double functions, over a sweep of all binary32 values. */
#include "test/test.h"
#include "core/base/maths.h"
#include <fenv.h>
#include <math.h>

/* Distance of got from want in units in the last place of want. */
static double ulps(float got, long double want)
{
    if (isnan(want) || isnan(got))
        return isnan(want) && isnan(got) ? 0 : INFINITY;
    const float nearest = (float)want;
    if (isinf(nearest) || isinf(got))
        return got == nearest ? 0 : INFINITY;
    int exponent;
    frexpl(want, &exponent);
    const int unit = exponent - 24 < -149 ? -149 : exponent - 24;
    return (double)(fabsl(got - want) / ldexpl(1, unit));
}

static void sweep(float (*ours)(float), long double (*exact)(long double),
                  double bound)
{
    const uint64_t step = test_count(1009, 13);
    double worst = 0;
    float at = 0;

    for (uint64_t bits = 0; bits < 1ull << 32; bits += step) {
        const float x = mote_f32_of_bits((uint32_t)bits);
        const double error = ulps(ours(x), exact(x));
        if (error > worst)
            worst = error, at = x;
    }
    printf("  %s: at most %.3f ulp (at %a), bound %g\n", test_state.name, worst,
           at, bound);
    EXPECT(worst <= bound, "%g at %a", worst, at);
}

static long double sigmoidl(long double x)
{
    return 1 / (1 + expl(-x));
}

static void exponential(void)
{
    sweep(mote_expf, expl, 1);
    EXPECT(mote_expf(0) == 1);
    EXPECT(mote_expf(-INFINITY) == 0 && mote_expf(INFINITY) == INFINITY);
}

static void sigmoid(void)
{
    sweep(mote_sigmoidf, sigmoidl, 3);
    EXPECT(mote_sigmoidf(0) == 0.5f);
    EXPECT(mote_sigmoidf(-INFINITY) == 0 && mote_sigmoidf(INFINITY) == 1);
}

static long double log1p_exp_minusl(long double x)
{
    return x >= 0 ? log1pl(expl(-x)) : NAN;
}

static float log1p_exp_minus(float x)
{
    return x >= 0 ? mote_log1p_exp_minus(x) : NAN;
}

static void log_of_logistic(void)
{
    sweep(log1p_exp_minus, log1p_exp_minusl, 3);
    EXPECT(mote_log1p_exp_minus(INFINITY) == 0);
}

static void hyperbolic_tangent(void)
{
    sweep(mote_tanhf, tanhl, 2);
    EXPECT(mote_f32_bits(mote_tanhf(-0.0f)) == 0x80000000u);
    EXPECT(mote_tanhf(-INFINITY) == -1 && mote_tanhf(INFINITY) == 1);
}

/* Random operands, and ones whose sum cancels or lands on a tie. */
static void fused_multiply_add(void)
{
    uint64_t seed = 5;
    for (uint64_t i = 0; i < test_count(2000000, 200000000); i++) {
        const uint64_t r = test_random(&seed), r2 = test_random(&seed);
        float a = mote_f32_of_bits((uint32_t)r);
        float b = mote_f32_of_bits((uint32_t)(r >> 32));
        float c = mote_f32_of_bits((uint32_t)r2);
        if (i % 3 == 1)
            c = -a * b * (1 + (float)(int8_t)(r2 >> 32) * 0x1p-24f);
        if (i % 3 == 2) { /* few bits each: ties are common */
            a = ldexpf((float)(int16_t)r, (int)(r2 % 40) - 20);
            b = ldexpf((float)(int16_t)(r >> 16), (int)(r2 >> 8) % 60 - 30);
            c = ldexpf((float)(int8_t)(r >> 48), (int)(r2 >> 16) % 150 - 75);
        }
        const float want = fmaf(a, b, c);
        const float got = mote_fmaf_exact(a, b, c);
        EXPECT(mote_f32_bits(got) == mote_f32_bits(want) ||
                   (isnan(got) && isnan(want)),
               "%a * %a + %a = %a, want %a", a, b, c, got, want);
        const float also = mote_fmaf(a, b, c);
        EXPECT(mote_f32_bits(got) == mote_f32_bits(also) || isnan(got));
    }
}

static const struct test_case cases[] = {
    {"exp", exponential},
    {"sigmoid", sigmoid},
    {"log of the logistic function", log_of_logistic},
    {"tanh", hyperbolic_tangent},
    {"fused multiply-add", fused_multiply_add},
};
TEST_MAIN(cases)
