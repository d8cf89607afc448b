/*
 * core/kernel/vector.h - fp32 work on rows: functions of one number, two
 * operands, layer normalization, softmax, rows of an int8 table. Functions of
 * one number and of two operands are there in float64 as well.
 *
 * In all of them y may be the first operand itself and otherwise overlaps
 * none, every array is aligned to its element, nothing beyond its end is
 * read, there is no scratch and no error. The order of operations is part of
 * the contract (compress/FORMAT.md, arithmetic version 1), so every version of
 * a kernel gives the same bytes, but for the sign and payload of a NaN.
 */
#ifndef MOTE_KERNEL_VECTOR_H
#define MOTE_KERNEL_VECTOR_H

#include <stddef.h>

#include "core/base/cpu.h"
#include "core/kernel/activation.h"

/* ------------------------------------------------------------------------
 * y[i] = f(x[i]) for n numbers
 */

/* Those of enum mote_activation but none, and from 16 on what is no
 * activation. Numbers of compress/FORMAT.md. */
enum mote_map {
    MOTE_MAP_EXP = 16,
    MOTE_MAP_ERF,
    MOTE_MAP_ABS,
    MOTE_MAP_SQRT,
    MOTE_MAP_NEG,
    MOTE_MAP_RECIPROCAL,
    MOTE_MAP_LN, /* in float64 alone */
};

static inline bool mote_map_is_kind(uint32_t kind)
{
    return (kind > MOTE_ACTIVATION_NONE && kind < MOTE_ACTIVATIONS) ||
           (kind >= MOTE_MAP_EXP && kind <= MOTE_MAP_RECIPROCAL);
}

/* Those that there are in float64. */
static inline bool mote_map_is_kind_f64(uint32_t kind)
{
    const uint32_t kinds =
        1u << MOTE_ACTIVATION_RELU | 1u << MOTE_ACTIVATION_SIGMOID |
        1u << MOTE_ACTIVATION_TANH | 1u << MOTE_MAP_EXP | 1u << MOTE_MAP_ABS |
        1u << MOTE_MAP_SQRT | 1u << MOTE_MAP_NEG | 1u << MOTE_MAP_LN;
    return kind < 32 && kinds >> kind & 1;
}

typedef void mote_map_f32_fn(const float *x, float *y, size_t n, uint32_t kind);
void mote_map_f64(const double *x, double *y, size_t n, uint32_t kind);

/* ------------------------------------------------------------------------
 * y[r][k] = a[r][k] o b[k], or o b[0] when `one`
 */

/* min: b where b < a, else a; max: b where b > a, else a. */
enum mote_binary {
    MOTE_BINARY_ADD,
    MOTE_BINARY_SUB,
    MOTE_BINARY_MUL,
    MOTE_BINARY_DIV,
    MOTE_BINARY_MIN,
    MOTE_BINARY_MAX,
    MOTE_BINARY_KINDS
};

typedef void mote_binary_f32_fn(const float *a, const float *b, float *y,
                                size_t rows, size_t n, bool one,
                                enum mote_binary kind);
void mote_binary_f64(const double *a, const double *b, double *y, size_t rows,
                     size_t n, bool one, enum mote_binary kind);

/* ------------------------------------------------------------------------
 * Layer normalization of x + r, row by row
 *
 *   h = x + r,  d = h - m,  y = fma(d * (1 / sqrt(v + eps)), g, b)
 *
 * layer  m = sum h / n, v = sum of d^2 / n
 * rms    m = 0, v = sum of h^2 / n
 *
 * x, r    [rows][n], r NULL for none; n >= 1
 * g, b    [n], b NULL for zeros
 * sums    in 16 lanes (core/kernel/sum16.h): h by additions, d^2 by fused
 *         multiply-adds
 * source  Ba et al., arXiv:1607.06450; Zhang and Sennrich, arXiv:1910.07467
 */
enum mote_norm { MOTE_NORM_LAYER, MOTE_NORM_RMS, MOTE_NORM_KINDS };

