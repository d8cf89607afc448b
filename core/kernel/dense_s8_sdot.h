/*
 * core/kernel/dense_s8_sdot.h - sums by sdot: four products of bytes to a lane.
 *
 * A register of w is 8 columns of two outputs; the row's 8 bytes come twice in
 * a register of their own. An output's sum is a pair of lanes.
 */
#ifndef MOTE_KERNEL_DENSE_S8_SDOT_H
#define MOTE_KERNEL_DENSE_S8_SDOT_H

#include "core/kernel/dense_s8_arm.h"

/* The 8 bytes at q, twice. */
static inline int8x16_t repeat(const int8_t *q)
{
    const int8x8_t x = vld1_s8(q);
    return vcombine_s8(x, x);
}

/* The last bytes of a row, fewer than 8, and zeros. */
static inline int8x8_t load_some(const int8_t *q, size_t n)
{
    int8_t bytes[MOTE_P8K8] = {0};

    for (size_t i = 0; i < n; i++)
        bytes[i] = q[i];
    return vld1_s8(bytes);
}

/* Compiled once for each pair of constants, with all sums in registers. */
static inline __attribute__((always_inline)) void
sum_tile_sdot(const struct mote_s8_tile *t, const size_t rows,
              const size_t panels)
{
    const int8_t *q = t->q;
    const size_t blocks = t->blocks, all = blocks + (t->last != NULL);
    size_t stride = t->q_stride, k = 0;
    int32x4_t sum[4][4];

#pragma GCC unroll 16
    for (size_t i = 0; i < rows * panels * 4; i++)
        sum[i / 4][i % 4] = vdupq_n_s32(0);
    do {
        int8x16_t x[4];
        if (k == blocks)
            q = t->last, stride = MOTE_P8K8;
#pragma GCC unroll 4
        for (size_t r = 0; r < rows; r++)
            x[r] = repeat(q + r * stride);
#pragma GCC unroll 16
        for (size_t i = 0; i < panels * 4; i++) {
            const int8x16_t w =
                vld1q_s8(t->w[i / 4] + k * MOTE_P8K8_BYTES + i % 4 * 16);
#pragma GCC unroll 4
            for (size_t r = 0; r < rows; r++) {
                int32x4_t *to = &sum[r * panels + i / 4][i % 4];
                *to = vdotq_s32(*to, w, x[r]);
            }
        }
        q += MOTE_P8K8;
    } while (++k < all);
#pragma GCC unroll 8
    for (size_t i = 0; i < rows * panels * 2; i++) {
        const int32x4_t *s = sum[i / 2] + i % 2 * 2;
        vst1q_s32(t->sum + i * 4, vpaddq_s32(s[0], s[1]));
    }
}

#endif
