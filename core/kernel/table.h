/*
 * core/kernel/table.h - what stands between the columns of a table and a
 * model: picking, filling, encoding, comparing and multiplying them, distances,
 * and trees whose leaves are linear.
 *
 * In all of them x [rows][n] and y [rows][m], or [rows][n] where no m is
 * given; they do not overlap, unless "in place" is said: then y may be x.
 * Indices are in range, and what leads into a table leads into it: a model's
 * check has proven it. Two numbers are equal if they compare so or are both a
 * NaN. The arithmetic is that of compress/FORMAT.md, version 1; one version
 * each, because a request has few rows.
 */
#ifndef MOTE_KERNEL_TABLE_H
#define MOTE_KERNEL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* y[j] = x[index[j]], elements of `bytes` bytes, 4 or 8. */
void mote_columns(const void *x, const uint32_t *index, void *y, size_t rows,
                  size_t n, size_t m, size_t bytes);

/* y[k] = with[k] where x[k] equals what[k], else x[k]. In place. */
void mote_fill(const double *x, const double *what, const double *with,
               double *y, size_t rows, size_t n);

/*
 * Column k has the keys from starts[k] to starts[k + 1], ascending, each with
 * a value. y[k] is the value of the key that equals x[k], or, when `floor`, of
 * the last key that is x[k] or less; other[k] if there is none; missing[k] for
 * a NaN. In place.
 */
struct mote_encode_tables {
    const uint32_t *starts; /* [n + 1] */
    const double *keys, *values;
    const double *other, *missing; /* [n]     */
    bool floor;
};
void mote_encode_columns(const struct mote_encode_tables *e, const double *x,
                         double *y, size_t rows, size_t n);

/* y[j] = 1 where x[columns[j]] equals values[j], else 0. */
void mote_equal(const double *x, const uint32_t *columns, const double *values,
                double *y, size_t rows, size_t n, size_t m);

/* y[j] = x[factors[j]] * y[earlier[j]], earlier[j] below j. A negative index
 * is no factor; without both, y[j] is 1. */
void mote_products(const double *x, const int32_t *factors,
                   const int32_t *earlier, double *y, size_t rows, size_t n,
                   size_t m);

/* y[j] = sum over k, from the first on, of (x[k] - vectors[j][k])^2. */
void mote_distance(const double *x, const double *vectors, double *y,
                   size_t rows, size_t n, size_t m);

/*
 * A forest whose leaves are linear. The leaf numbers of a row, leaf [trees],
 * say which leaf each tree has come to. A leaf is constants[leaf] +
 * x[columns[i]]
 * * coefficients[i], added for i from starts[leaf] to starts[leaf + 1]; or it
 * is fallback[leaf], if one of these x is a NaN. Each is added to
 * y[targets[tree]], in the order of the trees, from 0 on.
 */
struct mote_linear_leaves {
    const uint32_t *starts; /* [leaves + 1] */
    const uint32_t *columns;
    const double *coefficients;
    const double *constants, *fallback; /* [leaves] */
    const uint32_t *targets;            /* [trees]  */
    size_t leaves, trees;
};

/* Rows done: all of them, or those before the first row with a number that is
 * no leaf's. */
size_t mote_linear_leaves(const struct mote_linear_leaves *l, const double *x,
                          const double *leaf, double *y, size_t rows, size_t n,
                          size_t m);

#endif
