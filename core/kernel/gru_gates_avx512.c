/* core/kernel/gru_gates_avx512.c - see core/kernel/recurrent.h */
#include "core/kernel/lanes_avx512.inc"

#include "core/kernel/gru_gates_lanes.inc"

void mote_gru_gates_avx512(const struct mote_gru_gates *g,
                           enum mote_gru_part part)
{
    gru_gates(g, part);
}
