/*
 * core/kernel/tensor.h - what tensors need beside layers: other types, answers
 * of yes or no, a choice by them, functions of one number that are no
 * activations.
 *
 * In all of them n is a count of elements, arrays are aligned to their element
 * and nothing beyond their end is read. y overlaps no operand, but may be the
 * first one of mote_logic, mote_integer_s32, mote_power_f32 and
 * mote_remainder_f32, and x of mote_unary_f32. There is no scratch and no
 * error. An operand that is `one` has a single element, which stands for all.
 * One version: the same operations everywhere, so the same bytes.
 */
#ifndef MOTE_KERNEL_TENSOR_H
#define MOTE_KERNEL_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Element i of an array of that dtype (enum mote_dtype of core/model/file.h,
 * whose numbers are passed here) as another one:
 *
 *   to f32, f64     rounded to nearest, ties to even
 *   to integers     toward zero, then to the nearest that the type has; a NaN
 *                   is 0
 *   to bool         whether it differs from 0; a NaN does
 */
enum mote_number {
    MOTE_NUMBER_F32 = 1,
    MOTE_NUMBER_F64,
    MOTE_NUMBER_S8,
    MOTE_NUMBER_U8,
    MOTE_NUMBER_S16,
    MOTE_NUMBER_S32,
    MOTE_NUMBER_S64,
    MOTE_NUMBER_BOOL,
    MOTE_NUMBERS
};
void mote_convert(const void *x, enum mote_number from, void *y,
                  enum mote_number to, size_t n);

/* y[i] = a[i] o b[i], of f32, f64, s32 or bool. Nothing is equal to a NaN, or
 * less, or not more. */
enum mote_compare { MOTE_EQUAL, MOTE_LESS, MOTE_AT_MOST, MOTE_COMPARES };
void mote_compare(const void *a, const void *b, uint8_t *y,
                  enum mote_number type, size_t n, bool one,
                  enum mote_compare kind);

/* y[i] = a[i] o b[i], each 0 or 1. */
enum mote_logic { MOTE_AND, MOTE_OR, MOTE_XOR, MOTE_LOGICS };
void mote_logic(const uint8_t *a, const uint8_t *b, uint8_t *y, size_t n,
                bool one, enum mote_logic kind);

/* y[i] = which[i] ? a[i] : b[i], of elements of 1, 2, 4 or 8 bytes. */
void mote_select(const uint8_t *which, const void *a, bool one_a, const void *b,
                 bool one_b, void *y, size_t bytes, size_t n);

/* y[i] = f(x[i]). round: to nearest, ties to even. sign: -1, 0, 1, or a NaN.
 * log: the natural logarithm, mote_logf. */
enum mote_unary {
    MOTE_UNARY_LOG,
    MOTE_UNARY_FLOOR,
    MOTE_UNARY_CEIL,
    MOTE_UNARY_ROUND,
    MOTE_UNARY_SIGN,
    MOTE_UNARIES
};
void mote_unary_f32(const float *x, float *y, size_t n, enum mote_unary kind);

/* y[i] = a[i] o b[i], which wrap around at 32 bits. / is toward zero, mod has
 * the sign of b and rem that of a; by 0 all three are 0. */
enum mote_integer {
    MOTE_INTEGER_ADD,
    MOTE_INTEGER_SUB,
    MOTE_INTEGER_MUL,
    MOTE_INTEGER_DIV,
    MOTE_INTEGER_MIN,
    MOTE_INTEGER_MAX,
    MOTE_INTEGER_MOD,
    MOTE_INTEGER_REM,
    MOTE_INTEGERS
};
void mote_integer_s32(const int32_t *a, const int32_t *b, int32_t *y, size_t n,
                      bool one, enum mote_integer kind);

/* y[i] = a[i] to the power of b[i]: mote_powf. */
void mote_power_f32(const float *a, const float *b, float *y, size_t n,
                    bool one);

/* y[i] = what is left of a[i] when b[i] is taken from it as often as it can be,
 * exact; with the sign of a (rem) or, b[i] being added where the signs differ,
 * with that of b (mod). A NaN if one is, if b is 0, or if a is infinite.
 *
 * cost    up to 554 steps an element: one for each power of two between a and b
 */
void mote_remainder_f32(const float *a, const float *b, float *y, size_t n,
                        bool one, bool sign_of_a);

#endif
