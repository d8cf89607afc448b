/*
 * core/kernel/dense_s8_i8mm.c - see core/kernel/dense.h
 *
 * smmla: 8 columns of two rows by 8 columns of two outputs, to the four sums
 * of these. Rows are packed in pairs, which saves the slots that putting them
 * together takes: on a Neoverse V1 or V2 126 products a cycle instead of 112,
 * of 128 (llvm-mca 19). For a single row half of smmla would be wasted, and
 * sdot is as good.
 */
#include "core/kernel/dense_s8_sdot.inc"

/* Four rows, packed: to each block two pairs of 8 bytes. */
static void pack(const int8_t *q, size_t q_stride, size_t n, int8_t *to)
{
    for (size_t k = 0; k < n; k += MOTE_P8K8)
        for (size_t r = 0; r < 4; r++, to += MOTE_P8K8) {
            const int8_t *at = q + r * q_stride + k;
            vst1_s8(to, n - k < MOTE_P8K8 ? load_some(at, n - k) : vld1_s8(at));
        }
}

/* Sums of a pair of rows and a pair of outputs lie in one register. */
static inline void store_pairs(const int32x4_t sum[4], int32_t *row,
                               int32_t *next_row)
{
#pragma GCC unroll 2
    for (size_t i = 0; i < 4; i += 2) {
        const int64x2_t a = vreinterpretq_s64_s32(sum[i]);
        const int64x2_t b = vreinterpretq_s64_s32(sum[i + 1]);
        vst1q_s32(row + 2 * i, vreinterpretq_s32_s64(vtrn1q_s64(a, b)));
        vst1q_s32(next_row + 2 * i, vreinterpretq_s32_s64(vtrn2q_s64(a, b)));
    }
}

static void four_rows(const struct mote_s8_tile *t)
{
    const int8_t *q = t->q, *w = t->w[0], *w2 = t->w[1];
    int32x4_t sum[4][4]; /* [pair of rows, panel][pair of outputs] */

#pragma GCC unroll 16
    for (size_t i = 0; i < 16; i++)
        sum[i / 4][i % 4] = vdupq_n_s32(0);
    for (size_t k = t->blocks; k; k--) {
        const int8x16_t x = vld1q_s8(q), x2 = vld1q_s8(q + 16);
#pragma GCC unroll 4
        for (size_t i = 0; i < 4; i++) {
            const int8x16_t low = vld1q_s8(w + i * 16);
            const int8x16_t high = vld1q_s8(w2 + i * 16);
            sum[0][i] = vmmlaq_s32(sum[0][i], x, low);
            sum[1][i] = vmmlaq_s32(sum[1][i], x, high);
            sum[2][i] = vmmlaq_s32(sum[2][i], x2, low);
            sum[3][i] = vmmlaq_s32(sum[3][i], x2, high);
        }
        q += 32, w += MOTE_P8K8_BYTES, w2 += MOTE_P8K8_BYTES;
    }
#pragma GCC unroll 2
    for (size_t i = 0; i < 2; i++) {
        int32_t *row = t->sum + i * 4 * MOTE_P8K8;
        store_pairs(sum[2 * i], row, row + 2 * MOTE_P8K8);
        store_pairs(sum[2 * i + 1], row + MOTE_P8K8, row + 3 * MOTE_P8K8);
    }
}

static void two_rows(const struct mote_s8_tile *t)
{
    sum_tile_sdot(t, 2, 2);
}

static void one_row(const struct mote_s8_tile *t)
{
    sum_tile_sdot(t, 1, 4);
}

void mote_dense_s8_i8mm(const struct mote_dense_s8 *d)
{
    static const struct mote_s8_version version = {
        .tiles = {{four_rows, 4, 2}, {two_rows, 2, 2}, {one_row, 1, 4}},
        .finish = finish,
        .finish_s8 = finish_s8,
        .pack = pack,
        .packed = 32,
    };
    mote_dense_s8_tiled(d, &version);
}
