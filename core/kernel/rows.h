/*
 * core/kernel/rows.h - work done row by row, one row after another.
 *
 * In all of them: x [rows][n], n >= 1, y of the same shape unless another is
 * given; they do not overlap unless "in place" is said, then y may be x itself.
 * The arithmetic is that of compress/FORMAT.md, version 1.
 */
#ifndef MOTE_KERNEL_ROWS_H
#define MOTE_KERNEL_ROWS_H

#include <stddef.h>
#include <stdint.h>

/* y[r][k] = x[r][k] o v[k]; o is the operator of that name. In place. */
enum mote_rowwise {
    MOTE_ROWWISE_ADD,
    MOTE_ROWWISE_SUB,
    MOTE_ROWWISE_MUL,
    MOTE_ROWWISE_DIV,
    MOTE_ROWWISE_KINDS
};
void mote_rowwise(const double *x, const double *v, double *y, size_t rows,
                  size_t n, enum mote_rowwise kind);

/* e^x / sum of e^x over each row, without overflow: the row's largest is
 * subtracted first, in float64, so that large scores close to each other keep
 * their difference. */
void mote_softmax_rows(const double *x, float *y, size_t rows, size_t n);

/* The same in float64, each divided by the sum. */
void mote_softmax_rows_f64(const double *x, double *y, size_t rows, size_t n);

/*
 * s(x) / sum of s(x) over each row, s being the logistic function: one against
 * the rest, made to add up to 1. Done with the logarithms, l(x) = min(x, 0) -
 * ln(1 + e^-|x|), so that it holds where every s(x) is too small for a float.
 * Trainers compute s(x) as 1 / (1 + e^-x) in float64, which is 0 below
 * MOTE_SHARE_ZERO; so it is here, and where all of a row are 0 each gets 1/n.
 */
#define MOTE_SHARE_ZERO (-709.782712893384) /* e^709.79 overflows */
void mote_share_rows(const double *x, float *y, size_t rows, size_t n);

/* The same in float64, of the s(x) themselves. */
void mote_share_rows_f64(const double *x, double *y, size_t rows, size_t n);

/* y [rows]: index of the first largest element; -1 where there is a NaN. */
void mote_argmax_rows(const double *x, int32_t *y, size_t rows, size_t n);

#endif
