/* core/kernel/trees_missing.c - see core/kernel/trees.h */
#include "core/kernel/trees.h"

void mote_missing_f32(const float *x, const float *low, const float *high,
                      float *y, size_t rows, size_t n)
{
    for (size_t i = 0; i < rows * n; i++)
        y[i] = low[i % n] <= x[i] && x[i] <= high[i % n] ? __builtin_nanf("")
                                                         : x[i];
}

void mote_missing_f64(const double *x, const double *low, const double *high,
                      double *y, size_t rows, size_t n)
{
    for (size_t i = 0; i < rows * n; i++)
        y[i] = low[i % n] <= x[i] && x[i] <= high[i % n] ? __builtin_nan("")
                                                         : x[i];
}
