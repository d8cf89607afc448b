/* core/kernel/tensor.c - see core/kernel/tensor.h */
#include "core/kernel/tensor.h"

#include "core/base/maths.h"

/* ------------------------------------------------------------------------
 * Types
 */
static const struct {
    uint8_t bytes;
    int64_t least, most;
} types[] = {
    [MOTE_NUMBER_F32] = {4, 0, 0},
    [MOTE_NUMBER_F64] = {8, 0, 0},
    [MOTE_NUMBER_S8] = {1, INT8_MIN, INT8_MAX},
    [MOTE_NUMBER_U8] = {1, 0, UINT8_MAX},
    [MOTE_NUMBER_S16] = {2, INT16_MIN, INT16_MAX},
    [MOTE_NUMBER_S32] = {4, INT32_MIN, INT32_MAX},
    [MOTE_NUMBER_S64] = {8, INT64_MIN, INT64_MAX},
    [MOTE_NUMBER_BOOL] = {1, 0, 1},
};

static bool is_real(enum mote_number type)
{
    return type == MOTE_NUMBER_F32 || type == MOTE_NUMBER_F64;
}

static double real_at(const void *x, enum mote_number type, size_t i)
{
    return type == MOTE_NUMBER_F32 ? (double)((const float *)x)[i]
                                   : ((const double *)x)[i];
}

static int64_t integer_at(const void *x, enum mote_number type, size_t i)
{
    switch (type) {
    case MOTE_NUMBER_S8:
        return ((const int8_t *)x)[i];
    case MOTE_NUMBER_S16:
        return ((const int16_t *)x)[i];
    case MOTE_NUMBER_S32:
        return ((const int32_t *)x)[i];
    case MOTE_NUMBER_S64:
        return ((const int64_t *)x)[i];
    default:
        return ((const uint8_t *)x)[i];
    }
}

static int64_t clamp(int64_t v, enum mote_number type)
{
    return v < types[type].least  ? types[type].least
           : v > types[type].most ? types[type].most
                                  : v;
}

/* Toward zero. */
static int64_t whole(double v, enum mote_number type)
{
    if (v != v)
        return 0;
    if (v >= 0x1p63)
        return types[type].most;
    return v <= -0x1p63 ? types[type].least : clamp((int64_t)v, type);
}

static void put_integer(void *y, enum mote_number type, size_t i, int64_t v)
{
    switch (types[type].bytes) {
    case 1:
        ((uint8_t *)y)[i] = (uint8_t)v;
        break;
    case 2:
        ((int16_t *)y)[i] = (int16_t)v;
        break;
    case 4:
        ((int32_t *)y)[i] = (int32_t)v;
        break;
    default:
        ((int64_t *)y)[i] = v;
    }
}

void mote_convert(const void *x, enum mote_number from, void *y,
                  enum mote_number to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is_real(from)) {
            const double v = real_at(x, from, i);
            if (to == MOTE_NUMBER_F32)
                ((float *)y)[i] = (float)v;
            else if (to == MOTE_NUMBER_F64)
                ((double *)y)[i] = v;
            else
                put_integer(y, to, i,
                            to == MOTE_NUMBER_BOOL ? v != 0 : whole(v, to));
        } else {
            const int64_t v = integer_at(x, from, i);
            if (to == MOTE_NUMBER_F32) /* rounded once: not by way of f64 */
                ((float *)y)[i] = (float)v;
            else if (to == MOTE_NUMBER_F64)
                ((double *)y)[i] = (double)v;
            else
                put_integer(y, to, i,
                            to == MOTE_NUMBER_BOOL ? v != 0 : clamp(v, to));
        }
}

/* ------------------------------------------------------------------------
 * Yes and no
 */
static bool compare_real(double a, double b, enum mote_compare kind)
{
    return kind == MOTE_EQUAL ? a == b : kind == MOTE_LESS ? a < b : a <= b;
}

static bool compare_integer(int64_t a, int64_t b, enum mote_compare kind)
{
    return kind == MOTE_EQUAL ? a == b : kind == MOTE_LESS ? a < b : a <= b;
}

void mote_compare(const void *a, const void *b, uint8_t *y,
                  enum mote_number type, size_t n, bool one,
                  enum mote_compare kind)
{
    for (size_t i = 0; i < n; i++) {
        const size_t j = one ? 0 : i;
        y[i] = is_real(type) ? compare_real(real_at(a, type, i),
                                            real_at(b, type, j), kind)
                             : compare_integer(integer_at(a, type, i),
                                               integer_at(b, type, j), kind);
    }
}

