/*
 * core/kernel/lanes_softmax.h - the two halves of a softmax over a row in
 * lanes, for mote_softmax_f32 and attention.
 */
#ifndef MOTE_KERNEL_LANES_SOFTMAX_H
#define MOTE_KERNEL_LANES_SOFTMAX_H

#include "core/kernel/lanes.h"
#include "core/kernel/lanes_maths.h"

LANES_INLINE float lanes_row_largest(const float *x, size_t n)
{
    lanes top = lanes_all(x[0]);
    size_t k = 0;

    for (; k + LANES <= n; k += LANES)
        top = lanes_max(lanes_load(x + k), top);
    float largest = lanes_largest(top);
    for (; k < n; k++)
        largest = x[k] > largest ? x[k] : largest;
    return largest;
}

/* y = exp((x - top) * scale); returns 1 / their sum. */
LANES_INLINE float lanes_row_exp(const float *x, float *y, size_t n, float top,
                                 float scale)
{
    struct lanes16 sum = lanes16_all(0);

    for (size_t k = 0; k < n; k += 16) {
        struct lanes16 e = lanes16_load(x + k, n - k);
        LANES16_EACH(i)
        {
            const lanes below = lanes_sub(e.part[i], lanes_all(top));
            e.part[i] = lanes_exp_below(lanes_mul(below, lanes_all(scale)));
        }
        e = lanes16_first(e, n - k);
        lanes16_store(y + k, n - k, e);
        LANES16_EACH(i)
        {
            sum.part[i] = lanes_add(sum.part[i], e.part[i]);
        }
    }
    return 1.0f / lanes16_fold(sum);
}

LANES_INLINE void lanes_row_times(const float *x, float *y, size_t n,
                                  float factor)
{
    for (size_t k = 0; k < n; k += LANES)
        lanes_store_some(
            y + k, n - k,
            lanes_mul(lanes_load_some(x + k, n - k), lanes_all(factor)));
}

#endif
