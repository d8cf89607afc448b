/* core/kernel/depthwise_f32_neon.c - see core/kernel/conv.h */
#include "core/kernel/lanes_neon.inc"

#include "core/kernel/depthwise_f32_lanes.inc"

void mote_depthwise_f32_neon(const struct mote_taps *t)
{
    depthwise_f32(t);
}
