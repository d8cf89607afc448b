/* core/kernel/map_f32_scalar.c - see core/kernel/vector.h */
#include "core/kernel/vector.h"

static float apply(uint32_t kind, float x)
{
    switch (kind) {
    case MOTE_MAP_EXP:
        return mote_expf(x);
    case MOTE_MAP_ERF:
        return mote_erff(x);
    case MOTE_MAP_ABS:
        return mote_f32_of_bits(mote_f32_bits(x) & 0x7FFFFFFF);
    case MOTE_MAP_SQRT:
        return __builtin_sqrtf(x);
    case MOTE_MAP_NEG:
        return -x;
    case MOTE_MAP_RECIPROCAL:
        return 1.0f / x;
    }
    return mote_activate_f32(kind, x);
}

void mote_map_f32_scalar(const float *x, float *y, size_t n, uint32_t kind)
{
    for (size_t i = 0; i < n; i++)
        y[i] = apply(kind, x[i]);
}
