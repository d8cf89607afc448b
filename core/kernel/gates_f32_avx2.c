/* core/kernel/gates_f32_avx2.c - see core/kernel/recurrent.h */
#include "core/kernel/lanes_avx2.inc"

#include "core/kernel/gates_f32_lanes.inc"

void mote_gates_f32_avx2(const struct mote_gates_step *g,
                         enum mote_gates_part part)
{
    gates_f32(g, part);
}
