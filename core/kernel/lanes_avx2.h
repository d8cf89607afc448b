/*
 * core/kernel/lanes_avx2.h - eight floats at once: the words in which kernels
 * for several instruction sets are written (core/kernel/lanes.h says what each
 * does), with AVX2 and FMA.
 */
#ifndef MOTE_KERNEL_LANES_AVX2_H
#define MOTE_KERNEL_LANES_AVX2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/kernel/intrinsics.h"

#define LANES 8
#define LANES_INLINE static inline __attribute__((always_inline))

typedef __m256 lanes;
typedef __m256 lanes_mask;

/* The first n lanes, as the mask that vmaskmov takes. */
LANES_INLINE __m256i lanes_up_to(size_t n)
{
    const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), index);
}

LANES_INLINE lanes lanes_all(float x)
{
    return _mm256_set1_ps(x);
}

LANES_INLINE lanes lanes_load(const float *p)
{
    return _mm256_loadu_ps(p);
}

LANES_INLINE lanes lanes_load_part(const float *p, size_t n)
{
    return _mm256_maskload_ps(p, lanes_up_to(n));
}

LANES_INLINE lanes lanes_of_s8(const int8_t *p)
{
    return _mm256_cvtepi32_ps(
        _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)p)));
}

LANES_INLINE void lanes_store(float *p, lanes x)
{
    _mm256_storeu_ps(p, x);
}

LANES_INLINE void lanes_store_part(float *p, size_t n, lanes x)
{
    _mm256_maskstore_ps(p, lanes_up_to(n), x);
}

LANES_INLINE lanes lanes_first(lanes x, size_t n)
{
    return _mm256_and_ps(x, _mm256_castsi256_ps(lanes_up_to(n)));
}

LANES_INLINE lanes lanes_add(lanes a, lanes b)
{
    return _mm256_add_ps(a, b);
}

LANES_INLINE lanes lanes_sub(lanes a, lanes b)
{
    return _mm256_sub_ps(a, b);
}

LANES_INLINE lanes lanes_mul(lanes a, lanes b)
{
    return _mm256_mul_ps(a, b);
}

LANES_INLINE lanes lanes_div(lanes a, lanes b)
{
    return _mm256_div_ps(a, b);
}

LANES_INLINE lanes lanes_fma(lanes a, lanes b, lanes c)
{
    return _mm256_fmadd_ps(a, b, c);
}

LANES_INLINE lanes lanes_sqrt(lanes x)
{
    return _mm256_sqrt_ps(x);
}

LANES_INLINE lanes lanes_min(lanes a, lanes b)
{
    return _mm256_min_ps(a, b);
}

LANES_INLINE lanes lanes_max(lanes a, lanes b)
{
    return _mm256_max_ps(a, b);
}

LANES_INLINE lanes_mask lanes_less(lanes a, lanes b)
{
    return _mm256_cmp_ps(a, b, _CMP_LT_OQ);
}

LANES_INLINE lanes lanes_select(lanes_mask m, lanes a, lanes b)
{
    return _mm256_blendv_ps(b, a, m);
}

LANES_INLINE lanes lanes_abs(lanes x)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
}

LANES_INLINE lanes lanes_negate(lanes x)
{
    return _mm256_xor_ps(_mm256_set1_ps(-0.0f), x);
}

LANES_INLINE lanes lanes_with_sign(lanes x, lanes sign)
{
    return _mm256_or_ps(x, _mm256_and_ps(_mm256_set1_ps(-0.0f), sign));
}

LANES_INLINE bool lanes_every(lanes_mask m)
{
    return _mm256_movemask_ps(m) == 0xFF;
}

LANES_INLINE lanes lanes_add_exponent(lanes x, lanes n)
{
    const __m256i power = _mm256_slli_epi32(_mm256_castps_si256(n), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(x), power));
}

LANES_INLINE lanes lanes_times_power(lanes x, lanes n)
{
    const __m256i bias = _mm256_set1_epi32(127);
    const __m256i whole = _mm256_cvtps_epi32(n);
    const __m256i half = _mm256_srai_epi32(whole, 1);
    const __m256i rest = _mm256_sub_epi32(whole, half);
    const __m256i first = _mm256_slli_epi32(_mm256_add_epi32(half, bias), 23);
    const __m256i second = _mm256_slli_epi32(_mm256_add_epi32(rest, bias), 23);

    return _mm256_mul_ps(_mm256_mul_ps(x, _mm256_castsi256_ps(first)),
                         _mm256_castsi256_ps(second));
}

LANES_INLINE float lanes_largest(lanes x)
{
    __m128 q =
        _mm_max_ps(_mm256_extractf128_ps(x, 1), _mm256_castps256_ps128(x));
    q = _mm_max_ps(_mm_movehl_ps(q, q), q);
    q = _mm_max_ss(_mm_shuffle_ps(q, q, 1), q);
    return _mm_cvtss_f32(q);
}

LANES_INLINE float lanes_fold16(const lanes part[2])
{
    const lanes e = _mm256_add_ps(part[0], part[1]);
    __m128 q =
        _mm_add_ps(_mm256_castps256_ps128(e), _mm256_extractf128_ps(e, 1));
    q = _mm_add_ps(q, _mm_movehl_ps(q, q));
    q = _mm_add_ss(q, _mm_shuffle_ps(q, q, 1));
    return _mm_cvtss_f32(q);
}

#endif
