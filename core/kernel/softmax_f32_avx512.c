/* core/kernel/softmax_f32_avx512.c - see core/kernel/vector.h */
#include "core/kernel/lanes_avx512.inc"

#include "core/kernel/softmax_f32_lanes.inc"

void mote_softmax_f32_avx512(const float *x, float *y, size_t rows, size_t n,
                             float scale)
{
    softmax_f32(x, y, rows, n, scale);
}
