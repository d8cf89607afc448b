/* core/kernel/pool_f32_neon.c - see core/kernel/conv.h */
#include "core/kernel/lanes_neon.inc"

#include "core/kernel/pool_f32_lanes.inc"

void mote_pool_f32_neon(const struct mote_taps *t, bool largest, float count)
{
    pool_f32(t, largest, count);
}
