/*
 * core/kernel/dense_s8_vnni.h - what both versions with vpdpbusd share.
 *
 * It multiplies unsigned by signed. The weights are made unsigned, w + 128 (the
 * sign bit turned), which adds 128 times the sum of q to every sum of a row;
 * so a row's sums start at minus that. Nothing needs sums of columns, and q is
 * what all other versions take. Sums wrap around on the way, if at all.
 */
#ifndef MOTE_KERNEL_DENSE_S8_VNNI_H
#define MOTE_KERNEL_DENSE_S8_VNNI_H

#include "core/base/mem.h"
#include "core/kernel/dense_s8_x86.h"

static inline __m256i add_bytes(__m256i sum, const int8_t *q)
{
    const __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)q);
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), x);
    return _mm256_add_epi32(sum,
                            _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

/* See mote_s8_version. */
static int32_t start(const int8_t *q, size_t n)
{
    __m256i sum = _mm256_setzero_si256();
    int32_t lane[8], total = 0;
    int8_t rest[32] = {0};
    size_t k = 0;

    for (; k + 32 <= n; k += 32)
        sum = add_bytes(sum, q + k);
    memcpy(rest, q + k, n - k);
    sum = add_bytes(sum, rest);
    _mm256_storeu_si256((__m256i *)(void *)lane, sum);
    for (size_t i = 0; i < 8; i++)
        total += lane[i];
    return total * -128;
}

#endif
