/* core/kernel/conv_f32_avx512.c - see core/kernel/conv.h */
#include "core/kernel/lanes_avx512.inc"

#define CONV_ROWS 8
#define CONV_VECS 2
#define CONV_WIDE 6
#include "core/kernel/conv_f32_lanes.inc"

void mote_conv_f32_avx512(const struct mote_taps *t)
{
    conv_f32(t);
}
