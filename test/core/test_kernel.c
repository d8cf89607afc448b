/* test/core/test_kernel.c - kernels against references written the other way
 * round: exact integers, long double sums, one formula at a time. */
#include "test/test.h"
#include "core/kernel/dense.h"
#include "core/kernel/rows.h"
#include <math.h>

#define MAX 70

static float random_f32(uint64_t *seed)
{
    return (float)((int64_t)(test_random(seed) >> 40) - (1 << 23)) * 0x1p-20f;
}

/* n elements that end at a page without access. */
#define GUARDED(type, n) ((type *)(void *)guarded(zeros, (n) * sizeof(type)))
static const char zeros[MAX * MAX * 8 + 64];

static void dense_f64(void)
{
    uint64_t seed = 1;
    for (size_t n = 1; n < 20; n += 3)
        for (size_t m = 1; m < 9; m++) {
            double *x = GUARDED(double, 2 * n), *w = GUARDED(double, m *n);
            double *y = GUARDED(double, 2 * m), b[9];
            for (size_t i = 0; i < 2 * n; i++)
                x[i] = random_f32(&seed);
            for (size_t i = 0; i < m * n; i++)
                w[i] = random_f32(&seed);
            for (size_t i = 0; i < m; i++)
                b[i] = random_f32(&seed);
            for (int with = 0; with < 2; with++) {
                mote_dense_f64(x, w, with ? b : NULL, y, 2, n, m,
                               with ? MOTE_ACTIVATION_RELU
                                    : MOTE_ACTIVATION_NONE);
                for (size_t r = 0; r < 2; r++)
                    for (size_t i = 0; i < m; i++) {
                        volatile double sum = 0; /* no fusing, no reordering */
                        for (size_t k = 0; k < n; k++) {
                            volatile double product =
                                w[i * n + k] * x[r * n + k];
                            sum = sum + product;
                        }
                        if (with)
                            sum = sum + b[i];
                        if (with && sum < 0)
                            sum = 0;
                        EXPECT(y[r * m + i] == sum, "%zu %zu", n, m);
                    }
            }
        }
}

/* The order of additions, literally: 16 sums, then folding in halves. */
static float reference_dot(const float *a, const float *b, size_t n)
{
    float s[16] = {0};
    for (size_t lane = 0; lane < 16; lane++)
        for (size_t k = lane; k < n; k += 16)
            s[lane] = fmaf(a[k], b[k], s[lane]);
    const float e[8] = {s[0] + s[8],  s[1] + s[9],  s[2] + s[10], s[3] + s[11],
                        s[4] + s[12], s[5] + s[13], s[6] + s[14], s[7] + s[15]};
    const float q[4] = {e[0] + e[4], e[1] + e[5], e[2] + e[6], e[3] + e[7]};
    return (q[0] + q[2]) + (q[1] + q[3]);
}

static void dense_f32(void)
{
    uint64_t seed = 2;
    for (size_t n = 1; n < MAX; n++)
        for (size_t m = 1; m < 6; m++) {
            float *x = GUARDED(float, 2 * n), *w = GUARDED(float, m *n);
            float *y = GUARDED(float, 2 * m), b[6];
            for (size_t i = 0; i < 2 * n; i++)
                x[i] = random_f32(&seed);
            for (size_t i = 0; i < m * n; i++)
                w[i] = random_f32(&seed);
            for (size_t i = 0; i < m; i++)
                b[i] = random_f32(&seed);
            for (int a = 0; a < MOTE_ACTIVATIONS; a++) {
                mote_dense_f32(x, w, a % 2 ? b : NULL, y, 2, n, m, a);
                for (size_t r = 0; r < 2; r++)
                    for (size_t i = 0; i < m; i++) {
                        float sum = reference_dot(w + i * n, x + r * n, n);
                        if (a % 2)
                            sum += b[i];
                        const float want = mote_activate_f32(a, sum);
                        EXPECT(y[r * m + i] == want, "%zu %zu %d", n, m, a);
                    }
            }
        }
}

/* w [m][n] packed as the format page says, padding filled with junk: what a
 * kernel must not read into its result. */
static void pack(int8_t *packed, const int8_t *w, size_t m, size_t n, int junk)
{
    const size_t blocks = (n + 7) / 8, panels = (m + 7) / 8;
    memset(packed, junk, panels * blocks * 64);
    for (size_t i = 0; i < m; i++)
        for (size_t k = 0; k < n; k++)
            packed[(i / 8 * blocks + k / 8) * 64 + i % 8 * 8 + k % 8] =
                w[i * n + k];
}

