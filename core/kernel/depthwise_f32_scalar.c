/* core/kernel/depthwise_f32_scalar.c - see core/kernel/conv.h */
#include "core/kernel/conv.h"

/* Channel i of the position at x. */
static float sum(const struct mote_taps *t, const float *x, size_t i)
{
    float total = t->b ? t->b[i] : 0;

    for (size_t h = 0; h < t->high; h++)
        for (size_t v = 0; v < t->wide; v++)
            total = mote_fmaf(x[h * t->x_high + v * t->x_wide + i],
                              t->w[h * t->w_high + v * t->w_wide + i], total);
    return total;
}

void mote_depthwise_f32_scalar(const struct mote_taps *t)
{
    for (size_t r = 0; r < t->rows; r++)
        for (size_t i = 0; i < t->m; i++) {
            const float total = sum(t, t->x + r * t->x_step, i);
            t->y[r * t->y_step + i] = t->relu && total < 0 ? 0 : total;
        }
}
