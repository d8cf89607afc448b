/*
 * core/kernel/conv.h - windows that slide over a sequence or an image:
 * convolutions, depthwise ones and pooling.
 *
 * Channels last: a position has its channels side by side. A window has taps
 * in `high` rows of `wide`; those outside the input are left out. A kernel
 * works on a run of positions in one row that have the same taps inside, and
 * so knows nothing of padding; mote_window_slide finds the runs.
 *
 *                   wide = 3, dilation 2
 *     . x x x x x x x .      position 0: taps 1 and 2 are inside
 *     0   1   2              position 1: all three
 *       0   1   2
 *
 * In all of them: y overlaps nothing else, arrays are aligned to their element,
 * nothing beyond their ends is read, no scratch, no errors: shapes were proven
 * when the model was opened. The order of operations is part of the contract
 * (compress/FORMAT.md, arithmetic version 1), so every version of a kernel
 * gives the same bytes, but for the sign and payload of a NaN.
 */
#ifndef MOTE_KERNEL_CONV_H
#define MOTE_KERNEL_CONV_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/cpu.h"
#include "core/base/maths.h"

/* Positions of one row, and the taps that all of them have inside. Distances
 * are in floats. */
struct mote_taps {
    const float *x;        /* first tap of the first position, [n] */
    const float *w;        /* of that tap; what it is, each kernel says */
    const float *b;        /* [m], or NULL for zeros */
    float *y;              /* first position, [m] */
    size_t rows;           /* positions, */
    size_t x_step, y_step; /* from one to the next */
    size_t high, wide;     /* taps; there may be none */
    size_t x_high, x_wide; /* from tap to tap in x */
    size_t w_high, w_wide; /* and in w */
    size_t n, m;           /* channels of x and y */
    size_t w_row;          /* from row to row of w, where it has rows */
    bool relu;
};

/*
 * conv_f32
 *
 *   y[i] = relu(b[i] + sum over taps, over k, of x[k] * w[k][i])
 *
 * w      for each tap [n][m], its rows w_row apart
 * order  a sum starts at b[i]; products are added one after the other by fused
 *        multiply-adds: rows of taps from the top, in each the taps from the
 *        left, in each its k
 *
 * With one tap it is a matrix product whose weights lie by input, so that a
 * vector holds the sums of several outputs and none is folded.
 */
typedef void mote_conv_f32_fn(const struct mote_taps *t);

/*
 * depthwise_f32
 *
 *   y[i] = relu(b[i] + sum over taps of x[i] * w[i])
 *
 * w [m] for each tap, n = m; in the order of conv_f32
 */
typedef void mote_depthwise_f32_fn(const struct mote_taps *t);

/*
 * pool_f32: of n = m numbers, there is at least one tap, w and b are not used
 *
 * largest  starts at the first tap's; then x where x is above, else what was
 * else     the sum, by additions that start at the first tap's, over `count`
 */
typedef void mote_pool_f32_fn(const struct mote_taps *t, bool largest,
                              float count);

/* Their versions: that for an instruction set, and the MOTE_CPU_... flags it
 * needs. The last one is scalar, needs nothing, and is the specification. */
struct mote_conv_f32_impl {
    const char *isa;
    uint32_t needs;
    mote_conv_f32_fn *fn;
};
struct mote_depthwise_f32_impl {
    const char *isa;
    uint32_t needs;
    mote_depthwise_f32_fn *fn;
};
struct mote_pool_f32_impl {
    const char *isa;
    uint32_t needs;
    mote_pool_f32_fn *fn;
};
extern const struct mote_conv_f32_impl mote_conv_f32_impls[];
extern const struct mote_depthwise_f32_impl mote_depthwise_f32_impls[];
extern const struct mote_pool_f32_impl mote_pool_f32_impls[];

#define MOTE_KERNEL(isa, fn, needs) mote_conv_f32_fn fn;
#include "core/kernel/conv_f32.inc"
#undef MOTE_KERNEL
#define MOTE_KERNEL(isa, fn, needs) mote_depthwise_f32_fn fn;
#include "core/kernel/depthwise_f32.inc"
#undef MOTE_KERNEL
#define MOTE_KERNEL(isa, fn, needs) mote_pool_f32_fn fn;
#include "core/kernel/pool_f32.inc"
#undef MOTE_KERNEL

/* The first version of each that needs no more than cpu. */
mote_conv_f32_fn *mote_conv_f32_select(uint32_t cpu);
mote_depthwise_f32_fn *mote_depthwise_f32_select(uint32_t cpu);
mote_pool_f32_fn *mote_pool_f32_select(uint32_t cpu);

#endif
