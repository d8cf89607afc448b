/*
 * core/kernel/dense_s8_avx2.c - see core/kernel/dense.h
 *
 * vpmaddubsw multiplies unsigned by signed and adds pairs in 16 bits with
 * saturation. It is given |q| and w with the sign of q, so the largest pair is
 * 2 * 128 * 127 = 32512, which fits: exact, as long as w is never -128, which
 * has no negative.
 */
#include "core/kernel/dense_s8_x86.h"
#include "core/kernel/intrinsics.h"

/* Sums of a block for 4 outputs, in pairs of lanes. q: the row's 8 bytes, four
 * times; size: |q|. */
static inline __m256i add_block(__m256i sum, __m256i q, __m256i size, __m256i w)
{
    const __m256i pairs = _mm256_maddubs_epi16(size, _mm256_sign_epi8(w, q));
    return _mm256_add_epi32(sum,
                            _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

static inline __m256i load(const int8_t *w)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)w);
}

/* The 8 bytes at q, four times. */
static inline __m256i repeat(const int8_t *q)
{
    long long bytes;
    __builtin_memcpy(&bytes, q, sizeof bytes);
    return _mm256_set1_epi64x(bytes);
}

/* Compiled once for each pair of constants, with all sums in registers. */
static inline __attribute__((always_inline)) void
sum_tile(const struct mote_s8_tile *t, const size_t rows, const size_t panels)
{
    const int8_t *q = t->q;
    const size_t blocks = t->blocks, all = blocks + (t->last != NULL);
    size_t stride = t->q_stride, k = 0;
    __m256i sum[8][2];

#pragma GCC unroll 8
    for (size_t i = 0; i < rows * panels; i++)
        sum[i][0] = sum[i][1] = _mm256_setzero_si256();
    do {
        if (k == blocks)
            q = t->last, stride = MOTE_P8K8;
#pragma GCC unroll 8
        for (size_t p = 0; p < panels; p++) {
            const int8_t *w = t->w[p] + k * MOTE_P8K8_BYTES;
            const __m256i low = load(w), high = load(w + 32);
            __builtin_prefetch(w + t->next);
#pragma GCC unroll 8
            for (size_t r = 0; r < rows; r++) {
                const __m256i x = repeat(q + r * stride);
                const __m256i size = _mm256_abs_epi8(x);
                __m256i *to = sum[r * panels + p];
                to[0] = add_block(to[0], x, size, low);
                to[1] = add_block(to[1], x, size, high);
            }
        }
        q += MOTE_P8K8;
    } while (++k < all);
#pragma GCC unroll 8
    for (size_t i = 0; i < rows * panels; i++) {
        const __m256i pairs = _mm256_hadd_epi32(sum[i][0], sum[i][1]);
        _mm256_storeu_si256((__m256i *)(void *)(t->sum + i * MOTE_P8K8),
                            _mm256_permute4x64_epi64(pairs, 0xD8));
    }
}

static void four_rows(const struct mote_s8_tile *t)
{
    sum_tile(t, 4, 1);
}

static void two_rows(const struct mote_s8_tile *t)
{
    sum_tile(t, 2, 1);
}

static void one_row(const struct mote_s8_tile *t)
{
    sum_tile(t, 1, 4);
}

void mote_dense_s8_avx2(const struct mote_dense_s8 *d)
{
    static const struct mote_s8_version version = {
        .tiles = {{four_rows, 4, 1}, {two_rows, 2, 1}, {one_row, 1, 4}},
        .finish = mote_s8_finish_avx2,
        .finish_s8 = mote_s8_finish_s8_avx2,
    };
    mote_dense_s8_tiled(d, &version);
}
