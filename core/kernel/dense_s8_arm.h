/*
 * core/kernel/dense_s8_arm.h - the end of dense_s8 for one panel, for every
 * version on arm64.
 */
#ifndef MOTE_KERNEL_DENSE_S8_ARM_H
#define MOTE_KERNEL_DENSE_S8_ARM_H

#include "core/base/mem.h"
#include "core/kernel/dense_s8_tiles.h"
#include "core/kernel/intrinsics.h"

static inline float32x4_t finish_four(const int32_t *sum, float s,
                                      const float *c, const float *b, bool relu)
{
    const float32x4_t x = vcvtq_f32_s32(vld1q_s32(sum));
    const float32x4_t out =
        vfmaq_f32(vld1q_f32(b), x, vmulq_n_f32(vld1q_f32(c), s));
    const uint32x4_t negative = vcltzq_f32(out);

    return relu ? vreinterpretq_f32_u32(
                      vbicq_u32(vreinterpretq_u32_f32(out), negative))
                : out;
}

/* See mote_s8_version. */
static void finish(const int32_t *sum, float s, const float *c, const float *b,
                   float *y, size_t n, bool relu)
{
    float scale[MOTE_P8K8] = {0}, bias[MOTE_P8K8] = {0}, out[MOTE_P8K8];

    if (n == MOTE_P8K8) {
        vst1q_f32(y, finish_four(sum, s, c, b, relu));
        vst1q_f32(y + 4, finish_four(sum + 4, s, c + 4, b + 4, relu));
        return;
    }
    memcpy(scale, c, n * sizeof *c);
    memcpy(bias, b, n * sizeof *b);
    vst1q_f32(out, finish_four(sum, s, scale, bias, relu));
    vst1q_f32(out + 4, finish_four(sum + 4, s, scale + 4, bias + 4, relu));
    memcpy(y, out, n * sizeof *y);
}

static inline int16x4_t requantize_four(const int32_t *sum, const int32_t *b,
                                        const float *c,
                                        const struct mote_requantize *t)
{
    const float32x4_t low = vdupq_n_f32((float)(t->low - t->zero));
    const float32x4_t high = vdupq_n_f32((float)(127 - t->zero));
    const int32x4_t biased = vaddq_s32(vld1q_s32(sum), vld1q_s32(b));
    const float32x4_t x = vmulq_f32(vcvtq_f32_s32(biased), vld1q_f32(c));
    /* of a NaN the number is taken */
    const float32x4_t clamped = vminnmq_f32(vmaxnmq_f32(x, low), high);

    return vqmovn_s32(vaddq_s32(vcvtnq_s32_f32(clamped), vdupq_n_s32(t->zero)));
}

/* See mote_s8_version. */
static void finish_s8(const int32_t *sum, const struct mote_requantize *t,
                      size_t n)
{
    int32_t b[MOTE_P8K8] = {0};
    float c[MOTE_P8K8] = {0};
    int8_t out[MOTE_P8K8];

    memcpy(b, t->b, n * sizeof *b);
    memcpy(c, t->c, n * sizeof *c);
    vst1_s8(out, vqmovn_s16(
                     vcombine_s16(requantize_four(sum, b, c, t),
                                  requantize_four(sum + 4, b + 4, c + 4, t))));
    memcpy(t->y, out, n);
}

#endif
