/* test/core/test_dense.c - matrix products and row quantization: every version
 * that this machine can run, and which of them it would choose. */
#include "test/core/dense.h"
#include "core/kernel/layer.h"
#include <sys/auxv.h>

static uint32_t cpu(void)
{
    return mote_cpu_flags(getauxval(AT_HWCAP), getauxval(AT_HWCAP2));
}

/* Ends a case whose instructions this machine lacks. */
#define NEEDS(isa, needs)                                                      \
    if ((needs) & ~cpu())                                                      \
    SKIP("no " isa " on this CPU")

#define MOTE_KERNEL(isa, fn, needs)                                            \
    static void test_##fn(void)                                                \
    {                                                                          \
        NEEDS(#isa, needs);                                                    \
        dense_s8_check(fn, #isa);                                              \
    }
#include "core/kernel/dense_s8.inc"
#undef MOTE_KERNEL

#define MOTE_KERNEL(isa, fn, needs)                                            \
    static void test_##fn(void)                                                \
    {                                                                          \
        NEEDS(#isa, needs);                                                    \
        dense_f32_check(fn, #isa);                                             \
    }
#include "core/kernel/dense_f32.inc"
#undef MOTE_KERNEL

#define MOTE_KERNEL(isa, fn, needs)                                            \
    static void test_##fn(void)                                                \
    {                                                                          \
        NEEDS(#isa, needs);                                                    \
        quantize_s8_check(fn, #isa);                                           \
    }
#include "core/kernel/quantize_s8.inc"
#undef MOTE_KERNEL

/* Whatever the flags, what is chosen needs no other; with none it is scalar;
 * and what this machine chooses runs here. */
static void choices(void)
{
    for (uint32_t flags = 0; flags < 1 << 10; flags++) {
        struct mote_kernels k;
        size_t i = 0;
        mote_kernels_select(&k, flags);
        while (mote_dense_s8_impls[i].fn != k.dense_s8)
            i++;
        EXPECT(!(mote_dense_s8_impls[i].needs & ~flags), "%x", flags);
        for (i = 0; mote_dense_f32_impls[i].fn != k.dense_f32;)
            i++;
        EXPECT(!(mote_dense_f32_impls[i].needs & ~flags), "%x", flags);
        for (i = 0; mote_quantize_s8_impls[i].fn != k.quantize_s8;)
            i++;
        EXPECT(!(mote_quantize_s8_impls[i].needs & ~flags), "%x", flags);
    }
    struct mote_kernels here;
    mote_kernels_select(&here, cpu());
    s8_check(here.dense_s8, "chosen", 7, 100, 20, RANDOM);
    f32_check(here.dense_f32, "chosen", 3, 100, 20, AT_END);
    quantize_values(here.quantize_s8, "chosen", 100, AT_END);
}

static void dense_f64(void)
{
    uint64_t seed = 1;
    for (size_t n = 1; n < 20; n += 3)
        for (size_t m = 1; m < 9; m++) {
            double *x = lend(0, 2 * n * sizeof *x, AT_END, 0),
                   *w = lend(1, m * n * sizeof *w, AT_END, 0);
            double *y = lend(2, 2 * m * sizeof *y, AT_END, 0), b[9];
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

/* Layers with an activation, in strips and whole. */
static void layer_s8(void)
{
    static const size_t shapes[][3] = {{1, 9, 5}, {40, 17, 203}, {1, 8, 5000}};
    struct mote_kernels k;

    mote_kernels_select(&k, cpu());
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int a = 0; a < MOTE_ACTIVATIONS; a++) {
            struct s8_case t = s8_case(shapes[i][0], shapes[i][1], shapes[i][2],
                                       AT_END, RANDOM, i % 2);
            t.d.relu = false;
            mote_layer_s8(&k, &t.d, a);
            const struct mote_dense_s8 *d = &t.d;
            for (size_t r = 0; r < d->rows; r++)
                for (size_t j = 0; j < d->m; j++) {
                    const int32_t sum =
                        exact_sum(d->q + r * d->q_stride, t.w + j * d->n, d->n);
                    const float plain =
                        fmaf((float)sum, d->s[r] * d->c[j], d->b ? d->b[j] : 0);
                    EXPECT(same_bits(d->y[r * d->y_stride + j],
                                     mote_activate_f32(a, plain)),
                           "%zu: %d at %zu, %zu", i, a, r, j);
                }
        }
}

static void layer_f32(void)
{
    enum { ROWS = 70, N = 5, M = 61 };
    static float x[ROWS * N], w[M * N], y[ROWS * M];
    struct mote_kernels k;
    uint64_t seed = 6;

    for (size_t i = 0; i < ROWS * N; i++)
        x[i] = random_f32(&seed);
    for (size_t i = 0; i < M * N; i++)
        w[i] = random_f32(&seed);
    mote_kernels_select(&k, cpu());
    for (int a = 0; a < MOTE_ACTIVATIONS; a++) {
        mote_layer_f32(&k, x, w, NULL, y, ROWS, N, M, a);
        for (size_t r = 0; r < ROWS; r++)
            for (size_t i = 0; i < M; i++)
                EXPECT(
                    y[r * M + i] ==
                    mote_activate_f32(a, ordered_dot(w + i * N, x + r * N, N)));
    }
}

/* DynamicQuantizeLinear as its document has it; numbers of many sizes and
 * signs, and every length up to three rounds of what goes at once. */
static void quantize_u8(void)
{
    enum { MOST = 40 };
    static float x[MOST];
    uint64_t seed = 9;

    for (size_t i = 0; i < test_count(4000, 100000); i++) {
        const size_t n = 1 + i % MOST;
        const int power = (int)(test_random(&seed) % 200) - 100;
        float s = 0, zero = 0, least = 0, most = 0;
        for (size_t k = 0; k < n; k++) {
            x[k] = ldexpf(random_f32(&seed), power);
            x[k] = i % 5 == 0 ? fabsf(x[k]) : i % 5 == 1 ? -fabsf(x[k]) : x[k];
            least = fminf(least, x[k]), most = fmaxf(most, x[k]);
        }
        const float *in = (const float *)guarded(x, n * sizeof *x);
        int8_t *q = (int8_t *)guarded(x, n);
        EXPECT(mote_quantize_u8(in, q, n, &s, &zero));
        const float want = (most - least) / 255.0f;
        const float middle = rintf(-least / want);
        EXPECT(s == want && zero == middle - 128, "%zu: %a %a", i, s, zero);
        for (size_t k = 0; k < n; k++) {
            const float at = rintf(x[k] / want) + middle;
            EXPECT(q[k] == (int)fmaxf(0, fminf(255, at)) - 128, "%zu: %zu", i,
                   k);
        }
    }
}

static void quantize_u8_refuses(void)
{
    static const float bad[] = {NAN, -NAN, INFINITY, -INFINITY};
    float x[17] = {0}, s = 5, zero = 6;
    int8_t q[17] = {7};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        for (size_t at = 0; at < 17; at++) {
            memset(x, 0, sizeof x);
            x[at] = bad[i];
            EXPECT(!mote_quantize_u8(x, q, 17, &s, &zero), "%zu %zu", i, at);
        }
    x[16] = 3e38f, x[0] = -3e38f;
    EXPECT(!mote_quantize_u8(x, q, 17, &s, &zero));
    EXPECT(s == 5 && zero == 6 && q[0] == 7);
    x[16] = 0x1p-111f, x[0] = 0;
    EXPECT(mote_quantize_u8(x, q, 17, &s, &zero));
    EXPECT(s == 1 && zero == -128 && q[0] == -128 && q[16] == -128);
}

static const struct test_case cases[] = {
    {"rows to the integers of a byte", quantize_u8},
    {"which take no NaN and no infinity", quantize_u8_refuses},
    {"dense f64", dense_f64},
#define MOTE_KERNEL(isa, fn, needs) {"dense_s8 " #isa, test_##fn},
#include "core/kernel/dense_s8.inc"
#undef MOTE_KERNEL
#define MOTE_KERNEL(isa, fn, needs) {"dense_f32 " #isa, test_##fn},
#include "core/kernel/dense_f32.inc"
#undef MOTE_KERNEL
#define MOTE_KERNEL(isa, fn, needs) {"quantize_s8 " #isa, test_##fn},
#include "core/kernel/quantize_s8.inc"
#undef MOTE_KERNEL
    {"choices", choices},
    {"layers of int8", layer_s8},
    {"layers of f32", layer_f32},
};
TEST_MAIN(cases)
