/*
 * core/kernel/dense_f32_avx512.c - see core/kernel/dense.h
 *
 * The 16 lanes of core/kernel/sum16.h are one register.
 */
#include "core/kernel/dense_f32_tiles.h"
#include "core/kernel/intrinsics.h"

/* The first two steps of folding: 16 lanes to 4. */
static inline __m128 fold_to_four(__m512 sum)
{
    const __m256 high =
        _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(sum), 1));
    const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(sum), high);
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

/* Compiled once for each pair of constants; their product is a multiple of 4.
 * A lane that has no term keeps its very bits: adding 0 would turn -0. */
static inline __attribute__((always_inline)) void
sum_tile(const struct mote_f32_tile *t, const size_t rows, const size_t outputs)
{
    const size_t n = t->n;
    __m512 sum[16];
    size_t k = 0;

#pragma GCC unroll 16
    for (size_t i = 0; i < rows * outputs; i++)
        sum[i] = _mm512_setzero_ps();
    for (; k + 16 <= n; k += 16)
#pragma GCC unroll 8
        for (size_t i = 0; i < outputs; i++) {
            const __m512 w = _mm512_loadu_ps(t->w[i] + k);
#pragma GCC unroll 4
            for (size_t r = 0; r < rows; r++)
                sum[r * outputs + i] = _mm512_fmadd_ps(
                    w, _mm512_loadu_ps(t->x + r * n + k), sum[r * outputs + i]);
        }
    if (k < n) {
        const __mmask16 lanes = (__mmask16)((1u << (n - k)) - 1);
#pragma GCC unroll 8
        for (size_t i = 0; i < outputs; i++) {
            const __m512 w = _mm512_maskz_loadu_ps(lanes, t->w[i] + k);
#pragma GCC unroll 4
            for (size_t r = 0; r < rows; r++)
                sum[r * outputs + i] = _mm512_mask3_fmadd_ps(
                    w, _mm512_maskz_loadu_ps(lanes, t->x + r * n + k),
                    sum[r * outputs + i], lanes);
        }
    }
#pragma GCC unroll 4
    for (size_t i = 0; i < rows * outputs; i += 4)
        _mm_storeu_ps(t->sum + i,
                      fold_four(fold_to_four(sum[i]), fold_to_four(sum[i + 1]),
                                fold_to_four(sum[i + 2]),
                                fold_to_four(sum[i + 3])));
}

static void one_row(const struct mote_f32_tile *t)
{
    sum_tile(t, 1, 8);
}

static void four_rows(const struct mote_f32_tile *t)
{
    sum_tile(t, 4, 4);
}

void mote_dense_f32_avx512(const float *x, const float *w, const float *b,
                           float *y, size_t rows, size_t n, size_t m,
                           enum mote_activation activation)
{
    const struct mote_f32_layer l = {
        x, w, b, y, n, m, activation == MOTE_ACTIVATION_RELU};

    run_tiles(&l, rows,
              (struct mote_f32_version){.one_sum = one_row,
                                        .one_outputs = 8,
                                        .sum = four_rows,
                                        .rows = 4,
                                        .outputs = 4});
}
