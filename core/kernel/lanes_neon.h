/*
 * core/kernel/lanes_neon.h - four floats at once: the words of
 * core/kernel/lanes.h with NEON of Armv8.0.
 */
#ifndef MOTE_KERNEL_LANES_NEON_H
#define MOTE_KERNEL_LANES_NEON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/kernel/intrinsics.h"

#define LANES 4
#define LANES_INLINE static inline __attribute__((always_inline))

typedef float32x4_t lanes;
typedef uint32x4_t lanes_mask;

LANES_INLINE lanes lanes_all(float x)
{
    return vdupq_n_f32(x);
}

LANES_INLINE lanes lanes_load(const float *p)
{
    return vld1q_f32(p);
}

LANES_INLINE lanes lanes_load_part(const float *p, size_t n)
{
    lanes x = n > 0 ? vld1q_lane_f32(p, vdupq_n_f32(0), 0) : vdupq_n_f32(0);
    x = n > 1 ? vld1q_lane_f32(p + 1, x, 1) : x;
    return n > 2 ? vld1q_lane_f32(p + 2, x, 2) : x;
}

LANES_INLINE lanes lanes_of_s8(const int8_t *p)
{
    uint32_t four;
    __builtin_memcpy(&four, p, sizeof four);
    const int16x8_t wide = vmovl_s8(vreinterpret_s8_u32(vdup_n_u32(four)));
    return vcvtq_f32_s32(vmovl_s16(vget_low_s16(wide)));
}

LANES_INLINE void lanes_store(float *p, lanes x)
{
    vst1q_f32(p, x);
}

LANES_INLINE void lanes_store_part(float *p, size_t n, lanes x)
{
    if (n > 0)
        vst1q_lane_f32(p, x, 0);
    if (n > 1)
        vst1q_lane_f32(p + 1, x, 1);
    if (n > 2)
        vst1q_lane_f32(p + 2, x, 2);
}

LANES_INLINE lanes lanes_first(lanes x, size_t n)
{
    static const uint32_t index[] = {0, 1, 2, 3};
    const uint32x4_t kept =
        vcltq_u32(vld1q_u32(index), vdupq_n_u32((uint32_t)n));
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(x), kept));
}

LANES_INLINE lanes lanes_add(lanes a, lanes b)
{
    return vaddq_f32(a, b);
}

LANES_INLINE lanes lanes_sub(lanes a, lanes b)
{
    return vsubq_f32(a, b);
}

LANES_INLINE lanes lanes_mul(lanes a, lanes b)
{
    return vmulq_f32(a, b);
}

LANES_INLINE lanes lanes_div(lanes a, lanes b)
{
    return vdivq_f32(a, b);
}

LANES_INLINE lanes lanes_fma(lanes a, lanes b, lanes c)
{
    return vfmaq_f32(c, a, b);
}

LANES_INLINE lanes lanes_sqrt(lanes x)
{
    return vsqrtq_f32(x);
}

LANES_INLINE lanes_mask lanes_less(lanes a, lanes b)
{
    return vcltq_f32(a, b);
}

LANES_INLINE lanes lanes_select(lanes_mask m, lanes a, lanes b)
{
    return vbslq_f32(m, a, b);
}

/* vminq and vmaxq take a NaN from either side, and order the zeros. */
LANES_INLINE lanes lanes_min(lanes a, lanes b)
{
    return vbslq_f32(vcltq_f32(a, b), a, b);
}

LANES_INLINE lanes lanes_max(lanes a, lanes b)
{
    return vbslq_f32(vcgtq_f32(a, b), a, b);
}

LANES_INLINE lanes lanes_abs(lanes x)
{
    return vabsq_f32(x);
}

LANES_INLINE lanes lanes_negate(lanes x)
{
    return vnegq_f32(x);
}

LANES_INLINE lanes lanes_with_sign(lanes x, lanes sign)
{
    const uint32x4_t bit =
        vandq_u32(vreinterpretq_u32_f32(sign), vdupq_n_u32(0x80000000u));
    return vreinterpretq_f32_u32(vorrq_u32(vreinterpretq_u32_f32(x), bit));
}

LANES_INLINE bool lanes_every(lanes_mask m)
{
    return vminvq_u32(m) != 0;
}

LANES_INLINE lanes lanes_add_exponent(lanes x, lanes n)
{
    const uint32x4_t power = vshlq_n_u32(vreinterpretq_u32_f32(n), 23);
    return vreinterpretq_f32_u32(vaddq_u32(vreinterpretq_u32_f32(x), power));
}

LANES_INLINE lanes lanes_times_power(lanes x, lanes n)
{
    const int32x4_t bias = vdupq_n_s32(127);
    const int32x4_t whole = vcvtq_s32_f32(n);
    const int32x4_t half = vshrq_n_s32(whole, 1);
    const int32x4_t rest = vsubq_s32(whole, half);
    const int32x4_t first = vshlq_n_s32(vaddq_s32(half, bias), 23);
    const int32x4_t second = vshlq_n_s32(vaddq_s32(rest, bias), 23);

    return vmulq_f32(vmulq_f32(x, vreinterpretq_f32_s32(first)),
                     vreinterpretq_f32_s32(second));
}

LANES_INLINE float lanes_largest(lanes x)
{
    lanes other = vextq_f32(x, x, 2);
    x = vbslq_f32(vcgtq_f32(other, x), other, x);
    other = vextq_f32(x, x, 1);
    x = vbslq_f32(vcgtq_f32(other, x), other, x);
    return vgetq_lane_f32(x, 0);
}

LANES_INLINE float lanes_fold16(const lanes part[4])
{
    const lanes q =
        vaddq_f32(vaddq_f32(part[0], part[2]), vaddq_f32(part[1], part[3]));
    const float32x2_t d = vadd_f32(vget_low_f32(q), vget_high_f32(q));
    return vget_lane_f32(d, 0) + vget_lane_f32(d, 1);
}

#endif
