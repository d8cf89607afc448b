/*
 * core/kernel/dense_s8_dotprod.c - see core/kernel/dense_s8_sdot.inc
 *
 * Doubling 8 bytes takes a slot that an sdot could have. For four rows it is
 * done beforehand: on a Neoverse N1 31.8 products a cycle instead of 28.2, of
 * 32 (llvm-mca 19).
 */
#include "core/kernel/dense_s8_sdot.inc"

/* Four rows, packed: to each block 16 bytes of each row, its 8 bytes twice. */
static void pack(const int8_t *q, size_t q_stride, size_t n, int8_t *to)
{
    for (size_t k = 0; k < n; k += MOTE_P8K8)
        for (size_t r = 0; r < 4; r++, to += 16) {
            const int8_t *at = q + r * q_stride + k;
            const int8x8_t x =
                n - k < MOTE_P8K8 ? load_some(at, n - k) : vld1_s8(at);
            vst1_s8(to, x);
            vst1_s8(to + MOTE_P8K8, x);
        }
}

static void four_rows(const struct mote_s8_tile *t)
{
    const int8_t *q = t->q, *w = t->w[0];
    int32x4_t sum[4][4];

#pragma GCC unroll 16
    for (size_t i = 0; i < 16; i++)
        sum[i / 4][i % 4] = vdupq_n_s32(0);
    for (size_t k = t->blocks; k; k--, q += 64, w += MOTE_P8K8_BYTES)
#pragma GCC unroll 16
        for (size_t i = 0; i < 16; i++)
            sum[i / 4][i % 4] =
                vdotq_s32(sum[i / 4][i % 4], vld1q_s8(w + i % 4 * 16),
                          vld1q_s8(q + i / 4 * 16));
#pragma GCC unroll 8
    for (size_t i = 0; i < 8; i++) {
        const int32x4_t *s = sum[i / 2] + i % 2 * 2;
        vst1q_s32(t->sum + i * 4, vpaddq_s32(s[0], s[1]));
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

void mote_dense_s8_dotprod(const struct mote_dense_s8 *d)
{
    static const struct mote_s8_version version = {
        .tiles = {{four_rows, 4, 1}, {two_rows, 2, 2}, {one_row, 1, 4}},
        .finish = finish,
        .finish_s8 = finish_s8,
        .pack = pack,
        .packed = 64,
    };
    mote_dense_s8_tiled(d, &version);
}
