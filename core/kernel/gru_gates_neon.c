/* core/kernel/gru_gates_neon.c - see core/kernel/recurrent.h */
#include "core/kernel/lanes_neon.inc"

#include "core/kernel/gru_gates_lanes.inc"

void mote_gru_gates_neon(const struct mote_gru_gates *g,
                         enum mote_gru_part part)
{
    gru_gates(g, part);
}
