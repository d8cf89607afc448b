/* core/kernel/scale_s8_avx512.c - see core/kernel/vector.h */
#include "core/kernel/lanes_avx512.inc"

#include "core/kernel/scale_s8_lanes.inc"

void mote_scale_s8_avx512(const float *a, const int8_t *w, float scale,
                          float *y, size_t n)
{
    scale_s8(a, w, scale, y, n);
}
