/*
 * core/kernel/dense_f32_neon.c - see core/kernel/dense.h
 *
 * The 16 lanes of core/kernel/sum16.h are four registers of 4.
 */
#include "core/kernel/dense_f32_tiles.h"
#include "core/kernel/intrinsics.h"

/* The last two steps of folding, of four sums at once: (0 + 2) + (1 + 3) of
 * each. */
static inline float32x4_t fold_four(float32x4_t a, float32x4_t b, float32x4_t c,
                                    float32x4_t d)
{
    const float64x2_t ab = vreinterpretq_f64_f32(vtrn1q_f32(a, b));
    const float64x2_t ab2 = vreinterpretq_f64_f32(vtrn2q_f32(a, b));
    const float64x2_t cd = vreinterpretq_f64_f32(vtrn1q_f32(c, d));
    const float64x2_t cd2 = vreinterpretq_f64_f32(vtrn2q_f32(c, d));
    const float32x4_t even =
        vaddq_f32(vreinterpretq_f32_f64(vtrn1q_f64(ab, cd)),
                  vreinterpretq_f32_f64(vtrn2q_f64(ab, cd)));
    const float32x4_t odd =
        vaddq_f32(vreinterpretq_f32_f64(vtrn1q_f64(ab2, cd2)),
                  vreinterpretq_f32_f64(vtrn2q_f64(ab2, cd2)));
    return vaddq_f32(even, odd);
}

/* The first two: 16 lanes to 4. */
static inline float32x4_t fold_to_four(const float32x4_t sum[4])
{
    return vaddq_f32(vaddq_f32(sum[0], sum[2]), vaddq_f32(sum[1], sum[3]));
}

/* The end of n floats, and `beyond` after it. */
static void pad(float to[16], const float *from, size_t n, float beyond)
{
    for (size_t i = 0; i < 16; i++)
        to[i] = i < n ? from[i] : beyond;
}

/* Four sums: rows times outputs is 4. Compiled once for each pair of constants.
 * Where the last 16 terms are not whole, they are padded to 0 * -0: adding -0
 * keeps every sum's very bits, adding 0 would turn -0. */
static inline __attribute__((always_inline)) void
sum_tile(const struct mote_f32_tile *t, const size_t rows, const size_t outputs)
{
    const size_t n = t->n, whole = n / 16 * 16;
    const float *x[2], *w[4];
    float x_end[2][16], w_end[4][16];
    float32x4_t sum[4][4];
    size_t k = 0;

#pragma GCC unroll 2
    for (size_t r = 0; r < rows; r++)
        x[r] = t->x + r * n;
#pragma GCC unroll 4
    for (size_t i = 0; i < outputs; i++)
        w[i] = t->w[i];
#pragma GCC unroll 16
    for (size_t i = 0; i < 16; i++)
        sum[i / 4][i % 4] = vdupq_n_f32(0);
    do {
        if (k == whole) {
            for (size_t r = 0; r < rows; r++)
                pad(x_end[r], t->x + r * n + k, n - k, 0.0f);
            for (size_t i = 0; i < outputs; i++)
                pad(w_end[i], t->w[i] + k, n - k, -0.0f);
#pragma GCC unroll 2
            for (size_t r = 0; r < rows; r++)
                x[r] = x_end[r];
#pragma GCC unroll 4
            for (size_t i = 0; i < outputs; i++)
                w[i] = w_end[i];
        }
#pragma GCC unroll 4
        for (size_t h = 0; h < 4; h++)
#pragma GCC unroll 2
            for (size_t r = 0; r < rows; r++) {
                const float32x4_t part = vld1q_f32(x[r] + 4 * h);
#pragma GCC unroll 4
                for (size_t i = 0; i < outputs; i++) {
                    float32x4_t *to = &sum[r * outputs + i][h];
                    *to = vfmaq_f32(*to, vld1q_f32(w[i] + 4 * h), part);
                }
            }
#pragma GCC unroll 2
        for (size_t r = 0; r < rows; r++)
            x[r] += 16;
#pragma GCC unroll 4
        for (size_t i = 0; i < outputs; i++)
            w[i] += 16;
        k += 16;
    } while (k < n);
    vst1q_f32(t->sum, fold_four(fold_to_four(sum[0]), fold_to_four(sum[1]),
                                fold_to_four(sum[2]), fold_to_four(sum[3])));
}

static void one_row(const struct mote_f32_tile *t)
{
    sum_tile(t, 1, 4);
}

static void two_rows(const struct mote_f32_tile *t)
{
    sum_tile(t, 2, 2);
}

void mote_dense_f32_neon(const float *x, const float *w, const float *b,
                         float *y, size_t rows, size_t n, size_t m,
                         enum mote_activation activation)
{
    const struct mote_f32_layer l = {
        x, w, b, y, n, m, activation == MOTE_ACTIVATION_RELU};

    run_tiles(&l, rows,
              (struct mote_f32_version){.one_sum = one_row,
                                        .one_outputs = 4,
                                        .sum = two_rows,
                                        .rows = 2,
                                        .outputs = 2});
}
