/* core/kernel/quantize_u8.c - see core/kernel/quantize_s8.h */
#include "core/kernel/quantize_s8.h"

#define LANES 8

/* Of some numbers and 0; size is the bits of the largest without its sign,
 * which are in order, NaN last. */
struct range {
    float least, largest;
    uint32_t size;
};

static void widen(struct range *r, float x)
{
    const uint32_t size = mote_f32_bits(x) & 0x7FFFFFFF;

    r->least = x < r->least ? x : r->least;
    r->largest = x > r->largest ? x : r->largest;
    r->size = size > r->size ? size : r->size;
}

static struct range range_of(const float *x, size_t n)
{
    struct range lanes[LANES] = {0}, all;

    for (size_t i = 0; i < n; i++)
        widen(&lanes[i % LANES], x[i]);
    all = lanes[0];
    for (size_t i = 1; i < LANES; i++) {
        widen(&all, lanes[i].least);
        widen(&all, lanes[i].largest);
        all.size = lanes[i].size > all.size ? lanes[i].size : all.size;
    }
    return all;
}

/* To the nearest, ties to even, from 0 to 255. */
static float to_byte(float x)
{
    const float round = 0x1.8p23f; /* adding it rounds to an integer */

    x = x < 0 ? 0 : x > 255 ? 255 : x;
    return (x + round) - round;
}

bool mote_quantize_u8(const float *x, int8_t *q, size_t n, float *s,
                      float *zero)
{
    const float round = 0x1.8p23f;
    const struct range r = range_of(x, n);
    const float width = r.largest - r.least;
    const bool tiny = width < 0x1p-110f;
    const float scale = tiny ? 1.0f : width / 255.0f;
    const float middle = to_byte(-r.least / scale);

    if (!mote_is_finite(mote_f32_of_bits(r.size)) || !mote_is_finite(width))
        return false;
    for (size_t i = 0; i < n; i++) {
        const float at = ((x[i] / scale + round) - round) + middle;
        q[i] = (int8_t)((int32_t)(at < 0 ? 0 : at > 255 ? 255 : at) - 128);
    }
    *s = scale;
    *zero = middle - 128;
    return true;
}
