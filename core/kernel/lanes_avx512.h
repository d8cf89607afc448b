/*
 * core/kernel/lanes_avx512.h - sixteen floats at once: the words of
 * core/kernel/lanes.h with AVX-512 F and DQ.
 */
#ifndef MOTE_KERNEL_LANES_AVX512_H
#define MOTE_KERNEL_LANES_AVX512_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/kernel/intrinsics.h"

#define LANES 16
#define LANES_INLINE static inline __attribute__((always_inline))

typedef __m512 lanes;
typedef __mmask16 lanes_mask;

LANES_INLINE __mmask16 lanes_up_to(size_t n)
{
    return (__mmask16)((1u << n) - 1);
}

LANES_INLINE lanes lanes_all(float x)
{
    return _mm512_set1_ps(x);
}

LANES_INLINE lanes lanes_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

LANES_INLINE lanes lanes_load_part(const float *p, size_t n)
{
    return _mm512_maskz_loadu_ps(lanes_up_to(n), p);
}

LANES_INLINE lanes lanes_of_s8(const int8_t *p)
{
    return _mm512_cvtepi32_ps(
        _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)p)));
}

LANES_INLINE void lanes_store(float *p, lanes x)
{
    _mm512_storeu_ps(p, x);
}

LANES_INLINE void lanes_store_part(float *p, size_t n, lanes x)
{
    _mm512_mask_storeu_ps(p, lanes_up_to(n), x);
}

LANES_INLINE lanes lanes_first(lanes x, size_t n)
{
    return _mm512_maskz_mov_ps(lanes_up_to(n), x);
}

LANES_INLINE lanes lanes_add(lanes a, lanes b)
{
    return _mm512_add_ps(a, b);
}

LANES_INLINE lanes lanes_sub(lanes a, lanes b)
{
    return _mm512_sub_ps(a, b);
}

LANES_INLINE lanes lanes_mul(lanes a, lanes b)
{
    return _mm512_mul_ps(a, b);
}

LANES_INLINE lanes lanes_div(lanes a, lanes b)
{
    return _mm512_div_ps(a, b);
}

LANES_INLINE lanes lanes_fma(lanes a, lanes b, lanes c)
{
    return _mm512_fmadd_ps(a, b, c);
}

LANES_INLINE lanes lanes_sqrt(lanes x)
{
    return _mm512_sqrt_ps(x);
}

LANES_INLINE lanes lanes_min(lanes a, lanes b)
{
    return _mm512_min_ps(a, b);
}

LANES_INLINE lanes lanes_max(lanes a, lanes b)
{
    return _mm512_max_ps(a, b);
}

LANES_INLINE lanes_mask lanes_less(lanes a, lanes b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}

LANES_INLINE lanes lanes_select(lanes_mask m, lanes a, lanes b)
{
    return _mm512_mask_mov_ps(b, m, a);
}

LANES_INLINE lanes lanes_abs(lanes x)
{
    return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), x);
}

LANES_INLINE lanes lanes_negate(lanes x)
{
    return _mm512_xor_ps(_mm512_set1_ps(-0.0f), x);
}

LANES_INLINE lanes lanes_with_sign(lanes x, lanes sign)
{
    return _mm512_or_ps(x, _mm512_and_ps(_mm512_set1_ps(-0.0f), sign));
}

LANES_INLINE bool lanes_every(lanes_mask m)
{
    return m == 0xFFFF;
}

LANES_INLINE lanes lanes_add_exponent(lanes x, lanes n)
{
    const __m512i power = _mm512_slli_epi32(_mm512_castps_si512(n), 23);
    return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(x), power));
}

/* vscalefps would do it in one step, with the same result. */
LANES_INLINE lanes lanes_times_power(lanes x, lanes n)
{
    const __m512i bias = _mm512_set1_epi32(127);
    const __m512i whole = _mm512_cvtps_epi32(n);
    const __m512i half = _mm512_srai_epi32(whole, 1);
    const __m512i rest = _mm512_sub_epi32(whole, half);
    const __m512i first = _mm512_slli_epi32(_mm512_add_epi32(half, bias), 23);
    const __m512i second = _mm512_slli_epi32(_mm512_add_epi32(rest, bias), 23);

    return _mm512_mul_ps(_mm512_mul_ps(x, _mm512_castsi512_ps(first)),
                         _mm512_castsi512_ps(second));
}

LANES_INLINE __m256 lanes_upper(lanes x)
{
    return _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(x), 1));
}

LANES_INLINE float lanes_largest(lanes x)
{
    const __m256 e = _mm256_max_ps(lanes_upper(x), _mm512_castps512_ps256(x));
    __m128 q =
        _mm_max_ps(_mm256_extractf128_ps(e, 1), _mm256_castps256_ps128(e));
    q = _mm_max_ps(_mm_movehl_ps(q, q), q);
    q = _mm_max_ss(_mm_shuffle_ps(q, q, 1), q);
    return _mm_cvtss_f32(q);
}

LANES_INLINE float lanes_fold16(const lanes part[1])
{
    const __m256 e =
        _mm256_add_ps(_mm512_castps512_ps256(part[0]), lanes_upper(part[0]));
    __m128 q =
        _mm_add_ps(_mm256_castps256_ps128(e), _mm256_extractf128_ps(e, 1));
    q = _mm_add_ps(q, _mm_movehl_ps(q, q));
    q = _mm_add_ss(q, _mm_shuffle_ps(q, q, 1));
    return _mm_cvtss_f32(q);
}

#endif
