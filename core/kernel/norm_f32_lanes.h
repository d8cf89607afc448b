/*
 * core/kernel/norm_f32_lanes.h - mote_norm_f32 in lanes: see
 * core/kernel/vector.h and core/kernel/lanes.h.
 */
#include "core/base/maths.h"
#include "core/kernel/lanes.h"
#include "core/kernel/vector.h"

/* In each step n numbers are there, at most 16; in all but the last it is a
 * constant 16, and no step asks. */

/* y = x + r, added to sum. */
LANES_INLINE void norm_add_step(const float *x, const float *r, float *y,
                                size_t n, struct lanes16 *sum)
{
    struct lanes16 h = lanes16_load(x, n);

    if (r) {
        const struct lanes16 other = lanes16_load(r, n);
        LANES16_EACH(i)
        {
            h.part[i] = lanes_add(h.part[i], other.part[i]);
        }
    }
    lanes16_store(y, n, h);
    LANES16_EACH(i)
    {
        sum->part[i] = lanes_add(sum->part[i], h.part[i]);
    }
}

LANES_INLINE float norm_add(const float *x, const float *r, float *y, size_t n)
{
    struct lanes16 sum = lanes16_all(0);
    size_t k = 0;

    for (; k + 16 <= n; k += 16)
        norm_add_step(x + k, r ? r + k : NULL, y + k, 16, &sum);
    if (k < n)
        norm_add_step(x + k, r ? r + k : NULL, y + k, n - k, &sum);
    return lanes16_fold(sum);
}

/* (h - m)^2, added to sum. */
LANES_INLINE void norm_square_step(const float *h, size_t n, lanes m,
                                   struct lanes16 *sum)
{
    struct lanes16 d = lanes16_load(h, n);

    LANES16_EACH(i)
    {
        d.part[i] = lanes_sub(d.part[i], m);
    }
    d = lanes16_first(d, n);
    LANES16_EACH(i)
    {
        sum->part[i] = lanes_fma(d.part[i], d.part[i], sum->part[i]);
    }
}

LANES_INLINE float norm_squares(const float *h, size_t n, float m)
{
    struct lanes16 sum = lanes16_all(0);
    size_t k = 0;

    for (; k + 16 <= n; k += 16)
        norm_square_step(h + k, 16, lanes_all(m), &sum);
    if (k < n)
        norm_square_step(h + k, n - k, lanes_all(m), &sum);
    return lanes16_fold(sum);
}

LANES_INLINE void norm_scale_step(float *y, const float *g, const float *b,
                                  size_t n, lanes m, lanes inverse)
{
    const lanes d = lanes_sub(lanes_load_some(y, n), m);
    const lanes shift = b ? lanes_load_some(b, n) : lanes_all(0);
    const lanes unit = lanes_mul(d, inverse);

    lanes_store_some(y, n, lanes_fma(unit, lanes_load_some(g, n), shift));
}

LANES_INLINE void norm_scale(float *y, const float *g, const float *b, size_t n,
                             lanes m, lanes inverse)
{
    size_t k = 0;

    for (; k + LANES <= n; k += LANES)
        norm_scale_step(y + k, g + k, b ? b + k : NULL, LANES, m, inverse);
    if (k < n)
        norm_scale_step(y + k, g + k, b ? b + k : NULL, n - k, m, inverse);
}

LANES_INLINE void norm_f32(const float *x, const float *r, const float *g,
                           const float *b, float *y, size_t rows, size_t n,
                           float eps, enum mote_norm kind)
{
    for (size_t i = 0; i < rows; i++, x += n, y += n, r += r ? n : 0) {
        const float sum = norm_add(x, r, y, n);
        const float m = kind == MOTE_NORM_LAYER ? sum / (float)n : 0;
        const float v = norm_squares(y, n, m) / (float)n;
        norm_scale(y, g, b, n, lanes_all(m),
                   lanes_all(1.0f / __builtin_sqrtf(v + eps)));
    }
}