void mote_logic(const uint8_t *a, const uint8_t *b, uint8_t *y, size_t n,
                bool one, enum mote_logic kind)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t other = b[one ? 0 : i];
        y[i] = kind == MOTE_AND  ? a[i] & other
               : kind == MOTE_OR ? a[i] | other
                                 : a[i] ^ other;
    }
}

void mote_select(const uint8_t *which, const void *a, bool one_a, const void *b,
                 bool one_b, void *y, size_t bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t *from =
            which[i] ? (const uint8_t *)a + (one_a ? 0 : i * bytes)
                     : (const uint8_t *)b + (one_b ? 0 : i * bytes);
        for (size_t k = 0; k < bytes; k++)
            ((uint8_t *)y)[i * bytes + k] = from[k];
    }
}

/* ------------------------------------------------------------------------
 * Functions of one number
 */

/* To nearest, a half to even; the sign stays, also of a zero. From 2^23 on all
 * floats are integers. */
static inline float to_integer(float x)
{
    const float size = __builtin_fabsf(x), round = 0x1p23f;

    return size < round ? __builtin_copysignf((size + round) - round, x) : x;
}

static float apply(enum mote_unary kind, float x)
{
    switch (kind) {
    case MOTE_UNARY_LOG:
        return mote_logf(x);
    case MOTE_UNARY_FLOOR:
        return to_integer(x) > x ? to_integer(x) - 1 : to_integer(x);
    case MOTE_UNARY_CEIL:
        return __builtin_copysignf(
            to_integer(x) < x ? to_integer(x) + 1 : to_integer(x), x);
    case MOTE_UNARY_ROUND:
        return to_integer(x);
    default:
        return x > 0 ? 1.0f : x < 0 ? -1.0f : x != x ? x : 0.0f;
    }
}

void mote_unary_f32(const float *x, float *y, size_t n, enum mote_unary kind)
{
    for (size_t i = 0; i < n; i++)
        y[i] = apply(kind, x[i]);
}

void mote_power_f32(const float *a, const float *b, float *y, size_t n,
                    bool one)
{
    for (size_t i = 0; i < n; i++)
        y[i] = mote_powf(a[i], b[one ? 0 : i]);
}

/* Of |a| by |b|, finite and above 0. In double every multiple of b by a power
 * of two is exact, and so is left - part where part <= left < 2 part. */
static double rest_of(double left, double b)
{
    double part = b;

    while (part <= left / 2)
        part *= 2;
    for (; part >= b; part /= 2)
        if (left >= part)
            left -= part;
    return left;
}

static float remainder_of(float a, float b, bool sign_of_a)
{
    const float size = __builtin_fabsf(a), by = __builtin_fabsf(b);

    if (!(size < __builtin_inff()) || !(by > 0))
        return __builtin_nanf("");
    const float rest = __builtin_copysignf(
        by < __builtin_inff() ? (float)rest_of(size, by) : size, a);

    if (sign_of_a)
        return rest;
    if (rest == 0)
        return __builtin_copysignf(0, b);
    return (rest < 0) == (b < 0) ? rest : rest + b;
}

void mote_remainder_f32(const float *a, const float *b, float *y, size_t n,
                        bool one, bool sign_of_a)
{
    for (size_t i = 0; i < n; i++)
        y[i] = remainder_of(a[i], b[one ? 0 : i], sign_of_a);
}

/* ------------------------------------------------------------------------
 * Integers
 */
static int64_t divide(int64_t a, int64_t b, enum mote_integer kind)
{
    if (b == 0)
        return 0;
    if (kind == MOTE_INTEGER_DIV)
        return a / b;
    const int64_t rest = a % b;
    return kind == MOTE_INTEGER_MOD && rest != 0 && (rest < 0) != (b < 0)
               ? rest + b
               : rest;
}

static int64_t operate(int64_t a, int64_t b, enum mote_integer kind)
{
    switch (kind) {
    case MOTE_INTEGER_ADD:
        return a + b;
    case MOTE_INTEGER_SUB:
        return a - b;
    case MOTE_INTEGER_MUL:
        return a * b;
    case MOTE_INTEGER_MIN:
        return b < a ? b : a;
    case MOTE_INTEGER_MAX:
        return b > a ? b : a;
    default:
        return divide(a, b, kind);
    }
}

void mote_integer_s32(const int32_t *a, const int32_t *b, int32_t *y, size_t n,
                      bool one, enum mote_integer kind)
{
    for (size_t i = 0; i < n; i++) /* the lowest 32 bits */
        y[i] = (int32_t)(uint32_t)(uint64_t)operate(a[i], b[one ? 0 : i], kind);
}