typedef void mote_norm_f32_fn(const float *x, const float *r, const float *g,
                              const float *b, float *y, size_t rows, size_t n,
                              float eps, enum mote_norm kind);

/* ------------------------------------------------------------------------
 * Softmax of scale * x, row by row
 *
 *   e[k] = exp((x[k] - largest) * scale),  y[k] = e[k] * (1 / sum of e)
 *
 * n >= 1, scale is finite and above 0, the sum is taken in 16 lanes. The
 * numbers of a row with a NaN or an infinity above the others are all NaN.
 */
typedef void mote_softmax_f32_fn(const float *x, float *y, size_t rows,
                                 size_t n, float scale);

/* ------------------------------------------------------------------------
 * y[k] = fma(w[k], scale, a[k]): one row of an int8 table, on top of a [n], or
 * of zeros when a is NULL. y may be a.
 */
typedef void mote_scale_s8_fn(const float *a, const int8_t *w, float scale,
                              float *y, size_t n);

/* ------------------------------------------------------------------------
 * L2 norm 1, row by row: y = x * (1 / max(sqrt(sum of x^2), 1e-12)), the sum
 * in 16 lanes of fused multiply-adds. One version: it is done once a request.
 */
void mote_normalize_f32(const float *x, float *y, size_t rows, size_t n);

/* ------------------------------------------------------------------------
 * Their versions: that for an instruction set, and the MOTE_CPU_... flags it
 * needs. The last one is scalar, needs nothing, and is the specification.
 */
struct mote_map_f32_impl {
    const char *isa;
    uint32_t needs;
    mote_map_f32_fn *fn;
};
struct mote_binary_f32_impl {
    const char *isa;
    uint32_t needs;
    mote_binary_f32_fn *fn;
};
struct mote_norm_f32_impl {
    const char *isa;
    uint32_t needs;
    mote_norm_f32_fn *fn;
};
struct mote_softmax_f32_impl {
    const char *isa;
    uint32_t needs;
    mote_softmax_f32_fn *fn;
};
struct mote_scale_s8_impl {
    const char *isa;
    uint32_t needs;
    mote_scale_s8_fn *fn;
};
extern const struct mote_map_f32_impl mote_map_f32_impls[];
extern const struct mote_binary_f32_impl mote_binary_f32_impls[];
extern const struct mote_norm_f32_impl mote_norm_f32_impls[];
extern const struct mote_softmax_f32_impl mote_softmax_f32_impls[];
extern const struct mote_scale_s8_impl mote_scale_s8_impls[];

#define MOTE_KERNEL(isa, fn, needs) mote_map_f32_fn fn;
#include "core/kernel/map_f32.inc"
#undef MOTE_KERNEL
#define MOTE_KERNEL(isa, fn, needs) mote_binary_f32_fn fn;
#include "core/kernel/binary_f32.inc"
#undef MOTE_KERNEL
#define MOTE_KERNEL(isa, fn, needs) mote_norm_f32_fn fn;
#include "core/kernel/norm_f32.inc"
#undef MOTE_KERNEL
#define MOTE_KERNEL(isa, fn, needs) mote_softmax_f32_fn fn;
#include "core/kernel/softmax_f32.inc"
#undef MOTE_KERNEL
#define MOTE_KERNEL(isa, fn, needs) mote_scale_s8_fn fn;
#include "core/kernel/scale_s8.inc"
#undef MOTE_KERNEL

/* The first version of each that needs no more than cpu. */
mote_map_f32_fn *mote_map_f32_select(uint32_t cpu);
mote_binary_f32_fn *mote_binary_f32_select(uint32_t cpu);
mote_norm_f32_fn *mote_norm_f32_select(uint32_t cpu);
mote_softmax_f32_fn *mote_softmax_f32_select(uint32_t cpu);
mote_scale_s8_fn *mote_scale_s8_select(uint32_t cpu);

#endif
