/* core/kernel/table.c - see core/kernel/table.h */
#include "core/kernel/table.h"
#include "core/base/mem.h"

static bool is_equal(double a, double b)
{
    return a == b || (a != a && b != b);
}

void mote_columns(const void *x, const uint32_t *index, void *y, size_t rows,
                  size_t n, size_t m, size_t bytes)
{
    const uint8_t *from = x;
    uint8_t *to = y;

    for (size_t r = 0; r < rows; r++, from += n * bytes)
        for (size_t j = 0; j < m; j++, to += bytes)
            memcpy(to, from + index[j] * bytes, bytes);
}

void mote_fill(const double *x, const double *what, const double *with,
               double *y, size_t rows, size_t n)
{
    for (size_t i = 0; i < rows * n; i++)
        y[i] = is_equal(x[i], what[i % n]) ? with[i % n] : x[i];
}

/* How many of n ascending keys are x or less. */
static uint32_t count_up_to(const double *keys, uint32_t n, double x)
{
    uint32_t low = 0;

    while (low < n) {
        const uint32_t middle = low + (n - low) / 2;
        if (keys[middle] <= x)
            low = middle + 1;
        else
            n = middle;
    }
    return low;
}

static double encode(const struct mote_encode_tables *e, double x, size_t k)
{
    const uint32_t first = e->starts[k];

    if (x != x)
        return e->missing[k];
    const uint32_t count =
        count_up_to(e->keys + first, e->starts[k + 1] - first, x);
    if (count == 0 || !(e->floor || e->keys[first + count - 1] == x))
        return e->other[k];
    return e->values[first + count - 1];
}

void mote_encode_columns(const struct mote_encode_tables *e, const double *x,
                         double *y, size_t rows, size_t n)
{
    for (size_t i = 0; i < rows * n; i++)
        y[i] = encode(e, x[i], i % n);
}

void mote_equal(const double *x, const uint32_t *columns, const double *values,
                double *y, size_t rows, size_t n, size_t m)
{
    for (size_t r = 0; r < rows; r++, x += n, y += m)
        for (size_t j = 0; j < m; j++)
            y[j] = is_equal(x[columns[j]], values[j]);
}

void mote_products(const double *x, const int32_t *factors,
                   const int32_t *earlier, double *y, size_t rows, size_t n,
                   size_t m)
{
    for (size_t r = 0; r < rows; r++, x += n, y += m)
        for (size_t j = 0; j < m; j++) {
            y[j] = factors[j] < 0 ? 1 : x[factors[j]];
            if (earlier[j] >= 0)
                y[j] *= y[earlier[j]];
        }
}

void mote_distance(const double *x, const double *vectors, double *y,
                   size_t rows, size_t n, size_t m)
{
    for (size_t r = 0; r < rows; r++, x += n, y += m)
        for (size_t j = 0; j < m; j++) {
            const double *v = vectors + j * n;
            double sum = 0;
            for (size_t k = 0; k < n; k++)
                sum += (x[k] - v[k]) * (x[k] - v[k]);
            y[j] = sum;
        }
}

static double leaf_value(const struct mote_linear_leaves *l, const double *x,
                         size_t leaf)
{
    double sum = l->constants[leaf];

    for (uint32_t i = l->starts[leaf]; i < l->starts[leaf + 1]; i++) {
        const double one = x[l->columns[i]];
        if (one != one)
            return l->fallback[leaf];
        sum += one * l->coefficients[i];
    }
    return sum;
}

size_t mote_linear_leaves(const struct mote_linear_leaves *l, const double *x,
                          const double *leaf, double *y, size_t rows, size_t n,
                          size_t m)
{
    for (size_t r = 0; r < rows; r++, x += n, leaf += l->trees, y += m) {
        memset(y, 0, m * sizeof *y);
        for (size_t t = 0; t < l->trees; t++) {
            if (!(leaf[t] >= 0 && leaf[t] < (double)l->leaves))
                return r; /* a NaN as well */
            y[l->targets[t]] += leaf_value(l, x, (size_t)leaf[t]);
        }
    }
    return rows;
}
