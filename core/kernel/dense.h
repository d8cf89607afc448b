/*
 * core/kernel/dense.h - matrix products with a bias and an activation.
 *
 *   y[r][i] = act(b[i] + sum over k of w[i][k] * x[r][k])
 *
 * In all of them: x [rows][n], y [rows][m] not overlapping x, b [m] or NULL
 * for zeros, every array aligned to its element. No scratch, nothing kept, no
 * errors: shapes were proven when the model was opened. The order of additions
 * is part of the contract (compress/FORMAT.md, arithmetic version 1), so every
 * version of a kernel gives the same bytes.
 */
#ifndef MOTE_KERNEL_DENSE_H
#define MOTE_KERNEL_DENSE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/cpu.h"
#include "core/kernel/activation.h"

/* w [m][n] in rows. Products are added from the first to the last, as a plain
 * loop does. activation: none or relu. */
void mote_dense_f64(const double *x, const double *w, const double *b,
                    double *y, size_t rows, size_t n, size_t m,
                    enum mote_activation activation);

/* w [m][n] in rows. 16 sums of fused multiply-adds, then a fixed tree.
 * activation: none or relu. */
typedef void mote_dense_f32_fn(const float *x, const float *w, const float *b,
                               float *y, size_t rows, size_t n, size_t m,
                               enum mote_activation activation);

/* Its versions: that for an instruction set, and the MOTE_CPU_... flags it
 * needs. The last one is scalar, needs nothing, and is the specification. */
struct mote_dense_f32_impl {
    const char *isa;
    uint32_t needs;
    mote_dense_f32_fn *fn;
};
extern const struct mote_dense_f32_impl mote_dense_f32_impls[];

#define MOTE_KERNEL(isa, fn, needs) mote_dense_f32_fn fn;
#include "core/kernel/dense_f32.inc"
#undef MOTE_KERNEL

/* The first version that needs no more than cpu. */
mote_dense_f32_fn *mote_dense_f32_select(uint32_t cpu);

/* Columns and rows to a block of layout P8K8, and its bytes. */
#define MOTE_P8K8 8
#define MOTE_P8K8_BYTES 64

/*
 *   y[r][i] = round(clamp((sum + b[i]) * c[i], low - zero, 127 - zero)) + zero
 *
 * sum      of products; adding b wraps around. Then one product in fp32
 * clamp    gives its lower bound for a NaN
 * round    to nearest even
 * b        [m], with the zero point of q in it: b[i] - zero_q * sum of w[i][k]
 * c        [m], scale of q times scale of w[i], over the scale of y
 * low      -128; zero when y is to be relu of it; zero in [-128, 127]
 */
struct mote_requantize {
    const int32_t *b;
    const float *c;
    int8_t *y; /* [rows][m], y_stride elements from row to row */
    int32_t zero, low;
};

/* y of one sum, with its b and c. */
static inline int8_t mote_requantize_one(int32_t sum, int32_t b, float c,
                                         int32_t zero, int32_t least)
{
    const float round = 0x1.8p23f; /* adding it rounds to an integer */
    const float low = (float)(least - zero), high = (float)(127 - zero);
    float x = (float)(int32_t)((uint32_t)sum + (uint32_t)b) * c;

    x = x > low ? x : low; /* a NaN is not */
    x = x < high ? x : high;
    return (int8_t)((int32_t)((x + round) - round) + zero);
}

/*
 *   y[r][i] = relu(fma(sum over k of q[r][k] * w[i][k], s[r] * c[i], b[i]))
 *
 * of a matrix in panels, or of some of its panels, or of some of its columns:
 * panels p and up are w, c, b and y moved there and a smaller m, columns k and
 * up (k a multiple of 8) are q and w moved there and a smaller n. So weights
 * that do not lie in one piece are fed one by one, panel after panel, and long
 * panels column after column:
 *
 * sums    NULL, or what earlier columns gave: [rows][m rounded up to 8], zeros
 *         before the first ones
 * more    the sums go back to `sums` and y is not written; n is a multiple of 8
 * exact   the columns of all calls together are at most 65536, so that the sum
 *         fits 32 bits: 65536 * 128 * 127 < 2^31
 * reads   of q nothing but its rows; of w whole blocks, with their padding of
 *         zeros
 * to_s8   NULL, or int8 results instead, as one scale for all rows gives them:
 *         s, c, b, y and relu are not used
 */
struct mote_dense_s8 {
    const int8_t *q; /* [rows][n], q_stride elements from row to row  */
    const float *s;  /* [rows], the scales of q                       */
    const int8_t *w; /* [m][n] in layout P8K8, never -128             */
    const float *c;  /* [m], the scales of w                          */
    const float *b;  /* [m], or NULL for zeros                        */
    float *y;        /* [rows][m], y_stride elements from row to row  */
    int32_t *sums;
    size_t rows, n, m, q_stride, y_stride;
    bool more, relu;
    const struct mote_requantize *to_s8;
};
typedef void mote_dense_s8_fn(const struct mote_dense_s8 *d);

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
