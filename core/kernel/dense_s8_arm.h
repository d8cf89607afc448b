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

#endif
