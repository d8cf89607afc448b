/* core/kernel/dense_s8_avx512vnni.c - see core/kernel/dense_s8_x86.h */
#include "core/kernel/dense_s8_x86.h"
#include "core/kernel/intrinsics.h"

/* A block of 8 outputs, unsigned. */
static inline __m512i load(const int8_t *w)
{
    return _mm512_xor_si512(_mm512_loadu_si512((const void *)w),
                            _mm512_set1_epi8(-128));
}

/* The 8 bytes at q, eight times. */
static inline __m512i repeat(const int8_t *q)
{
    long long bytes;
    __builtin_memcpy(&bytes, q, sizeof bytes);
    return _mm512_set1_epi64(bytes);
}

/* Each pair of lanes added, in the first of the two. */
static inline __m512i add_pairs(__m512i sum)
{
    return _mm512_add_epi32(sum, _mm512_srli_epi64(sum, 32));
}

/* 16 sums, of which each is a pair of lanes of a and then of b. */
static inline void store_pairs(int32_t *to, __m512i a, __m512i b)
{
    const __m512i firsts = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18,
                                             20, 22, 24, 26, 28, 30);

    _mm512_storeu_si512((void *)to, _mm512_permutex2var_epi32(
                                        add_pairs(a), firsts, add_pairs(b)));
}

/* Compiled once for each set of constants, with all sums in registers. An
 * output's sum is a pair of lanes; with `ways` 2 every other block goes to
 * sums of its own, because a result takes 5 cycles and two start in each. */
static inline __attribute__((always_inline)) void
sum_tile(const struct mote_s8_tile *t, const size_t rows, const size_t panels,
         const size_t ways)
{
    const size_t blocks = t->blocks, all = blocks + (t->last != NULL);
    const int8_t *q = t->q;
    size_t stride = t->q_stride, k = 0;
    __m512i sum[16], more[16];

#pragma GCC unroll 16
    for (size_t i = 0; i < rows * panels; i++) {
        sum[i] = _mm512_maskz_set1_epi32(0x5555, t->start[i / panels]);
        more[i] = _mm512_setzero_si512();
    }
    for (; ways == 2 && k + 2 <= blocks; k += 2, q += 2 * MOTE_P8K8)
#pragma GCC unroll 4
        for (size_t p = 0; p < panels; p++) {
            const int8_t *w = t->w[p] + k * MOTE_P8K8_BYTES;
            __builtin_prefetch(w + t->next); /* and what lies beside it */
#pragma GCC unroll 2
            for (size_t r = 0; r < rows; r++) {
                const int8_t *x = q + r * stride;
                const size_t i = r * panels + p;
                sum[i] = _mm512_dpbusd_epi32(sum[i], load(w), repeat(x));
                more[i] = _mm512_dpbusd_epi32(
                    more[i], load(w + MOTE_P8K8_BYTES), repeat(x + MOTE_P8K8));
            }
        }
    for (; k < all; k++, q += MOTE_P8K8) {
        if (k == blocks)
            q = t->last, stride = MOTE_P8K8;
#pragma GCC unroll 4
        for (size_t p = 0; p < panels; p++) {
            const int8_t *at = t->w[p] + k * MOTE_P8K8_BYTES;
            const __m512i w = load(at);
            __builtin_prefetch(at + t->next);
#pragma GCC unroll 8
            for (size_t r = 0; r < rows; r++)
                sum[r * panels + p] = _mm512_dpbusd_epi32(
                    sum[r * panels + p], w, repeat(q + r * stride));
        }
    }
#pragma GCC unroll 8
    for (size_t i = 0; i < rows * panels; i += 2) {
        const bool two = ways == 2;
        const __m512i a = two ? _mm512_add_epi32(sum[i], more[i]) : sum[i];
        const __m512i b =
            two ? _mm512_add_epi32(sum[i + 1], more[i + 1]) : sum[i + 1];
        store_pairs(t->sum + i * MOTE_P8K8, a, b);
    }
}

static void eight_rows(const struct mote_s8_tile *t)
{
    sum_tile(t, 8, 2, 1);
}

static void four_rows(const struct mote_s8_tile *t)
{
    sum_tile(t, 4, 4, 1);
}

static void two_rows(const struct mote_s8_tile *t)
{
    sum_tile(t, 2, 4, 1);
}

static void one_row(const struct mote_s8_tile *t)
{
    sum_tile(t, 1, 4, 2);
}

/* Columns i and up of the strip, as many as `lanes` has ones. */
static inline __attribute__((always_inline)) void
finish_columns(const struct mote_s8_strip *t, size_t i, __mmask16 lanes)
{
    /* of a NaN and of -0 max takes the second */
    const __m512 least = _mm512_set1_ps(t->relu ? 0 : -__builtin_inff());
    const __m512 scale = _mm512_maskz_loadu_ps(lanes, t->c + i);
    const __m512 bias =
        t->b ? _mm512_maskz_loadu_ps(lanes, t->b + i) : _mm512_setzero_ps();
    const size_t rows = t->rows, from = t->sum_stride, to = t->y_stride;
    const int32_t *sum = t->sum + i;
    const float *s = t->s;
    float *y = t->y + i;

    for (size_t r = 0; r < rows; r++, sum += from, y += to) {
        const __m512 x =
            _mm512_cvtepi32_ps(_mm512_loadu_si512((const void *)sum));
        const __m512 factor = _mm512_mul_ps(_mm512_set1_ps(s[r]), scale);
        const __m512 out = _mm512_fmadd_ps(x, factor, bias);
        _mm512_mask_storeu_ps(y, lanes, _mm512_max_ps(least, out));
    }
}

/* As mote_s8_finish_avx2, with loads as wide as the stores that they follow:
 * there are 16 sums wherever there is one. */
static void finish(const struct mote_s8_strip *t)
{
    size_t i = 0;

    for (; i + 16 <= t->n; i += 16)
        finish_columns(t, i, 0xFFFF);
    if (i < t->n)
        finish_columns(t, i, (__mmask16)((1u << (t->n - i)) - 1));
}

/* -128 times the sum of n numbers: the weights are read as w + 128. */
static int32_t start(const int8_t *q, size_t n)
{
    const __m512i one = _mm512_set1_epi8(1);
    __m512i sum = _mm512_setzero_si512();
    size_t k = 0;

    for (; k + 64 <= n; k += 64)
        sum = _mm512_dpbusd_epi32(sum, one,
                                  _mm512_loadu_si512((const void *)(q + k)));
    if (k < n)
        sum = _mm512_dpbusd_epi32(
            sum, one,
            _mm512_maskz_loadu_epi8(((__mmask64)1 << (n - k)) - 1, q + k));
    return _mm512_reduce_add_epi32(sum) * -128;
}

void mote_dense_s8_avx512vnni(const struct mote_dense_s8 *d)
{
    static const struct mote_s8_version version = {
        .tiles = {{eight_rows, 8, 2},
                  {four_rows, 4, 4},
                  {two_rows, 2, 4},
                  {one_row, 1, 4}},
        .finish = finish,
        .finish_s8 = mote_s8_finish_s8_avx2,
        .start = start,
    };
    mote_dense_s8_tiled(d, &version);
}
