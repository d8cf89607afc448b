/* core/kernel/map_f32_neon.c - see core/kernel/vector.h */
#include "core/kernel/lanes_neon.inc"

#include "core/kernel/map_f32_lanes.inc"

void mote_map_f32_neon(const float *x, float *y, size_t n, uint32_t kind)
{
    map_f32(x, y, n, kind);
}
