/* core/kernel/quantize_s8_avx512.c - see core/kernel/quantize_s8.h */
#include "core/kernel/quantize_s8.h"
#include "core/kernel/intrinsics.h"

static inline __mmask16 first(size_t n)
{
    return (__mmask16)((1u << n) - 1);
}

/* The first n of 16, and zeros. */
static inline __m512 load_part(const float *x, size_t n)
{
    return _mm512_maskz_loadu_ps(first(n), x);
}

static inline __m512i larger(__m512i top, __m512 x)
{
    const __m512i sign = _mm512_set1_epi32(INT32_MIN);
    return _mm512_max_epu32(top,
                            _mm512_andnot_si512(sign, _mm512_castps_si512(x)));
}

/* Largest |x| of n; not finite when one of them is not: as integers, with the
 * sign off, they are in order, and NaN comes last. */
static float largest_size(const float *x, size_t n)
{
    __m512i top = _mm512_setzero_si512();
    size_t k = 0;

    for (; k + 16 <= n; k += 16)
        top = larger(top, _mm512_loadu_ps(x + k));
    if (k < n)
        top = larger(top, load_part(x + k, n - k));
    return mote_f32_of_bits(_mm512_reduce_max_epu32(top));
}

static inline __m512i quantize(__m512 x, __m512 inverse)
{
    return _mm512_cvtps_epi32(_mm512_mul_ps(x, inverse));
}

size_t mote_quantize_s8_avx512(const float *x, int8_t *q, float *s, size_t rows,
                               size_t n)
{
    for (size_t r = 0; r < rows; r++, x += n, q += n) {
        const float top = largest_size(x, n);
        size_t k = 0;

        if (!mote_is_finite(top))
            return r;
        const __m512 inverse =
            _mm512_set1_ps(mote_quantize_s8_scale(top, s + r));
        for (; k + 16 <= n; k += 16)
            _mm_storeu_si128((void *)(q + k),
                             _mm512_cvtsepi32_epi8(
                                 quantize(_mm512_loadu_ps(x + k), inverse)));
        if (k < n)
            _mm512_mask_cvtepi32_storeu_epi8(
                q + k, first(n - k),
                quantize(load_part(x + k, n - k), inverse));
    }
    return rows;
}
