/* core/kernel/pool_f32_scalar.c - see core/kernel/conv.h */
#include "core/kernel/conv.h"

static float pool(const struct mote_taps *t, const float *x, bool largest)
{
    float total = *x;

    for (size_t h = 0; h < t->high; h++)
        for (size_t v = 0; v < t->wide; v++) {
            const float next = x[h * t->x_high + v * t->x_wide];
            if (h + v == 0)
                continue;
            if (!largest)
                total += next;
            else if (next > total)
                total = next;
        }
    return total;
}

void mote_pool_f32_scalar(const struct mote_taps *t, bool largest, float count)
{
    for (size_t r = 0; r < t->rows; r++)
        for (size_t i = 0; i < t->m; i++) {
            const float total = pool(t, t->x + r * t->x_step + i, largest);
            t->y[r * t->y_step + i] = largest ? total : total / count;
        }
}
