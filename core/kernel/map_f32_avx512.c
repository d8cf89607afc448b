/*
 * core/kernel/map_f32_avx512.c - see core/kernel/vector.h
 *
 * Only GELU, whose constants take more registers than AVX2 has; the others are
 * no faster in wide registers.
 */
#include "core/kernel/lanes_avx512.inc"

#include "core/kernel/map_f32_lanes.inc"

void mote_map_f32_avx512(const float *x, float *y, size_t n, uint32_t kind)
{
    if (kind == MOTE_ACTIVATION_GELU)
        map_each(x, y, n, MOTE_ACTIVATION_GELU);
    else
        mote_map_f32_avx2(x, y, n, kind);
}
