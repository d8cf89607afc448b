/* core/kernel/binary_f32_avx2.c - see core/kernel/vector.h */
#include "core/kernel/lanes_avx2.inc"

#include "core/kernel/binary_f32_lanes.inc"

void mote_binary_f32_avx2(const float *a, const float *b, float *y, size_t rows,
                          size_t n, bool one, enum mote_binary kind)
{
    binary_f32(a, b, y, rows, n, one, kind);
}
