/*
 * core/kernel/dense_f32_tiles.h - what the fast versions of dense_f32 share.
 *
 * A version is two tiles, each the sums of a fixed number of rows and outputs:
 * one for a single row, one for several that share the loads of w. Beyond the
 * last output a tile is given that one again.
 */
#ifndef MOTE_KERNEL_DENSE_F32_TILES_H
#define MOTE_KERNEL_DENSE_F32_TILES_H

#include "core/base/mem.h"
#include "core/kernel/dense.h"

#define MOTE_F32_OUTPUTS 8 /* the widest tile's */
#define MOTE_F32_ROWS 4    /* the tallest tile's */

struct mote_f32_tile {
    const float *x; /* rows n apart */
    const float *w[MOTE_F32_OUTPUTS];
    size_t n;
    float *sum; /* [rows][outputs] */
};

struct mote_f32_version {
    void (*one_sum)(const struct mote_f32_tile *t);
    void (*sum)(const struct mote_f32_tile *t);
    size_t one_outputs, rows, outputs;
};

struct mote_f32_layer {
    const float *x, *w, *b;
    float *y;
    size_t n, m;
    bool relu;
};

/* Four outputs, by the compiler's own vectors. */
typedef float mote_f32x4 __attribute__((vector_size(16)));
typedef int32_t mote_s32x4 __attribute__((vector_size(16)));

static inline void finish_four(const float *sum, const float *b, float *y,
                               bool relu)
{
    mote_f32x4 out, bias;

    memcpy(&out, sum, sizeof out);
    if (b) {
        memcpy(&bias, b, sizeof bias);
        out += bias;
    }
    if (relu)
        out = (mote_f32x4)((mote_s32x4)out & ~(out < 0));
    memcpy(y, &out, sizeof out);
}

/* n outputs of a row. */
static inline void finish_some(const float *sum, const float *b, float *y,
                               size_t n, bool relu)
{
    size_t i = 0;

    for (; i + 4 <= n; i += 4)
        finish_four(sum + i, b ? b + i : NULL, y + i, relu);
    for (; i < n; i++) {
        const float out = b ? sum[i] + b[i] : sum[i];
        y[i] = relu && out < 0 ? 0 : out;
    }
}

/* Outputs from `first` to `end` of `rows` rows from r on. */
static inline __attribute__((always_inline)) void
run_rows(const struct mote_f32_layer *l, size_t r, size_t first, size_t end,
         size_t rows, size_t outputs,
         void (*sum_tile)(const struct mote_f32_tile *t))
{
    float sum[MOTE_F32_ROWS * MOTE_F32_OUTPUTS];
    struct mote_f32_tile t = {.x = l->x + r * l->n, .n = l->n, .sum = sum};

    for (size_t i = first; i < end; i += outputs) {
        const size_t left = end - i, count = left < outputs ? left : outputs;
        for (size_t j = 0; j < outputs; j++)
            t.w[j] = l->w + (i + (j < count ? j : count - 1)) * l->n;
        sum_tile(&t);
        for (size_t j = 0; j < rows; j++)
            finish_some(sum + j * outputs, l->b ? l->b + i : NULL,
                        l->y + (r + j) * l->m + i, count, l->relu);
    }
}

/* Outputs whose weights stay in the first cache while all rows pass: 16 KiB of
 * them, or as few as a tile has. */
static inline size_t outputs_at_once(size_t n)
{
    const size_t fit = 4096 / n / MOTE_F32_OUTPUTS * MOTE_F32_OUTPUTS;
    return fit ? fit : MOTE_F32_OUTPUTS;
}

static inline __attribute__((always_inline)) void
run_tiles(const struct mote_f32_layer *l, size_t rows,
          const struct mote_f32_version v)
{
    const size_t step = rows < v.rows ? l->m : outputs_at_once(l->n);

    for (size_t i = 0; i < l->m; i += step) {
        const size_t end = l->m - i < step ? l->m : i + step;
        size_t r = 0;
        for (; r + v.rows <= rows; r += v.rows)
            run_rows(l, r, i, end, v.rows, v.outputs, v.sum);
        for (; r < rows; r++)
            run_rows(l, r, i, end, 1, v.one_outputs, v.one_sum);
    }
}

#endif
