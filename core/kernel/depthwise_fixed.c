/* core/kernel/depthwise_fixed.c - see core/kernel/conv_s8.h */
#include "core/kernel/conv_s8.h"

/* Channels that are added together. */
#define BLOCK 16

/* Where tap i of position o lies; a place not below a->in is outside. */
static size_t place_of(const struct mote_axis *a, size_t o, size_t i)
{
    return o * a->stride + i * a->dilation - a->before; /* wraps below 0 */
}

/* sums += x w; x NULL: outside. A whole block has a loop of its own, which
 * compilers make vectors of. */
static void add_tap(int32_t *sums, const int8_t *x, int32_t zero,
                    const int8_t *w, size_t n)
{
    if (x && n == BLOCK)
        for (size_t i = 0; i < BLOCK; i++)
            sums[i] += x[i] * w[i];
    else
        for (size_t i = 0; i < n; i++)
            sums[i] += (x ? x[i] : zero) * w[i];
}

/* Position o, p, `n` channels from c on. */
static void one_block(const struct mote_window *l, const int8_t *x,
                      int32_t zero, const int8_t *w, int32_t *sums, size_t o,
                      size_t p, size_t c, size_t n)
{
    for (size_t h = 0; h < l->high.taps; h++)
        for (size_t v = 0; v < l->wide.taps; v++, w += l->x_channels) {
            const size_t row = place_of(&l->high, o, h);
            const size_t column = place_of(&l->wide, p, v);
            const bool inside = row < l->high.in && column < l->wide.in;
            const size_t at = (row * l->wide.in + column) * l->x_channels;

            add_tap(sums, inside ? x + at + c : NULL, zero, w + c, n);
        }
}

void mote_depthwise_fixed(const struct mote_window *window, const int8_t *x,
                          int32_t zero, const int8_t *w,
                          const struct mote_requantize *t)
{
    const size_t channels = window->x_channels;
    int8_t *y = t->y;

    for (size_t o = 0; o < window->high.out; o++)
        for (size_t p = 0; p < window->wide.out; p++, y += channels)
            for (size_t c = 0; c < channels; c += BLOCK) {
                const size_t left = channels - c;
                const size_t n = left < BLOCK ? left : BLOCK;
                int32_t sums[BLOCK] = {0};

                one_block(window, x, zero, w, sums, o, p, c, n);
                for (size_t i = 0; i < n; i++)
                    y[c + i] = mote_requantize_one(t, sums[i], c + i);
            }
}
