/* test/core/test_kernel.c - kernels against references written the other way
 * round: exact integers, long double sums, one formula at a time. */
#include "test/test.h"
#include "core/kernel/activation.h"
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
    {"softmax and share", softmax_and_share},
    {"argmax", argmax_rows},
    {"rowwise", rowwise},
    {"activations", activations},
};
TEST_MAIN(cases)
