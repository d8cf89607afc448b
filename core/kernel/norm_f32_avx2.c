/* core/kernel/norm_f32_avx2.c - see core/kernel/vector.h */
#include "core/kernel/lanes_avx2.inc"

#include "core/kernel/norm_f32_lanes.inc"

void mote_norm_f32_avx2(const float *x, const float *r, const float *g,
                        const float *b, float *y, size_t rows, size_t n,
                        float eps, enum mote_norm kind)
{
    norm_f32(x, r, g, b, y, rows, n, eps, kind);
}
