/* core/kernel/scale_s8_scalar.c - see core/kernel/vector.h */
#include "core/kernel/vector.h"

void mote_scale_s8_scalar(const float *a, const int8_t *w, float scale,
                          float *y, size_t n)
{
    for (size_t k = 0; k < n; k++)
        y[k] = mote_fmaf(w[k], scale, a ? a[k] : 0);
}
