/*
 * core/kernel/scale_s8_lanes.h - mote_scale_s8 in lanes: see
 * core/kernel/vector.h and core/kernel/lanes.h.
 */
#include "core/base/maths.h"
#include "core/kernel/lanes.h"
#include "core/kernel/vector.h"

LANES_INLINE void scale_s8(const float *a, const int8_t *w, float scale,
                           float *y, size_t n)
{
    const lanes factor = lanes_all(scale);
    size_t k = 0;

    for (; k + LANES <= n; k += LANES) {
        const lanes base = a ? lanes_load(a + k) : lanes_all(0);
        lanes_store(y + k, lanes_fma(lanes_of_s8(w + k), factor, base));
    }
    for (; k < n; k++)
        y[k] = mote_fmaf(w[k], scale, a ? a[k] : 0);
}
