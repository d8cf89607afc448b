/*
 * core/kernel/softmax_f32_lanes.h - mote_softmax_f32 in lanes: see
 * core/kernel/vector.h and core/kernel/lanes.h.
 */
#include "core/kernel/lanes_softmax.h"
#include "core/kernel/vector.h"

LANES_INLINE void softmax_f32(const float *x, float *y, size_t rows, size_t n,
                              float scale)
{
    for (size_t r = 0; r < rows; r++, x += n, y += n) {
        const float top = lanes_row_largest(x, n);
        const float inverse = lanes_row_exp(x, y, n, top, scale);
        lanes_row_times(y, y, n, inverse);
    }
}
