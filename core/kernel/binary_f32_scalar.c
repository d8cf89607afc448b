/* core/kernel/binary_f32_scalar.c - see core/kernel/vector.h */
#include "core/kernel/vector.h"

static float apply(enum mote_binary kind, float a, float b)
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

void mote_binary_f32_scalar(const float *a, const float *b, float *y,
                            size_t rows, size_t n, bool one,
                            enum mote_binary kind)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t k = 0; k < n; k++)
            y[r * n + k] = apply(kind, a[r * n + k], b[one ? 0 : k]);
}
