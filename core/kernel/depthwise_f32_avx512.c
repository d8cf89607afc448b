/* core/kernel/depthwise_f32_avx512.c - see core/kernel/conv.h */
#include "core/kernel/lanes_avx512.inc"

#include "core/kernel/depthwise_f32_lanes.inc"

void mote_depthwise_f32_avx512(const struct mote_taps *t)
{
    depthwise_f32(t);
}
