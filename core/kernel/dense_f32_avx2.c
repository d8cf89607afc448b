/*
 * core/kernel/dense_f32_avx2.c - see core/kernel/dense.h
 *
 * The 16 lanes of core/kernel/sum16.h are two registers of 8.
 */
#include "core/kernel/dense_f32_tiles.h"
#include "core/kernel/intrinsics.h"

/* All ones in the lanes below n. */
static inline __m256i lanes_below(int n)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane);
}

/* A lane that has no term keeps its very bits: adding 0 would turn -0. */
static inline __m256 add_masked(__m256 sum, const float *x, const float *w,
                                __m256i lanes)
{
    const __m256 more = _mm256_fmadd_ps(_mm256_maskload_ps(w, lanes),
                                        _mm256_maskload_ps(x, lanes), sum);
    return _mm256_blendv_ps(sum, more, _mm256_castsi256_ps(lanes));
}

/* The first two steps of folding: 16 lanes to 4. */
static inline __m128 fold_to_four(const __m256 sum[2])
{
    const __m256 eight = _mm256_add_ps(sum[0], sum[1]);
    return _mm_add_ps(_mm256_castps256_ps128(eight),
                      _mm256_extractf128_ps(eight, 1));
}

/* The last two, of four sums at once: (0 + 2) + (1 + 3) of each. */
static inline __m128 fold_four(__m128 a, __m128 b, __m128 c, __m128 d)
{
    const __m128 ab = _mm_unpacklo_ps(a, b), cd = _mm_unpacklo_ps(c, d);
    const __m128 ab2 = _mm_unpackhi_ps(a, b), cd2 = _mm_unpackhi_ps(c, d);
    const __m128 even =
        _mm_add_ps(_mm_movelh_ps(ab, cd), _mm_movelh_ps(ab2, cd2)); /* 0 + 2 */
    const __m128 odd =
        _mm_add_ps(_mm_movehl_ps(cd, ab), _mm_movehl_ps(cd2, ab2)); /* 1 + 3 */
    return _mm_add_ps(even, odd);
}

/* Four sums: rows times outputs is 4. Compiled once for each pair of constants.
 */
static inline __attribute__((always_inline)) void
sum_tile(const struct mote_f32_tile *t, const size_t rows, const size_t outputs)
{
    const size_t n = t->n;
    __m256 sum[4][2];
    size_t k = 0;

#pragma GCC unroll 4
    for (size_t i = 0; i < 4; i++)
        sum[i][0] = sum[i][1] = _mm256_setzero_ps();
    for (; k + 16 <= n; k += 16)
#pragma GCC unroll 2
        for (size_t h = 0; h < 2; h++)
#pragma GCC unroll 2
            for (size_t r = 0; r < rows; r++) {
                const __m256 x = _mm256_loadu_ps(t->x + r * n + k + 8 * h);
#pragma GCC unroll 4
                for (size_t i = 0; i < outputs; i++)
                    sum[r * outputs + i][h] =
                        _mm256_fmadd_ps(_mm256_loadu_ps(t->w[i] + k + 8 * h), x,
                                        sum[r * outputs + i][h]);
            }
    if (k < n) {
        const __m256i low = lanes_below((int)(n - k));
        const __m256i high = lanes_below((int)(n - k) - 8);
#pragma GCC unroll 4
        for (size_t i = 0; i < 4; i++) {
            const float *x = t->x + i / outputs * n + k;
            const float *w = t->w[i % outputs] + k;
            sum[i][0] = add_masked(sum[i][0], x, w, low);
            sum[i][1] = add_masked(sum[i][1], x + 8, w + 8, high);
        }
    }
    _mm_storeu_ps(t->sum,
                  fold_four(fold_to_four(sum[0]), fold_to_four(sum[1]),
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

void mote_dense_f32_avx2(const float *x, const float *w, const float *b,
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
