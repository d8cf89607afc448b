/* core/kernel/dense_f64.c - see core/kernel/dense.h */
#include "core/kernel/dense.h"

void mote_dense_f64(const double *x, const double *w, const double *b,
                    double *y, size_t rows, size_t n, size_t m,
                    enum mote_activation activation)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < m; i++) {
            double sum = 0;
            for (size_t k = 0; k < n; k++)
                sum += w[i * n + k] * x[r * n + k];
            if (b)
                sum += b[i];
            if (activation == MOTE_ACTIVATION_RELU && sum < 0)
                sum = 0;
            y[r * m + i] = sum;
        }
}
