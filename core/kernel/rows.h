/*
 * core/kernel/rows.h - work done row by row, one row after another.
 *
 * In all of them: x [rows][n], n >= 1, y of the same shape and, where "in
 * place" is said, allowed to be x itself. The arithmetic is that of
 * compress/FORMAT.md, version 1.
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

/*
 * Symmetric int8 with a scale for each row: q = x / s rounded to nearest even,
 * s = max |x| / 127; a row whose largest is below 2^-120 counts as zeros, with
 * s = 1.
 *
 * q, s     [rows][n] in [-127, 127], [rows]
 * returns  rows; or the first row with a NaN or an infinity in it, and from
 *          there on q and s are not written
 */
size_t mote_quantize_rows(const float *x, int8_t *q, float *s, size_t rows,
                          size_t n);

/* e^x / sum of e^x over each row, without overflow. In place. */
void mote_softmax_rows(const float *x, float *y, size_t rows, size_t n);

/* x / sum of x over each row; 1/n each where that sum is 0. In place. */
void mote_share_rows(const float *x, float *y, size_t rows, size_t n);

/* Index of the first largest element of each row; -1 where there is a NaN. */
void mote_argmax_rows(const double *x, int32_t *y, size_t rows, size_t n);

#endif
