/*
 * core/kernel/dense_s8_neon.c - see core/kernel/dense.h
 *
 * For processors without the dot product instruction: products of two blocks
 * are added in 16 bits, 2 * 128 * 127 = 32512 fits, then pairs in 32.
 */
#include "core/kernel/dense_s8_arm.inc"

/* Adds to 8 outputs, four lanes each, their products with 8 bytes of a row,
 * and with 8 more of the next block. */
static inline __attribute__((always_inline)) void
add_two_blocks(int32x4_t sum[8], const int8_t *w, int8x8_t x, int8x8_t x2)
{
#pragma GCC unroll 8
    for (size_t i = 0; i < 8; i++) {
        const int8_t *row = w + i * MOTE_P8K8;
        const int16x8_t pairs = vmlal_s8(vmull_s8(x, vld1_s8(row)), x2,
                                         vld1_s8(row + MOTE_P8K8_BYTES));
        sum[i] = vpadalq_s16(sum[i], pairs);
    }
}

static inline __attribute__((always_inline)) void
add_block(int32x4_t sum[8], const int8_t *w, int8x8_t x)
{
#pragma GCC unroll 8
    for (size_t i = 0; i < 8; i++)
        sum[i] = vpadalq_s16(sum[i], vmull_s8(x, vld1_s8(w + i * MOTE_P8K8)));
}

/* Compiled once for each pair of constants, with all sums in registers. */
static inline __attribute__((always_inline)) void
sum_tile(const struct mote_s8_tile *t, const size_t rows, const size_t panels)
{
    const size_t blocks = t->blocks;
    int32x4_t sum[2][8];
    size_t k = 0;

#pragma GCC unroll 16
    for (size_t i = 0; i < rows * panels * 8; i++)
        sum[i / 8][i % 8] = vdupq_n_s32(0);
    for (; k + 2 <= blocks; k += 2)
#pragma GCC unroll 2
        for (size_t i = 0; i < rows * panels; i++) {
            const int8_t *x = t->q + i / panels * t->q_stride + k * MOTE_P8K8;
            add_two_blocks(sum[i], t->w[i % panels] + k * MOTE_P8K8_BYTES,
                           vld1_s8(x), vld1_s8(x + MOTE_P8K8));
        }
    if (k < blocks)
#pragma GCC unroll 2
        for (size_t i = 0; i < rows * panels; i++)
            add_block(sum[i], t->w[i % panels] + k * MOTE_P8K8_BYTES,
                      vld1_s8(t->q + i / panels * t->q_stride + k * MOTE_P8K8));
    if (t->last)
#pragma GCC unroll 2
        for (size_t i = 0; i < rows * panels; i++)
            add_block(sum[i], t->w[i % panels] + blocks * MOTE_P8K8_BYTES,
                      vld1_s8(t->last + i / panels * MOTE_P8K8));
#pragma GCC unroll 4
    for (size_t i = 0; i < rows * panels * 2; i++) {
        const int32x4_t *s = sum[i / 2] + i % 2 * 4;
        vst1q_s32(t->sum + i * 4,
                  vpaddq_s32(vpaddq_s32(s[0], s[1]), vpaddq_s32(s[2], s[3])));
    }
}

static void two_rows(const struct mote_s8_tile *t)
{
    sum_tile(t, 2, 1);
}

static void one_row(const struct mote_s8_tile *t)
{
    sum_tile(t, 1, 2);
}

void mote_dense_s8_neon(const struct mote_dense_s8 *d)
{
    static const struct mote_s8_version version = {
        .tiles = {{two_rows, 2, 1}, {one_row, 1, 2}},
        .finish = finish,
        .finish_s8 = finish_s8,
    };
    mote_dense_s8_tiled(d, &version);
}
