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

/* y = exp((x - top) * scale) of n numbers, at most 16, added to sum. */
LANES_INLINE void lanes_row_exp_step(const float *x, float *y, size_t n,
                                     lanes top, lanes scale,
                                     struct lanes16 *sum)
{
    struct lanes16 e = lanes16_load(x, n);

    LANES16_EACH(i)
    {
        const lanes below = lanes_sub(e.part[i], top);
        e.part[i] = lanes_exp_below(lanes_mul(below, scale));
    }
    e = lanes16_first(e, n);
    lanes16_store(y, n, e);
    LANES16_EACH(i)
    {
        sum->part[i] = lanes_add(sum->part[i], e.part[i]);
    }
}

/* The same of a row; returns 1 / their sum. */
LANES_INLINE float lanes_row_exp(const float *x, float *y, size_t n, float top,
                                 float scale)
{
    const lanes tops = lanes_all(top), scales = lanes_all(scale);
    struct lanes16 sum = lanes16_all(0);
    size_t k = 0;

    for (; k + 16 <= n; k += 16)
        lanes_row_exp_step(x + k, y + k, 16, tops, scales, &sum);
    if (k < n)
        lanes_row_exp_step(x + k, y + k, n - k, tops, scales, &sum);
    return 1.0f / lanes16_fold(sum);
}

LANES_INLINE void lanes_row_times(const float *x, float *y, size_t n,
                                  float factor)
{
    const lanes all = lanes_all(factor);
    size_t k = 0;

    for (; k + LANES <= n; k += LANES)
        lanes_store(y + k, lanes_mul(lanes_load(x + k), all));
    if (k < n)
        lanes_store_part(y + k, n - k,
                         lanes_mul(lanes_load_part(x + k, n - k), all));
}

#endif