static void dense_s8(void)
{
    static int8_t w[MAX * MAX], packed[80 * 80];
    uint64_t seed = 3;

    for (size_t n = 1; n < MAX; n++)
        for (size_t m = 1; m < 34; m += 3) {
            int8_t *q = GUARDED(int8_t, 2 * n);
            float *y = GUARDED(float, 2 * m);
            float s[2] = {0.5f, 0x1.234p-3f}, c[34], b[34];
            for (size_t i = 0; i < 2 * n; i++) /* extremes now and then */
                q[i] = (int8_t)(n % 5 ? (int)(test_random(&seed) % 255) - 127
                                      : (n % 2 ? -127 : 127));
            for (size_t i = 0; i < m * n; i++)
                w[i] = (int8_t)(m % 4 ? (int)(test_random(&seed) % 255) - 127
                                      : (i % 2 ? -127 : 127));
            for (size_t i = 0; i < m; i++)
                c[i] = random_f32(&seed), b[i] = random_f32(&seed);
            pack(packed, w, m, n, 0);
            for (int a = 0; a < MOTE_ACTIVATIONS; a++) {
                mote_dense_s8_scalar(q, s, packed, c, a % 2 ? b : NULL, y, 2, n,
                                     m, a);
                for (size_t r = 0; r < 2; r++)
                    for (size_t i = 0; i < m; i++) {
                        int64_t sum = 0;
                        for (size_t k = 0; k < n; k++)
                            sum += (int64_t)q[r * n + k] * w[i * n + k];
                        const float want = mote_activate_f32(
                            a, fmaf((float)sum, s[r] * c[i], a % 2 ? b[i] : 0));
                        EXPECT(y[r * m + i] == want, "%zu %zu %d", n, m, a);
                    }
            }
        }
}

/* The longest exact sum: 65536 products of the largest kind. */
static void dense_s8_does_not_overflow(void)
{
    enum { N = 65536 };
    static int8_t q[N], w[N * 8];
    const float one = 1;
    float y[1];

    memset(q, -127, sizeof q);
    for (size_t k = 0; k < N; k++)
        w[k / 8 * 64 + k % 8] = -127;
    mote_dense_s8_scalar(q, &one, w, &one, NULL, y, 1, N, 1,
                         MOTE_ACTIVATION_NONE);
    EXPECT(y[0] == (float)(65536LL * 127 * 127), "%f", y[0]);
}

static void quantize_rows(void)
{
    uint64_t seed = 4;
    for (size_t n = 1; n < 40; n++) {
        float *x = GUARDED(float, 3 * n), s[3];
        int8_t *q = GUARDED(int8_t, 3 * n);
        for (size_t i = 0; i < 3 * n; i++)
            x[i] = i < n ? random_f32(&seed) : i < 2 * n ? 0 : 1e-38f;
        EXPECT(mote_quantize_rows(x, q, s, 3, n) == 3);
        EXPECT(s[1] == 1 && s[2] == 1); /* zeros, and as good as zeros */
        float top = 0;
        for (size_t k = 0; k < n; k++)
            top = fabsf(x[k]) > top ? fabsf(x[k]) : top;
        EXPECT(s[0] == top / 127);
        for (size_t k = 0; k < n; k++) {
            EXPECT(q[k] == (int)nearbyintf(x[k] * (127 / top)), "%g", x[k]);
            EXPECT(fabsf(q[k] * s[0] - x[k]) <= s[0] * 0.5001f);
            EXPECT(q[n + k] == 0 && q[2 * n + k] == 0);
        }
    }
}

static void quantize_refuses_what_is_not_finite(void)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY, -NAN};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        for (size_t at = 0; at < 6; at++) {
            float x[6] = {1, -2, 3, 4, 5, 6}, s[3] = {9, 9, 9};
            int8_t q[6] = {9, 9, 9, 9, 9, 9};
            x[at] = bad[i];
            EXPECT(mote_quantize_rows(x, q, s, 3, 2) == at / 2);
            EXPECT(s[at / 2] == 9 && q[at / 2 * 2] == 9);
        }
}

