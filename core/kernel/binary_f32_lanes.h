/*
 * core/kernel/binary_f32_lanes.h - mote_binary_f32 in lanes: see
 * core/kernel/vector.h and core/kernel/lanes.h.
 */
#include "core/kernel/lanes.h"
#include "core/kernel/vector.h"

LANES_INLINE lanes binary_apply(enum mote_binary kind, lanes a, lanes b)
{
    switch (kind) {
    case MOTE_BINARY_ADD:
        return lanes_add(a, b);
    case MOTE_BINARY_SUB:
        return lanes_sub(a, b);
    case MOTE_BINARY_MUL:
        return lanes_mul(a, b);
    case MOTE_BINARY_DIV:
        return lanes_div(a, b);
    case MOTE_BINARY_MIN:
        return lanes_min(b, a);
    default:
        return lanes_max(b, a);
    }
}

LANES_INLINE void binary_step(const float *a, const float *b, float *y,
                              size_t n, bool one, enum mote_binary kind)
{
    const lanes other = one ? lanes_all(b[0]) : lanes_load_some(b, n);
    lanes_store_some(y, n, binary_apply(kind, lanes_load_some(a, n), other));
}

/* kind is a constant in each use, so that the loop has one operation in it. */
LANES_INLINE void binary_each(const float *a, const float *b, float *y,
                              size_t rows, size_t n, bool one,
                              enum mote_binary kind)
{
    for (size_t r = 0; r < rows; r++, a += n, y += n) {
        size_t k = 0;

        for (; k + LANES <= n; k += LANES)
            binary_step(a + k, one ? b : b + k, y + k, LANES, one, kind);
        if (k < n)
            binary_step(a + k, one ? b : b + k, y + k, n - k, one, kind);
    }
}

LANES_INLINE void binary_f32(const float *a, const float *b, float *y,
                             size_t rows, size_t n, bool one,
                             enum mote_binary kind)
{
    switch (kind) {
    case MOTE_BINARY_ADD:
        binary_each(a, b, y, rows, n, one, MOTE_BINARY_ADD);
        break;
    case MOTE_BINARY_SUB:
        binary_each(a, b, y, rows, n, one, MOTE_BINARY_SUB);
        break;
    case MOTE_BINARY_MUL:
        binary_each(a, b, y, rows, n, one, MOTE_BINARY_MUL);
        break;
    case MOTE_BINARY_DIV:
        binary_each(a, b, y, rows, n, one, MOTE_BINARY_DIV);
        break;
    case MOTE_BINARY_MIN:
        binary_each(a, b, y, rows, n, one, MOTE_BINARY_MIN);
        break;
    default:
        binary_each(a, b, y, rows, n, one, MOTE_BINARY_MAX);
    }
}
