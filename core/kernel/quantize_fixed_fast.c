/* core/kernel/quantize_fixed_fast.c - see core/kernel/quantize_s8.h */
#include "core/kernel/quantize_s8.h"

/* Numbers that go together: a loop of as many that compilers make vectors of.
 */
#define BLOCK 16

struct grid {
    float scale, low, high;
    int32_t zero;
};

/* Any q for a NaN. */
static inline int8_t one(const struct grid *g, float x)
{
    const float round = 0x1.8p23f; /* adding it rounds to an integer */
    float scaled = x / g->scale;

    scaled = scaled > g->low ? scaled : g->low;
    scaled = scaled < g->high ? scaled : g->high;
    return (int8_t)((int32_t)((scaled + round) - round) + g->zero);
}

/* q of a whole block, and whether it is one without a NaN. */
static bool whole_block(const struct grid *restrict g, const float *restrict x,
                        int8_t *restrict q)
{
    int32_t nans = 0;

    for (size_t i = 0; i < BLOCK; i++)
        nans |= x[i] != x[i];
    if (nans)
        return false;
    for (size_t i = 0; i < BLOCK; i++)
        q[i] = one(g, x[i]);
    return true;
}

size_t mote_quantize_fixed(const float *x, int8_t *q, size_t n, float scale,
                           int32_t zero)
{
    const struct grid g = {scale, (float)(-128 - zero), (float)(127 - zero),
                           zero};
    size_t i = 0;

    while (i + BLOCK <= n && whole_block(&g, x + i, q + i))
        i += BLOCK;
    for (; i < n && x[i] == x[i]; i++)
        q[i] = one(&g, x[i]);
    return i;
}
