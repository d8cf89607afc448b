/* core/kernel/lstm_gates_scalar.c - see core/kernel/recurrent.h */
#include "core/kernel/recurrent.h"

void mote_lstm_gates_scalar(const float *a, const float *u, float *c, float *y,
                            size_t n)
{
    for (size_t k = 0; k < n; k++) {
        const float i = mote_sigmoidf(a[k] + u[k]);
        const float o = mote_sigmoidf(a[n + k] + u[n + k]);
        const float f = mote_sigmoidf(a[2 * n + k] + u[2 * n + k]);
        const float g = mote_tanhf(a[3 * n + k] + u[3 * n + k]);
        c[k] = mote_fmaf(f, c[k], i * g);
        y[k] = o * mote_tanhf(c[k]);
    }
}
