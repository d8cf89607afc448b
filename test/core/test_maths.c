/* test/core/test_maths.c - core/base/maths.h against the C library's long
 * double functions, over a sweep of all binary32 values; those in float64 over
 * a sweep of all exponents, and of where they bend. */
#include "test/test.h"
#include "core/base/maths.h"
#include <fenv.h>
#include <float.h>
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

static void sweep_by(uint64_t step, float (*ours)(float),
                     long double (*exact)(long double), double bound)
{
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

static void sweep(float (*ours)(float), long double (*exact)(long double),
                  double bound)
{
    sweep_by(test_count(1009, 13), ours, exact, bound);
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

static void error_function(void)
{
    sweep_by(test_count(10007, 13), mote_erff, erfl, 4);
    EXPECT(mote_f32_bits(mote_erff(-0.0f)) == 0x80000000u);
    EXPECT(mote_erff(-INFINITY) == -1 && mote_erff(INFINITY) == 1);
    EXPECT(mote_erff(3.85f) == 1 && mote_erff(-3.85f) == -1);
    for (float x = 3; x < 4; x += test_count(64, 1) * 0x1p-22f)
        EXPECT(mote_erff(x) <= 1 + 0x1p-23f, "%a", x);
}

/* An error relative to x, of all floats and of the range that nets use. */
static void sweep_gelu(float (*ours)(float), long double (*exact)(long double))
{
    double worst = 0;
    float at = 0;

    for (uint64_t i = 0; i < 1ull << 32; i += test_count(20011, 13)) {
        const float wide = mote_f32_of_bits((uint32_t)i);
        const float x = i % 2 ? wide : (float)i * 0x1p-28f - 8;
        if (x != x) {
            EXPECT(isnan(ours(x)));
            continue;
        }
        if (isinf(x) || x == 0)
            continue;
        /* half an ulp of the smallest number is the format's, not ours */
        const long double off = fabsl(ours(x) - exact(x)) - 0x1p-150L;
        const double error = (double)(off / fabsl((long double)x));
        if (error > worst)
            worst = error, at = x;
    }
    printf("  %s: at most 2^%.2f |x| (at %a), bound 2^-22\n", test_state.name,
           log2(worst), at);
    EXPECT(worst <= 0x1p-22, "%g at %a", worst, at);
    EXPECT(mote_f32_bits(ours(-INFINITY)) == 0x80000000u);
    EXPECT(mote_f32_bits(ours(-1e30f)) == 0x80000000u);
    EXPECT(ours(INFINITY) == INFINITY && ours(1e30f) == 1e30f);
    EXPECT(ours(0) == 0);
}

static long double gelul(long double x)
{
    return x * erfcl(-x / sqrtl(2)) / 2;
}

static long double gelu_tanhl(long double x)
{
    const long double t = x + 0.044715L * x * x * x;
    return x / (1 + expl(-2 * sqrtl(2 / acosl(-1)) * t));
}

static void gelu(void)
{
    sweep_gelu(mote_geluf, gelul);
    EXPECT(mote_geluf(6) == 6 && mote_f32_bits(mote_geluf(-6)) == 0x80000000u);
}

static void gelu_tanh(void)
{
    sweep_gelu(mote_gelu_tanhf, gelu_tanhl);
}

static void logarithm(void)
{
    sweep(mote_logf, logl, 1);
    EXPECT(mote_f32_bits(mote_logf(1)) == 0);
    EXPECT(mote_logf(0) == -INFINITY && mote_logf(-0.0f) == -INFINITY);
    EXPECT(mote_logf(INFINITY) == INFINITY && isnan(mote_logf(-1)));
}

/* musl's powl gives what overflows without its sign, so it is given here. */
static long double exact_power(float x, float y)
{
    if (!(x < 0) || y != rintf(y) || isinf(x) || isinf(y))
        return powl(x, y);
    const long double size = powl(-(long double)x, y);
    return fmodf(y, 2) != 0 ? -size : size;
}

/* Exponents of every size for bases of every size, most of them so that the
 * power is a number. */
static void powers(void)
{
    double worst = 0;
    float at = 0, to = 0;
    uint64_t seed = 11;

    for (uint64_t i = 0; i < test_count(2000000, 100000000); i++) {
        const uint64_t r = test_random(&seed), r2 = test_random(&seed);
        const float x = mote_f32_of_bits((uint32_t)r);
        float y = mote_f32_of_bits((uint32_t)(r >> 32));
        if (i % 4 && x != 0 && x - x == 0) {
            const double top = 100 / (fabs(log(fabs((double)x))) + 1e-9);
            y = (float)(top * ((double)(int32_t)r2 * 0x1p-31));
            y = i % 4 == 1 ? rintf(y) : y;
        }
        const double error = ulps(mote_powf(x, y), exact_power(x, y));
        if (error > worst)
            worst = error, at = x, to = y;
    }
    printf("  powers: at most %.3f ulp (at %a to the power of %a)\n", worst, at,
           to);
    EXPECT(worst <= 1, "%g at %a to the power of %a", worst, at, to);
}

/* Those that have rules of their own, as the C library has them. */
static void powers_at_their_ends(void)
{
    static const float ends[] = {
        0.0f, -0.0f,    1.0f,      -1.0f,      2.0f,     -2.0f,
        3.0f, -3.0f,    0.5f,      -0.5f,      0x1p24f,  -0x1p24f,
        NAN,  INFINITY, -INFINITY, 16777217.f, 0x1p-149f};
    const size_t n = sizeof ends / sizeof *ends;

    for (size_t i = 0; i < n * n; i++) {
        const float x = ends[i / n], y = ends[i % n];
        const float got = mote_powf(x, y), want = powf(x, y);
        EXPECT(isnan(want) ? isnan(got)
                           : fabsf(got - want) <= fabsf(want) * 0x1p-23f ||
                                 mote_f32_bits(got) == mote_f32_bits(want),
               "%a to the power of %a: %a, want %a", x, y, got, want);
        EXPECT(isnan(want) || signbit(got) == signbit(want), "%a, %a", x, y);
    }
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

/* ------------------------------------------------------------------------
 * float64
 */
static double ulps64(double got, long double want)
{
    if (isnan(want) || isnan(got))
        return isnan(want) && isnan(got) ? 0 : INFINITY;
    const double nearest = (double)want;
    if (isinf(nearest) || isinf(got))
        return got == nearest ? 0 : INFINITY;
    int exponent;
    frexpl(want, &exponent);
    const int unit = exponent - 53 < -1074 ? -1074 : exponent - 53;
    return (double)(fabsl(got - want) / ldexpl(1, unit));
}

static double f64_of_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Of any bits, near 0, near 1, and where results are neither 0 nor 1 nor
 * infinite. */
static double drawn(uint64_t i, uint64_t *seed)
{
    const uint64_t r = test_random(seed);
    const double unit = (double)(r >> 11) * 0x1p-53;

    switch (i % 4) {
    case 0:
        return f64_of_bits(r);
    case 1:
        return (unit - 0.5) * 4;
    case 2:
        return 1 + (unit - 0.5) * 0x1p-8;
    default:
        return (unit - 0.5) * 1500;
    }
}

static void sweep64(double (*ours)(double), long double (*exact)(long double),
                    double bound)
{
    uint64_t seed = 9;
    double worst = 0, at = 0;

    for (uint64_t i = 0; i < test_count(2000000, 100000000); i++) {
        const double x = drawn(i, &seed);
        const double error = ulps64(ours(x), exact(x));
        if (error > worst)
            worst = error, at = x;
    }
    printf("  %s: at most %.3f ulp (at %a), bound %g\n", test_state.name, worst,
           at, bound);
    /* of 128 bits musl has no such functions and gives those of 64 */
    EXPECT(worst <= bound + (LDBL_MANT_DIG > 64), "%g at %a", worst, at);
}

static void exponential64(void)
{
    sweep64(mote_exp, expl, 1);
    EXPECT(mote_exp(0) == 1 && isnan(mote_exp(NAN)));
    EXPECT(mote_exp(-INFINITY) == 0 && mote_exp(INFINITY) == INFINITY);
    EXPECT(mote_exp(-745.1) == 0x1p-1074 && mote_exp(-746) == 0);
    EXPECT(isfinite(mote_exp(709.78)) && mote_exp(709.79) == INFINITY);
}

static void sigmoid64(void)
{
    sweep64(mote_sigmoid, sigmoidl, 2.5);
    EXPECT(mote_sigmoid(0) == 0.5 && isnan(mote_sigmoid(NAN)));
    EXPECT(mote_sigmoid(-INFINITY) == 0 && mote_sigmoid(INFINITY) == 1);
}

static void hyperbolic_tangent64(void)
{
    sweep64(mote_tanh, tanhl, 3);
    EXPECT(signbit(mote_tanh(-0.0)) && mote_tanh(0x1p-1074) == 0x1p-1074);
    EXPECT(mote_tanh(-INFINITY) == -1 && mote_tanh(INFINITY) == 1);
    EXPECT(isnan(mote_tanh(NAN)));
}

static void logarithm64(void)
{
    sweep64(mote_ln, logl, 1);
    EXPECT(mote_ln(1) == 0 && mote_ln(INFINITY) == INFINITY);
    EXPECT(mote_ln(0) == -INFINITY && mote_ln(-0.0) == -INFINITY);
    EXPECT(isnan(mote_ln(-0x1p-1074)) && isnan(mote_ln(NAN)));
    EXPECT(isnan(mote_ln(-INFINITY)));
}

/* What no machine may compute otherwise: sums of the bits of many results. */
static uint64_t digest(double (*f)(double))
{
    uint64_t seed = 10, sum = 0;

    for (uint64_t i = 0; i < 100000; i++) {
        const double y = f(drawn(i, &seed));
        uint64_t bits;
        memcpy(&bits, &y, sizeof bits);
        sum = sum * 31 + (isnan(y) ? 0 : bits);
    }
    return sum;
}

static void same_bits_everywhere(void)
{
    EXPECT(digest(mote_exp) == 0xe1ac448e25da8d26, "0x%llx",
           (unsigned long long)digest(mote_exp));
    EXPECT(digest(mote_sigmoid) == 0x8c2ea6cd175ef1bc, "0x%llx",
           (unsigned long long)digest(mote_sigmoid));
    EXPECT(digest(mote_tanh) == 0x599582aad45c3c03, "0x%llx",
           (unsigned long long)digest(mote_tanh));
    EXPECT(digest(mote_ln) == 0x7fa4f39e22b3b4f5, "0x%llx",
           (unsigned long long)digest(mote_ln));
}

static const struct test_case cases[] = {
    {"exp", exponential},
    {"sigmoid", sigmoid},
    {"log of the logistic function", log_of_logistic},
    {"tanh", hyperbolic_tangent},
    {"erf", error_function},
    {"gelu", gelu},
    {"gelu with tanh", gelu_tanh},
    {"logarithm", logarithm},
    {"powers", powers},
    {"powers at their ends", powers_at_their_ends},
    {"fused multiply-add", fused_multiply_add},
    {"exp in float64", exponential64},
    {"sigmoid in float64", sigmoid64},
    {"tanh in float64", hyperbolic_tangent64},
    {"log in float64", logarithm64},
    {"float64: the same bits on every machine", same_bits_everywhere},
};
TEST_MAIN(cases)
