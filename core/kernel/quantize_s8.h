/*
 * core/kernel/quantize_s8.h - rows of floats to int8 with a scale for each row.
 *
 * Symmetric: q = x / s rounded to nearest even, s = max |x| / 127; a row whose
 * largest is below 2^-120 counts as zeros, with s = 1.
 *
 * x        [rows][n], n >= 1
 * q, s     [rows][n] in [-127, 127], [rows]; they do not overlap x
 * returns  rows; or the first row with a NaN or an infinity in it, and from
 *          there on q and s are not written
 * exact    same bytes from every version
 */
#ifndef MOTE_KERNEL_QUANTIZE_S8_H
#define MOTE_KERNEL_QUANTIZE_S8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/cpu.h"
#include "core/base/maths.h"

typedef size_t mote_quantize_s8_fn(const float *x, int8_t *q, float *s,
                                   size_t rows, size_t n);

/* Its versions: that for an instruction set, and the MOTE_CPU_... flags it
 * needs. The last one is scalar, needs nothing, and is the specification. */
struct mote_quantize_s8_impl {
    const char *isa;
    uint32_t needs;
    mote_quantize_s8_fn *fn;
};
extern const struct mote_quantize_s8_impl mote_quantize_s8_impls[];

#define MOTE_KERNEL(isa, fn, needs) mote_quantize_s8_fn fn;
#include "core/kernel/quantize_s8.inc"
#undef MOTE_KERNEL

/* The first version that needs no more than cpu. */
mote_quantize_s8_fn *mote_quantize_s8_select(uint32_t cpu);

/* What all versions do between the two passes over a row: the scale, stored to
 * s, and what x is multiplied by. top is the largest |x|, and finite. */
static inline float mote_quantize_s8_scale(float top, float *s)
{
    /* below that, 127 / top may not be finite: the row counts as zeros */
    const bool tiny = top < 0x1p-120f;

    *s = tiny ? 1.0f : top / 127.0f;
    return tiny ? 0.0f : 127.0f / top;
}

/*
 * With one scale and zero point for all, that the caller states:
 * q = clamp(x / scale rounded to nearest even, -128 - zero, 127 - zero) + zero
 *
 * x, q     [n], not overlapping; scale finite, above 0; zero in [-128, 127]
 * returns  n; or where the first NaN is, and from there on q is not written
 * source   QuantizeLinear of ONNX, https://onnx.ai/onnx/operators/
 */
size_t mote_quantize_fixed(const float *x, int8_t *q, size_t n, float scale,
                           int32_t zero);

/*
 * The range of x, 0 in it, on the integers from -128 to 127, which are those
 * from 0 to 255 less 128:
 * s = (largest - least) / 255, zero = clamp(-least / s to nearest even) - 128,
 * q = clamp(x / s to nearest even + zero)
 * A range below 2^-110 counts as zeros, with s = 1 and zero = -128.
 *
 * x, q     [n], n >= 1, not overlapping
 * returns  false when x has a NaN or an infinity, or its range is one; q, s and
 *          zero are not written then
 * source   DynamicQuantizeLinear of ONNX, https://onnx.ai/onnx/operators/
 */
bool mote_quantize_u8(const float *x, int8_t *q, size_t n, float *s,
                      float *zero);

#endif
