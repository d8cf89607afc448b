/* core/kernel/quantize_s8_scalar.c - see core/kernel/quantize_s8.h */
#include "core/kernel/quantize_s8.h"

/* Largest |x| of n; not finite when one of them is not. */
static float largest_size(const float *x, size_t n)
{
    uint32_t top = 0; /* as bits: the sign off, they are in order, NaN last */

    for (size_t k = 0; k < n; k++) {
        const uint32_t bits = mote_f32_bits(x[k]) & 0x7FFFFFFF;
        top = bits > top ? bits : top;
    }
    return mote_f32_of_bits(top);
}

size_t mote_quantize_s8_scalar(const float *x, int8_t *q, float *s, size_t rows,
                               size_t n)
{
    const float round = 0x1.8p23f; /* adding it rounds to an integer */

    for (size_t r = 0; r < rows; r++, x += n, q += n) {
        const float top = largest_size(x, n);
        if (!mote_is_finite(top))
            return r;
        const float inverse = mote_quantize_s8_scale(top, s + r);
        for (size_t k = 0; k < n; k++) {
            const float scaled = (x[k] * inverse + round) - round;
            q[k] = (int8_t)scaled;
        }
    }
    return rows;
}
