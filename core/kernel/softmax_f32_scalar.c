/* core/kernel/softmax_f32_scalar.c - see core/kernel/vector.h */
#include "core/kernel/sum16.h"
#include "core/kernel/vector.h"

void mote_softmax_f32_scalar(const float *x, float *y, size_t rows, size_t n,
                             float scale)
{
    for (size_t r = 0; r < rows; r++, x += n, y += n) {
        float lane[MOTE_LANES] = {0}, top = x[0];

        for (size_t k = 1; k < n; k++)
            top = x[k] > top ? x[k] : top;
        for (size_t k = 0; k < n; k++) {
            y[k] = mote_expf((x[k] - top) * scale);
            lane[k % MOTE_LANES] += y[k];
        }
        const float inverse = 1.0f / mote_sum16_fold(lane);
        for (size_t k = 0; k < n; k++)
            y[k] *= inverse;
    }
}
