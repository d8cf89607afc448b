/* core/kernel/conv_f32_avx2.c - see core/kernel/conv.h */
#include "core/kernel/lanes_avx2.inc"

#define CONV_ROWS 6
#define CONV_VECS 2
#define CONV_WIDE 12
#include "core/kernel/conv_f32_lanes.inc"

void mote_conv_f32_avx2(const struct mote_taps *t)
{
    conv_f32(t);
}