static void softmax_and_share(void)
{
    uint64_t seed = 5;
    for (size_t n = 1; n < 40; n++) {
        double *z = GUARDED(double, n);
        float *y = GUARDED(float, n), sum = 0;
        long double powers = 0, shares = 0;
        for (size_t k = 0; k < n; k++) { /* large, far apart, both signs */
            z[k] = random_f32(&seed) * (n % 2 ? 3 : 80);
            powers += expl(z[k]);
            shares += 1 / (1 + expl(-z[k]));
        }
        mote_softmax_rows(z, y, 1, n);
        for (size_t k = 0; k < n; k++) {
            const long double want = expl(z[k]) / powers;
            EXPECT(fabsl(y[k] - want) <= want * 2e-5L + 1e-30L, "%zu", k);
            sum += y[k];
        }
        EXPECT(fabsf(sum - 1) < 1e-5f);
        mote_share_rows(z, y, 1, n);
        for (size_t k = 0; k < n; k++) {
            const long double want = 1 / (1 + expl(-z[k])) / shares;
            EXPECT(fabsl(y[k] - want) <= want * 2e-5L + 1e-30L, "%zu", k);
        }
    }
    const double huge[] = {3e300, -3e300, 3e300}, close[] = {1e6, 1e6 + 1, 0};
    const double far[] = {-4000, -710, -5000, -1e300};
    const double edge[] = {-709.7, -709.7, -710, -800};
    const double bad[] = {1, NAN, 2, 0};
    float out[4];
    mote_softmax_rows(huge, out, 1, 3);
    EXPECT(out[0] == 0.5f && out[1] == 0 && out[2] == 0.5f);
    mote_softmax_rows(close, out, 1, 3);
    EXPECT(fabsf(out[1] - 0.7310586f) < 1e-6f);
    mote_softmax_rows(bad, out, 1, 4);
    EXPECT(isnan(out[0]) && isnan(out[3]));
    mote_share_rows(far, out, 1, 4);
    EXPECT(out[0] == 0.25f && out[1] == 0.25f && out[3] == 0.25f);
    mote_share_rows(edge, out, 1, 4);
    EXPECT(out[0] == 0.5f && out[1] == 0.5f && out[2] == 0 && out[3] == 0);
    mote_share_rows(bad, out, 1, 4);
    EXPECT(isnan(out[0]) && isnan(out[3]));
}

static void argmax_rows(void)
{
    const double x[] = {1, 3,   3, -INFINITY, -5,   -INFINITY, 2,   NAN,
                        9, NAN, 1, 1,         -0.0, 0.0,       -0.0};
    int32_t y[5];
    mote_argmax_rows(x, y, 5, 3);
    EXPECT(y[0] == 1 && y[1] == 1 && y[2] == -1 && y[3] == -1 && y[4] == 0);
}

static void rowwise(void)
{
    const double x[] = {1, 2, 3, 4, 5, 6}, v[] = {10, 0.5, -2};
    double y[6];
    mote_rowwise(x, v, y, 2, 3, MOTE_ROWWISE_ADD);
    EXPECT(y[0] == 11 && y[4] == 5.5 && y[5] == 4);
    mote_rowwise(x, v, y, 2, 3, MOTE_ROWWISE_SUB);
    EXPECT(y[0] == -9 && y[4] == 4.5 && y[5] == 8);
    mote_rowwise(x, v, y, 2, 3, MOTE_ROWWISE_MUL);
    EXPECT(y[0] == 10 && y[4] == 2.5 && y[5] == -12);
    mote_rowwise(x, v, y, 2, 3, MOTE_ROWWISE_DIV);
    EXPECT(y[0] == 0.1 && y[4] == 10 && y[5] == -3);
}

static void activations(void)
{
    EXPECT(mote_activate_f32(MOTE_ACTIVATION_RELU, -1) == 0);
    EXPECT(mote_activate_f32(MOTE_ACTIVATION_RELU, 2) == 2);
    EXPECT(isnan(mote_activate_f32(MOTE_ACTIVATION_RELU, NAN)));
    EXPECT(mote_activate_f32(MOTE_ACTIVATION_SIGMOID, 0) == 0.5f);
    EXPECT(mote_activate_f32(MOTE_ACTIVATION_TANH, 100) == 1);
    EXPECT(mote_activate_f32(MOTE_ACTIVATION_NONE, -7) == -7);
}

static const struct test_case cases[] = {
    {"dense f64", dense_f64},
    {"dense f32, in the stated order", dense_f32},
    {"dense s8, exact", dense_s8},
    {"dense s8 at its longest", dense_s8_does_not_overflow},
    {"quantize rows", quantize_rows},
    {"quantize refuses NaN and infinity", quantize_refuses_what_is_not_finite},
    {"softmax and share", softmax_and_share},
    {"argmax", argmax_rows},
    {"rowwise", rowwise},
    {"activations", activations},
};
TEST_MAIN(cases)
