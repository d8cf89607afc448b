/* core/kernel/normalize_f32.c - see core/kernel/vector.h */
#include "core/kernel/sum16.h"
#include "core/kernel/vector.h"

void mote_normalize_f32(const float *x, float *y, size_t rows, size_t n)
{
    const float least = 1e-12f;

    for (size_t r = 0; r < rows; r++, x += n, y += n) {
        float lane[MOTE_LANES] = {0};

        for (size_t k = 0; k < n; k++)
            lane[k % MOTE_LANES] = mote_fmaf(x[k], x[k], lane[k % MOTE_LANES]);
        const float size = __builtin_sqrtf(mote_sum16_fold(lane));
        const float inverse = 1.0f / (size < least ? least : size);
        for (size_t k = 0; k < n; k++)
            y[k] = x[k] * inverse;
    }
}
