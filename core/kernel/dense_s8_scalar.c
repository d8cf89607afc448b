/* core/kernel/dense_s8_scalar.c - see core/kernel/dense.h */
#include "core/kernel/dense.h"

/* Row i of w times q: every block of 8 columns lies 64 bytes behind the one
 * before, and row i has 8 bytes of each. */
static int32_t dot(const int8_t *q, const int8_t *w, size_t n, size_t i)
{
    const size_t blocks = (n + MOTE_P8K8 - 1) / MOTE_P8K8;
    const int8_t *row = w + i / MOTE_P8K8 * blocks * MOTE_P8K8 * MOTE_P8K8 +
                        i % MOTE_P8K8 * MOTE_P8K8;
    int32_t sum = 0;

    for (size_t k = 0; k < n; k++)
        sum +=
            q[k] * row[k / MOTE_P8K8 * MOTE_P8K8 * MOTE_P8K8 + k % MOTE_P8K8];
    return sum;
}

void mote_dense_s8_scalar(const int8_t *q, const float *s, const int8_t *w,
                          const float *c, const float *b, float *y, size_t rows,
                          size_t n, size_t m, enum mote_activation activation)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < m; i++) {
            const float sum = (float)dot(q + r * n, w, n, i);
            y[r * m + i] = mote_activate_f32(
                activation, mote_fmaf(sum, s[r] * c[i], b ? b[i] : 0));
        }
}
