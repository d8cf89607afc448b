/* core/kernel/quantize_s8_neon.c - see core/kernel/quantize_s8.h */
#include "core/base/mem.h"
#include "core/kernel/intrinsics.h"
#include "core/kernel/quantize_s8.h"

/* |x| as integers, which are in order, and NaN comes last. */
static inline uint32x4_t sizes(const float *x)
{
    return vbicq_u32(vreinterpretq_u32_f32(vld1q_f32(x)),
                     vdupq_n_u32(0x80000000));
}

/* Largest |x| of n; not finite when one of them is not. */
static float largest_size(const float *x, size_t n)
{
    uint32x4_t top = vdupq_n_u32(0), top2 = top;
    uint32_t largest;
    size_t k = 0;

    for (; k + 8 <= n; k += 8) {
        top = vmaxq_u32(top, sizes(x + k));
        top2 = vmaxq_u32(top2, sizes(x + k + 4));
    }
    largest = vmaxvq_u32(vmaxq_u32(top, top2));
    for (; k < n; k++) {
        const uint32_t bits = mote_f32_bits(x[k]) & 0x7FFFFFFF;
        largest = bits > largest ? bits : largest;
    }
    return mote_f32_of_bits(largest);
}

static inline int16x4_t scaled(const float *x, float inverse)
{
    return vqmovn_s32(vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(x), inverse)));
}

static inline int8x8_t scaled_8(const float *x, float inverse)
{
    return vqmovn_s16(vcombine_s16(scaled(x, inverse), scaled(x + 4, inverse)));
}

static void quantize_row(const float *x, int8_t *q, size_t n, float inverse)
{
    float rest[8] = {0};
    int8_t bytes[8];
    size_t k = 0;

    for (; k + 8 <= n; k += 8)
        vst1_s8(q + k, scaled_8(x + k, inverse));
    if (k == n)
        return;
    memcpy(rest, x + k, (n - k) * sizeof *x);
    vst1_s8(bytes, scaled_8(rest, inverse));
    memcpy(q + k, bytes, n - k);
}

size_t mote_quantize_s8_neon(const float *x, int8_t *q, float *s, size_t rows,
                             size_t n)
{
    for (size_t r = 0; r < rows; r++) {
        const float top = largest_size(x + r * n, n);
        if (!mote_is_finite(top))
            return r;
        quantize_row(x + r * n, q + r * n, n,
                     mote_quantize_s8_scale(top, s + r));
    }
    return rows;
}
