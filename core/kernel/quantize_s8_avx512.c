/* core/kernel/quantize_s8_avx512.c - see core/kernel/quantize_s8.h */
#include "core/kernel/quantize_s8.h"
#include "core/kernel/intrinsics.h"

/* The lanes of n elements that are left. */
static inline __mmask16 lanes_of(size_t n)
{
    return (__mmask16)(n >= 16 ? 0xFFFF : (1u << n) - 1);
}

/* Largest |x| of n; not finite when one of them is not: as integers, with the
 * sign off, they are in order, and NaN comes last. */
static float largest_size(const float *x, size_t n)
{
    const __m512i sign = _mm512_set1_epi32(INT32_MIN);
    __m512i top = _mm512_setzero_si512();
    uint32_t lane[16], largest = 0;

    for (size_t k = 0; k < n; k += 16) {
        const __m512 part = _mm512_maskz_loadu_ps(lanes_of(n - k), x + k);
        top = _mm512_max_epu32(
            top, _mm512_andnot_si512(sign, _mm512_castps_si512(part)));
    }
    _mm512_storeu_si512((void *)lane, top);
    for (size_t i = 0; i < 16; i++)
        largest = lane[i] > largest ? lane[i] : largest;
    return mote_f32_of_bits(largest);
}

size_t mote_quantize_s8_avx512(const float *x, int8_t *q, float *s, size_t rows,
                               size_t n)
{
    for (size_t r = 0; r < rows; r++, x += n, q += n) {
        const float top = largest_size(x, n);
        if (!mote_is_finite(top))
            return r;
        const __m512 inverse =
            _mm512_set1_ps(mote_quantize_s8_scale(top, s + r));
        for (size_t k = 0; k < n; k += 16) {
            const __mmask16 lanes = lanes_of(n - k);
            const __m512 part = _mm512_maskz_loadu_ps(lanes, x + k);
            const __m512i wide =
                _mm512_cvtps_epi32(_mm512_mul_ps(part, inverse));
            _mm512_mask_cvtepi32_storeu_epi8(q + k, lanes, wide);
        }
    }
    return rows;
}
