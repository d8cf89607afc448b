/* core/kernel/quantize_fixed.c - see core/kernel/quantize_s8.h */
#include "core/kernel/quantize_s8.h"

size_t mote_quantize_fixed(const float *x, int8_t *q, size_t n, float scale,
                           int32_t zero)
{
    const float round = 0x1.8p23f; /* adding it rounds to an integer */
    const float low = (float)(-128 - zero), high = (float)(127 - zero);

    for (size_t i = 0; i < n; i++) {
        float scaled = x[i] / scale;
        if (scaled != scaled)
            return i;
        scaled = scaled < low ? low : scaled > high ? high : scaled;
        q[i] = (int8_t)((int32_t)((scaled + round) - round) + zero);
    }
    return n;
}
