/* core/kernel/vector_f64.c - see core/kernel/vector.h */
#include "core/kernel/vector.h"

static double map(uint32_t kind, double x)
{
    switch (kind) {
    case MOTE_ACTIVATION_RELU:
        return x < 0 ? 0 : x;
    case MOTE_ACTIVATION_SIGMOID:
        return mote_sigmoid(x);
    case MOTE_ACTIVATION_TANH:
        return mote_tanh(x);
    case MOTE_MAP_EXP:
        return mote_exp(x);
    case MOTE_MAP_ABS:
        return __builtin_fabs(x);
    case MOTE_MAP_SQRT:
        return __builtin_sqrt(x);
    case MOTE_MAP_NEG:
        return -x;
    default:
        return mote_ln(x);
    }
}

void mote_map_f64(const double *x, double *y, size_t n, uint32_t kind)
{
    for (size_t i = 0; i < n; i++)
        y[i] = map(kind, x[i]);
}

static double apply(enum mote_binary kind, double a, double b)
{
    switch (kind) {
    case MOTE_BINARY_ADD:
        return a + b;
    case MOTE_BINARY_SUB:
        return a - b;
    case MOTE_BINARY_MUL:
        return a * b;
    case MOTE_BINARY_DIV:
        return a / b;
    case MOTE_BINARY_MIN:
        return b < a ? b : a;
    default:
        return b > a ? b : a;
    }
}

void mote_binary_f64(const double *a, const double *b, double *y, size_t rows,
                     size_t n, bool one, enum mote_binary kind)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t k = 0; k < n; k++)
            y[r * n + k] = apply(kind, a[r * n + k], b[one ? 0 : k]);
}
