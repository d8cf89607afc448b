/*
 * core/kernel/map_f32_lanes.h - mote_map_f32 in lanes: see
 * core/kernel/vector.h and core/kernel/lanes.h.
 */
#include "core/kernel/lanes.h"
#include "core/kernel/lanes_maths.h"
#include "core/kernel/vector.h"

LANES_INLINE lanes map_apply(uint32_t kind, lanes x)
{
    switch (kind) {
    case MOTE_MAP_EXP:
        return lanes_exp(x);
    case MOTE_MAP_ERF:
        return lanes_erf(x);
    case MOTE_MAP_ABS:
        return lanes_abs(x);
    case MOTE_MAP_SQRT:
        return lanes_sqrt(x);
    case MOTE_MAP_NEG:
        return lanes_negate(x);
    case MOTE_MAP_RECIPROCAL:
        return lanes_div(lanes_all(1.0f), x);
    }
    return lanes_activate(kind, x);
}

/* kind is a constant in each use, so that the loop has one function in it. */
LANES_INLINE void map_each(const float *x, float *y, size_t n, uint32_t kind)
{
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        lanes_store(y + i, map_apply(kind, lanes_load(x + i)));
    if (i < n)
        lanes_store_part(y + i, n - i,
                         map_apply(kind, lanes_load_part(x + i, n - i)));
}

LANES_INLINE void map_f32(const float *x, float *y, size_t n, uint32_t kind)
{
    switch (kind) {
    case MOTE_ACTIVATION_RELU:
        map_each(x, y, n, MOTE_ACTIVATION_RELU);
        break;
    case MOTE_ACTIVATION_SIGMOID:
        map_each(x, y, n, MOTE_ACTIVATION_SIGMOID);
        break;
    case MOTE_ACTIVATION_TANH:
        map_each(x, y, n, MOTE_ACTIVATION_TANH);
        break;
    case MOTE_ACTIVATION_GELU:
        map_each(x, y, n, MOTE_ACTIVATION_GELU);
        break;
    case MOTE_ACTIVATION_GELU_TANH:
        map_each(x, y, n, MOTE_ACTIVATION_GELU_TANH);
        break;
    case MOTE_MAP_EXP:
        map_each(x, y, n, MOTE_MAP_EXP);
        break;
    case MOTE_MAP_ERF:
        map_each(x, y, n, MOTE_MAP_ERF);
        break;
    case MOTE_MAP_ABS:
        map_each(x, y, n, MOTE_MAP_ABS);
        break;
    case MOTE_MAP_SQRT:
        map_each(x, y, n, MOTE_MAP_SQRT);
        break;
    case MOTE_MAP_NEG:
        map_each(x, y, n, MOTE_MAP_NEG);
        break;
    default:
        map_each(x, y, n, MOTE_MAP_RECIPROCAL);
    }
}
