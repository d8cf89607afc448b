/*
 * core/kernel/norm_f32_lanes.h - mote_norm_f32 in lanes: see
 * core/kernel/vector.h and core/kernel/lanes.h.
 */
#include "core/base/maths.h"
#include "core/kernel/lanes.h"
#include "core/kernel/vector.h"

/* y = x + r, and its sum. */
LANES_INLINE float norm_add(const float *x, const float *r, float *y, size_t n)
{
    struct lanes16 sum = lanes16_all(0);

    for (size_t k = 0; k < n; k += 16) {
        struct lanes16 h = lanes16_load(x + k, n - k);
        if (r) {
            const struct lanes16 other = lanes16_load(r + k, n - k);
            LANES16_EACH(i)
            {
                h.part[i] = lanes_add(h.part[i], other.part[i]);
            }
        }
        lanes16_store(y + k, n - k, h);
        LANES16_EACH(i)
        {
            sum.part[i] = lanes_add(sum.part[i], h.part[i]);
        }
    }
    return lanes16_fold(sum);
}

/* Sum of (h - m)^2. */
LANES_INLINE float norm_squares(const float *h, size_t n, float m)
{
    struct lanes16 sum = lanes16_all(0);

    for (size_t k = 0; k < n; k += 16) {
        struct lanes16 d = lanes16_load(h + k, n - k);
        LANES16_EACH(i)
        {
            d.part[i] = lanes_sub(d.part[i], lanes_all(m));
        }
        d = lanes16_first(d, n - k);
        LANES16_EACH(i)
        {
            sum.part[i] = lanes_fma(d.part[i], d.part[i], sum.part[i]);
        }
    }
    return lanes16_fold(sum);
}

LANES_INLINE void norm_scale(float *y, const float *g, const float *b, size_t n,
                             float m, float inverse)
{
    for (size_t k = 0; k < n; k += LANES) {
        const size_t left = n - k;
        const lanes d = lanes_sub(lanes_load_some(y + k, left), lanes_all(m));
        const lanes shift = b ? lanes_load_some(b + k, left) : lanes_all(0);
        const lanes unit = lanes_mul(d, lanes_all(inverse));
        lanes_store_some(y + k, left,
                         lanes_fma(unit, lanes_load_some(g + k, left), shift));
    }
}

LANES_INLINE void norm_f32(const float *x, const float *r, const float *g,
                           const float *b, float *y, size_t rows, size_t n,
                           float eps, enum mote_norm kind)
{
    for (size_t i = 0; i < rows; i++, x += n, y += n, r += r ? n : 0) {
        const float sum = norm_add(x, r, y, n);
        const float m = kind == MOTE_NORM_LAYER ? sum / (float)n : 0;
        const float v = norm_squares(y, n, m) / (float)n;
        norm_scale(y, g, b, n, m, 1.0f / __builtin_sqrtf(v + eps));
    }
}
