/*
 * core/kernel/dense_s8_x86.h - the end of dense_s8 for one panel, in 256 bits,
 * for every version from AVX2 on.
 */
#ifndef MOTE_KERNEL_DENSE_S8_X86_H
#define MOTE_KERNEL_DENSE_S8_X86_H

#include "core/kernel/dense_s8_tiles.h"
#include "core/kernel/intrinsics.h"

/* All ones in the first n of 8 lanes. */
static inline __m256i first_lanes(size_t n)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), lane);
}

/* See mote_s8_version. */
static void finish(const int32_t *sum, float s, const float *c, const float *b,
                   float *y, size_t n, bool relu)
{
    const __m256i lanes = first_lanes(n);
    const bool whole = n == MOTE_P8K8;
    const __m256 scale =
        whole ? _mm256_loadu_ps(c) : _mm256_maskload_ps(c, lanes);
    const __m256 bias =
        whole ? _mm256_loadu_ps(b) : _mm256_maskload_ps(b, lanes);
    const __m256 x =
        _mm256_cvtepi32_ps(_mm256_loadu_si256((const __m256i *)(void *)sum));
    __m256 out =
        _mm256_fmadd_ps(x, _mm256_mul_ps(_mm256_set1_ps(s), scale), bias);

    if (relu) /* of a NaN and of -0 the second is taken */
        out = _mm256_max_ps(_mm256_setzero_ps(), out);
    if (whole)
        _mm256_storeu_ps(y, out);
    else
        _mm256_maskstore_ps(y, lanes, out);
}

/* See mote_s8_version. */
static void finish_s8(const int32_t *sum, const struct mote_requantize *t,
                      size_t n)
{
    const __m256i lanes = first_lanes(n);
    const __m256 low = _mm256_set1_ps((float)(t->low - t->zero));
    const __m256 high = _mm256_set1_ps((float)(127 - t->zero));
    const __m256i biased =
        _mm256_add_epi32(_mm256_loadu_si256((const __m256i *)(const void *)sum),
                         _mm256_castps_si256(_mm256_maskload_ps(
                             (const float *)(const void *)t->b, lanes)));
    __m256 x = _mm256_mul_ps(_mm256_cvtepi32_ps(biased),
                             _mm256_maskload_ps(t->c, lanes));

    x = _mm256_max_ps(x, low); /* of a NaN the second is taken */
    x = _mm256_min_ps(x, high);
    const __m256i wide =
        _mm256_add_epi32(_mm256_cvtps_epi32(x), _mm256_set1_epi32(t->zero));
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(wide),
                                          _mm256_extracti128_si256(wide, 1));
    const __m128i bytes = _mm_packs_epi16(words, words);
    int8_t out[MOTE_P8K8];

    _mm_storel_epi64((__m128i *)(void *)out, bytes);
    if (n == MOTE_P8K8)
        __builtin_memcpy(t->y, out, sizeof out);
    for (size_t i = 0; n < MOTE_P8K8 && i < n; i++)
        t->y[i] = out[i];
}

#endif
