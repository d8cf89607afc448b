/* core/kernel/lstm_gates_neon.c - see core/kernel/recurrent.h */
#include "core/kernel/lanes_neon.inc"

#include "core/kernel/lstm_gates_lanes.inc"

void mote_lstm_gates_neon(const float *a, const float *u, float *c, float *y,
                          size_t n)
{
    lstm_gates(a, u, c, y, n);
}
