/* core/kernel/quantize_s8_avx2.c - see core/kernel/quantize_s8.h */
#include "core/kernel/quantize_s8.h"
#include "core/kernel/intrinsics.h"

/* All ones in the lanes below n. */
static inline __m256i lanes_below(size_t n)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), lane);
}

/* Up to 8 floats, and zeros. */
static inline __m256 load(const float *x, size_t n)
{
    return n >= 8 ? _mm256_loadu_ps(x) : _mm256_maskload_ps(x, lanes_below(n));
}

/* Largest |x| of n; not finite when one of them is not: as integers, with the
 * sign off, they are in order, and NaN comes last. */
static float largest_size(const float *x, size_t n)
{
    const __m256i sign = _mm256_set1_epi32(INT32_MIN);
    __m256i top = _mm256_setzero_si256();
    uint32_t lane[8], largest = 0;

    for (size_t k = 0; k < n; k += 8)
        top = _mm256_max_epu32(
            top,
            _mm256_andnot_si256(sign, _mm256_castps_si256(load(x + k, n - k))));
    _mm256_storeu_si256((__m256i *)(void *)lane, top);
    for (size_t i = 0; i < 8; i++)
        largest = lane[i] > largest ? lane[i] : largest;
    return mote_f32_of_bits(largest);
}

static inline __m256i scaled(const float *x, __m256 inverse)
{
    return _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x), inverse));
}

static inline void quantize_32(const float *x, int8_t *q, __m256 inverse)
{
    /* packing works in halves of 128 bits: this is the order it leaves */
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const __m256i low =
        _mm256_packs_epi32(scaled(x, inverse), scaled(x + 8, inverse));
    const __m256i high =
        _mm256_packs_epi32(scaled(x + 16, inverse), scaled(x + 24, inverse));

    _mm256_storeu_si256(
        (__m256i *)(void *)q,
        _mm256_permutevar8x32_epi32(_mm256_packs_epi16(low, high), order));
}

static inline void quantize_8(const float *x, int8_t *q, size_t n,
                              __m256 inverse)
{
    const __m256i wide = _mm256_cvtps_epi32(_mm256_mul_ps(load(x, n), inverse));
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(wide),
                                          _mm256_extracti128_si256(wide, 1));
    int64_t bytes = _mm_cvtsi128_si64(_mm_packs_epi16(words, words));

    if (n >= 8)
        __builtin_memcpy(q, &bytes, 8);
    for (size_t i = 0; n < 8 && i < n; i++, bytes >>= 8)
        q[i] = (int8_t)bytes;
}

size_t mote_quantize_s8_avx2(const float *x, int8_t *q, float *s, size_t rows,
                             size_t n)
{
    for (size_t r = 0; r < rows; r++, x += n, q += n) {
        const float top = largest_size(x, n);
        size_t k = 0;
        if (!mote_is_finite(top))
            return r;
        const __m256 inverse =
            _mm256_set1_ps(mote_quantize_s8_scale(top, s + r));
        for (; k + 32 <= n; k += 32)
            quantize_32(x + k, q + k, inverse);
        for (; k < n; k += 8)
            quantize_8(x + k, q + k, n - k, inverse);
    }
    return rows;
}
