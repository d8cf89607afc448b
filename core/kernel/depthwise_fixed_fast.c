/* core/kernel/depthwise_fixed_fast.c - see core/kernel/conv_s8.h */
#include "core/base/mem.h"
#include "core/kernel/conv_s8.h"

/* Channels whose sums are kept at once. */
#define CHUNK 256
/* Channels that are added together: a loop that compilers make vectors of. */
#define BLOCK 16

/* Of one output. */
struct sums {
    int32_t of[CHUNK];
    size_t first, count; /* channels */
};

/* Where tap i of position o lies; a place not below a->in is outside. */
static size_t position_of(const struct mote_axis *a, size_t o, size_t i)
{
    return o * a->stride + i * a->dilation - a->before; /* wraps below 0 */
}

/* sums += x w, n of them. */
static void add_inside(int32_t *restrict sums, const int8_t *restrict x,
                       const int8_t *restrict w, size_t n)
{
    for (; n >= BLOCK; n -= BLOCK, sums += BLOCK, x += BLOCK, w += BLOCK)
        for (size_t i = 0; i < BLOCK; i++)
            sums[i] += (int16_t)(x[i] * w[i]); /* exact */
    for (size_t i = 0; i < n; i++)
        sums[i] += x[i] * w[i];
}

static void add_outside(int32_t *restrict sums, int32_t zero,
                        const int8_t *restrict w, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sums[i] += zero * w[i];
}

/* Position o, p. */
static void add_taps(const struct mote_window *l, const int8_t *x, int32_t zero,
                     const int8_t *w, struct sums *s, size_t o, size_t p)
{
    x += s->first, w += s->first;
    for (size_t h = 0; h < l->high.taps; h++) {
        const size_t row = position_of(&l->high, o, h);
        for (size_t v = 0; v < l->wide.taps; v++, w += l->x_channels) {
            const size_t column = position_of(&l->wide, p, v);
            const size_t at = (row * l->wide.in + column) * l->x_channels;

            if (row < l->high.in && column < l->wide.in)
                add_inside(s->of, x + at, w, s->count);
            else
                add_outside(s->of, zero, w, s->count);
        }
    }
}

/* y of s, from b and c of its channels on. */
static void finish(const struct sums *restrict s, const int32_t *restrict b,
                   const float *restrict c, int8_t *restrict y, int32_t zero,
                   int32_t low)
{
    size_t i = 0;

    for (; i + BLOCK <= s->count; i += BLOCK)
        for (size_t k = i; k < i + BLOCK; k++)
            y[k] = mote_requantize_one(s->of[k], b[k], c[k], zero, low);
    for (; i < s->count; i++)
        y[i] = mote_requantize_one(s->of[i], b[i], c[i], zero, low);
}

void mote_depthwise_fixed(const struct mote_window *window, const int8_t *x,
                          int32_t zero, const int8_t *w,
                          const struct mote_requantize *t)
{
    const size_t channels = window->x_channels;
    int8_t *y = t->y;

    for (size_t o = 0; o < window->high.out; o++)
        for (size_t p = 0; p < window->wide.out; p++, y += channels)
            for (size_t c = 0; c < channels; c += CHUNK) {
                const size_t left = channels - c;
                struct sums s; /* not cleared beyond count */

                s.first = c, s.count = left < CHUNK ? left : CHUNK;
                memset(s.of, 0, s.count * sizeof *s.of);
                add_taps(window, x, zero, w, &s, o, p);
                finish(&s, t->b + c, t->c + c, y + c, t->zero, t->low);
            }
}
