/* core/kernel/conv_f32_neon.c - see core/kernel/conv.h */
#include "core/kernel/lanes_neon.inc"

#define CONV_ROWS 6
#define CONV_VECS 4
#define CONV_WIDE 12
#include "core/kernel/conv_f32_lanes.inc"

void mote_conv_f32_neon(const struct mote_taps *t)
{
    conv_f32(t);
}
