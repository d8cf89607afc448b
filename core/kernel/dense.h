/*
 * core/kernel/dense.h - matrix products with a bias and an activation.
 *
 *   y[r][m] = act(b[m] + sum over k of w[m][k] * x[r][k])
 *
 * In all of them: x [rows][n], y [rows][m] not overlapping x, b [m] or NULL
 * for zeros, every array aligned to its element. No scratch, nothing kept, no
 * errors: shapes were proven when the model was opened. The order of additions
 * is part of the contract (compress/FORMAT.md, arithmetic version 1), so every
 * version of a kernel gives the same bytes.
 */
#ifndef MOTE_KERNEL_DENSE_H
#define MOTE_KERNEL_DENSE_H

#include <stddef.h>

#include "core/base/cpu.h"
#include "core/kernel/activation.h"

/* w [m][n] in rows. Products are added from the first to the last, as a plain
 * loop does. activation: none or relu. */
void mote_dense_f64(const double *x, const double *w, const double *b,
                    double *y, size_t rows, size_t n, size_t m,
                    enum mote_activation activation);

/* w [m][n] in rows. 16 sums of fused multiply-adds, then a fixed tree. */
void mote_dense_f32(const float *x, const float *w, const float *b, float *y,
                    size_t rows, size_t n, size_t m,
                    enum mote_activation activation);

/* Columns and rows to a block of layout P8K8. */
#define MOTE_P8K8 8

/*
 *   y[r][m] = act(fma(sum of q[r][k] * w[m][k], s[r] * c[m], b[m]))
 *
 * q   [rows][n], in [-127, 127], its scale s [rows]
 * w   [m][n] in layout P8K8, never -128, its scales c [m]
 * n   at most 65536, so that the sum of products is exact in 32 bits:
 *     65536 * 127 * 127 < 2^31
 */
typedef void mote_dense_s8_fn(const int8_t *q, const float *s, const int8_t *w,
                              const float *c, const float *b, float *y,
                              size_t rows, size_t n, size_t m,
                              enum mote_activation activation);

/* Its versions: that for an instruction set, and the MOTE_CPU_... flags it
 * needs. The last one is scalar, needs nothing, and is the specification. */
struct mote_dense_s8_impl {
    const char *isa;
    uint32_t needs;
    mote_dense_s8_fn *fn;
};
extern const struct mote_dense_s8_impl mote_dense_s8_impls[];

#define MOTE_KERNEL(isa, fn, needs) mote_dense_s8_fn fn;
#include "core/kernel/dense_s8.inc"
#undef MOTE_KERNEL

/* The first version that needs no more than cpu. */
mote_dense_s8_fn *mote_dense_s8_select(uint32_t cpu);

#endif
