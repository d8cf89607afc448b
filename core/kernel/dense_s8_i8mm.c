/*
 * core/kernel/dense_s8_i8mm.c - see core/kernel/dense.h
 *
 * smmla: 8 columns of two rows by 8 columns of two outputs, to the four sums
 * of these. For a single row half of it would be wasted, and sdot is as good.
 */
#include "core/kernel/dense_s8_sdot.h"

/* Compiled once for each pair of constants, with all sums in registers. rows
 * is even. */
static inline __attribute__((always_inline)) void
sum_tile(const struct mote_s8_tile *t, const size_t rows, const size_t panels)
{
    const int8_t *q = t->q;
    const size_t blocks = t->blocks, all = blocks + (t->last != NULL);
    size_t stride = t->q_stride, k = 0;
    int32x4_t sum[4][4]; /* [pair of rows and panel][pair of outputs] */

#pragma GCC unroll 16
    for (size_t i = 0; i < rows / 2 * panels * 4; i++)
        sum[i / 4][i % 4] = vdupq_n_s32(0);
    do {
        int8x16_t x[2];
        if (k == blocks)
            q = t->last, stride = MOTE_P8K8;
#pragma GCC unroll 2
        for (size_t r = 0; r < rows / 2; r++)
            x[r] = vcombine_s8(vld1_s8(q + 2 * r * stride),
                               vld1_s8(q + (2 * r + 1) * stride));
#pragma GCC unroll 16
        for (size_t i = 0; i < panels * 4; i++) {
            const int8x16_t w =
                vld1q_s8(t->w[i / 4] + k * MOTE_P8K8_BYTES + i % 4 * 16);
#pragma GCC unroll 2
            for (size_t r = 0; r < rows / 2; r++) {
                int32x4_t *to = &sum[r * panels + i / 4][i % 4];
                *to = vmmlaq_s32(*to, x[r], w);
            }
        }
        q += MOTE_P8K8;
    } while (++k < all);
#pragma GCC unroll 4
    for (size_t i = 0; i < rows / 2 * panels; i++) {
        int32_t *to =
            t->sum + (i / panels * 2 * panels + i % panels) * MOTE_P8K8;
#pragma GCC unroll 4
        for (size_t j = 0; j < 4; j++) {
            vst1_s32(to + 2 * j, vget_low_s32(sum[i][j]));
            vst1_s32(to + panels * MOTE_P8K8 + 2 * j, vget_high_s32(sum[i][j]));
        }
    }
}

static void four_rows(const struct mote_s8_tile *t)
{
    sum_tile(t, 4, 2);
}

static void two_rows(const struct mote_s8_tile *t)
{
    sum_tile(t, 2, 4);
}

static void one_row(const struct mote_s8_tile *t)
{
    sum_tile_sdot(t, 1, 4);
}

void mote_dense_s8_i8mm(const struct mote_dense_s8 *d)
{
    static const struct mote_s8_version version = {
        .tiles = {{four_rows, 4, 2}, {two_rows, 2, 4}, {one_row, 1, 4}},
        .finish = finish,
    };
    mote_dense_s8_tiled(d, &version);
}
