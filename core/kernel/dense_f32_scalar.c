/* core/kernel/dense_f32_scalar.c - see core/kernel/dense.h */
#include "core/kernel/dense.h"
#include "core/kernel/sum16.h"

static float dot(const float *a, const float *b, size_t n)
{
    float lane[MOTE_LANES] = {0};

    for (size_t k = 0; k < n; k++)
        lane[k % MOTE_LANES] = mote_fmaf(a[k], b[k], lane[k % MOTE_LANES]);
    return mote_sum16_fold(lane);
}

void mote_dense_f32_scalar(const float *x, const float *w, const float *b,
                           float *y, size_t rows, size_t n, size_t m,
                           enum mote_activation activation)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < m; i++) {
            const float sum = dot(w + i * n, x + r * n, n);
            y[r * m + i] = mote_activate_f32(activation, b ? sum + b[i] : sum);
        }
}
