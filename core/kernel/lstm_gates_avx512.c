/* core/kernel/lstm_gates_avx512.c - see core/kernel/recurrent.h */
#include "core/kernel/lanes_avx512.inc"

#include "core/kernel/lstm_gates_lanes.inc"

void mote_lstm_gates_avx512(const float *a, const float *u, float *c, float *y,
                            size_t n)
{
    lstm_gates(a, u, c, y, n);
}
