/* core/kernel/dense_s8_shared_avx2.c - see core/kernel/dense_s8_x86.h */
#include "core/kernel/dense_s8_x86.h"
#include "core/base/mem.h"
#include "core/kernel/intrinsics.h"

/* All ones in the first n of 8 lanes. */
static inline __m256i first_lanes(size_t n)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), lane);
}

/* Columns i and up of the strip, as many as `lanes` has ones: 8, or the rest.
 */
static inline void finish_panel(const struct mote_s8_strip *t, size_t i,
                                __m256i lanes, bool whole)
{
    const __m256 scale = _mm256_maskload_ps(t->c + i, lanes);
    const __m256 bias =
        t->b ? _mm256_maskload_ps(t->b + i, lanes) : _mm256_setzero_ps();
    /* of a NaN and of -0 max takes the second */
    const __m256 least = _mm256_set1_ps(t->relu ? 0 : -__builtin_inff());
    const size_t rows = t->rows, from = t->sum_stride, to = t->y_stride;
    const int32_t *sum = t->sum + i;
    const float *s = t->s;
    float *y = t->y + i;

    for (size_t r = 0; r < rows; r++, sum += from, y += to) {
        const __m256 x = _mm256_cvtepi32_ps(
            _mm256_loadu_si256((const __m256i *)(const void *)sum));
        const __m256 factor = _mm256_mul_ps(_mm256_set1_ps(s[r]), scale);
        const __m256 out =
            _mm256_max_ps(least, _mm256_fmadd_ps(x, factor, bias));
        if (whole)
            _mm256_storeu_ps(y, out);
        else
            _mm256_maskstore_ps(y, lanes, out);
    }
}

void mote_s8_finish_avx2(const struct mote_s8_strip *t)
{
    size_t i = 0;

    for (; i + MOTE_P8K8 <= t->n; i += MOTE_P8K8)
        finish_panel(t, i, _mm256_set1_epi32(-1), true);
    if (i < t->n)
        finish_panel(t, i, first_lanes(t->n - i), false);
}

/* Eight sums with their b and c, as bytes. */
static inline __m128i requantize_eight(const struct mote_requantize *t,
                                       const int32_t *sum, __m256i b, __m256 c)
{
    const __m256 low = _mm256_set1_ps((float)(t->low - t->zero));
    const __m256 high = _mm256_set1_ps((float)(127 - t->zero));
    const __m256i sums = _mm256_loadu_si256((const void *)sum);
    __m256 x = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_add_epi32(sums, b)), c);

    x = _mm256_max_ps(x, low); /* of a NaN the second is taken */
    x = _mm256_min_ps(x, high);
    const __m256i wide =
        _mm256_add_epi32(_mm256_cvtps_epi32(x), _mm256_set1_epi32(t->zero));
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(wide),
                                          _mm256_extracti128_si256(wide, 1));
    return _mm_packs_epi16(words, words);
}

void mote_s8_finish_s8_avx2(const int32_t *sum, const struct mote_requantize *t,
                            size_t n)
{
    int8_t out[MOTE_P8K8];
    size_t i = 0;

    for (; i + MOTE_P8K8 <= n; i += MOTE_P8K8)
        _mm_storel_epi64(
            (void *)(t->y + i),
            requantize_eight(t, sum + i,
                             _mm256_loadu_si256((const void *)(t->b + i)),
                             _mm256_loadu_ps(t->c + i)));
    if (i == n)
        return;
    const __m256i lanes = first_lanes(n - i);
    const __m256 b = _mm256_maskload_ps((const void *)(t->b + i), lanes);
    _mm_storel_epi64((void *)out,
                     requantize_eight(t, sum + i, _mm256_castps_si256(b),
                                      _mm256_maskload_ps(t->c + i, lanes)));
    for (size_t k = i; k < n; k++)
        t->y[k] = out[k - i];
}

static inline __m256i add_bytes(__m256i sum, const int8_t *q)
{
    const __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)q);
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), x);
    return _mm256_add_epi32(sum,
                            _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

int32_t mote_s8_start_avx2(const int8_t *q, size_t n)
{
    __m256i sum = _mm256_setzero_si256();
    int32_t lane[8], total = 0;
    int8_t rest[32] = {0};
    size_t k = 0;

    for (; k + 32 <= n; k += 32)
        sum = add_bytes(sum, q + k);
    if (k < n) {
        memcpy(rest, q + k, n - k);
        sum = add_bytes(sum, rest);
    }
    _mm256_storeu_si256((__m256i *)(void *)lane, sum);
    for (size_t i = 0; i < 8; i++)
        total += lane[i];
    return total * -128;
}
