/*
 * core/kernel/dense_s8_sse41.c - see core/kernel/dense.h
 *
 * What every x86-64-v2 processor can do: the products of
 * core/kernel/dense_s8_avx2.c in 128 bits, and the end without FMA.
 */
#include "core/kernel/dense_s8_tiles.h"
#include "core/kernel/intrinsics.h"

/* Compiled once for each pair of constants, with all sums in registers. An
 * output's sum is a pair of lanes. */
static inline __attribute__((always_inline)) void
sum_tile(const struct mote_s8_tile *t, const size_t rows, const size_t panels)
{
    const int8_t *q = t->q;
    const size_t blocks = t->blocks, all = blocks + (t->last != NULL);
    size_t stride = t->q_stride, k = 0;
    __m128i sum[2][4];

#pragma GCC unroll 8
    for (size_t i = 0; i < rows * panels * 4; i++)
        sum[i / 4][i % 4] = _mm_setzero_si128();
    do {
        if (k == blocks)
            q = t->last, stride = MOTE_P8K8;
#pragma GCC unroll 2
        for (size_t i = 0; i < rows * panels; i++) {
            const int8_t *w = t->w[i % panels] + k * MOTE_P8K8_BYTES;
            const __m128i half = _mm_loadl_epi64(
                (const __m128i *)(const void *)(q + i / panels * stride));
            const __m128i x = _mm_unpacklo_epi64(half, half);
#pragma GCC unroll 4
            for (size_t j = 0; j < 4; j++) {
                const __m128i part = _mm_loadu_si128(
                    (const __m128i *)(const void *)(w + j * 16));
                const __m128i pairs =
                    _mm_maddubs_epi16(_mm_abs_epi8(x), _mm_sign_epi8(part, x));
                sum[i][j] = _mm_add_epi32(
                    sum[i][j], _mm_madd_epi16(pairs, _mm_set1_epi16(1)));
            }
        }
        q += MOTE_P8K8;
    } while (++k < all);
#pragma GCC unroll 4
    for (size_t i = 0; i < rows * panels * 2; i++)
        _mm_storeu_si128(
            (__m128i *)(void *)(t->sum + i * 4),
            _mm_hadd_epi32(sum[i / 2][i % 2 * 2], sum[i / 2][i % 2 * 2 + 1]));
}

static void two_rows(const struct mote_s8_tile *t)
{
    sum_tile(t, 2, 1);
}

static void one_row(const struct mote_s8_tile *t)
{
    sum_tile(t, 1, 2);
}

/* See mote_s8_version; as the scalar version does it. */
static void finish(const struct mote_s8_strip *t)
{
    for (size_t r = 0; r < t->rows; r++)
        for (size_t i = 0; i < t->n; i++) {
            const float sum = (float)t->sum[r * t->sum_stride + i];
            const float out =
                mote_fmaf(sum, t->s[r] * t->c[i], t->b ? t->b[i] : 0);
            t->y[r * t->y_stride + i] = t->relu && out < 0 ? 0 : out;
        }
}

static void finish_s8(const int32_t *sum, const struct mote_requantize *t,
                      size_t n)
{
    const __m128 low = _mm_set_ss((float)(t->low - t->zero));
    const __m128 high = _mm_set_ss((float)(127 - t->zero));

    for (size_t i = 0; i < n; i++) {
        const int32_t biased = (int32_t)((uint32_t)sum[i] + (uint32_t)t->b[i]);
        __m128 x = _mm_set_ss((float)biased * t->c[i]);
        x = _mm_max_ss(x, low); /* of a NaN the second is taken */
        x = _mm_min_ss(x, high);
        t->y[i] = (int8_t)(_mm_cvtss_si32(x) + t->zero);
    }
}

void mote_dense_s8_sse41(const struct mote_dense_s8 *d)
{
    static const struct mote_s8_version version = {
        .tiles = {{two_rows, 2, 1}, {one_row, 1, 2}},
        .finish = finish,
        .finish_s8 = finish_s8,
    };
    mote_dense_s8_tiled(d, &version);
}
