/* core/kernel/pool_f32_avx2.c - see core/kernel/conv.h */
#include "core/kernel/lanes_avx2.inc"

#include "core/kernel/pool_f32_lanes.inc"

void mote_pool_f32_avx2(const struct mote_taps *t, bool largest, float count)
{
    pool_f32(t, largest, count);
}
