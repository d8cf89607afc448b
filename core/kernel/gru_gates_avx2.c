/* core/kernel/gru_gates_avx2.c - see core/kernel/recurrent.h */
#include "core/kernel/lanes_avx2.inc"

#include "core/kernel/gru_gates_lanes.inc"

void mote_gru_gates_avx2(const struct mote_gru_gates *g,
                         enum mote_gru_part part)
{
    gru_gates(g, part);
}
