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

#endif
