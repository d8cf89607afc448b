/* core/kernel/trees_keys_fast.c - see core/kernel/trees.h
 *
 * Bits and not floating-point operations, so that neither a flag of the
 * processor nor the sign of a zero changes a branch. */
#include "core/kernel/trees.h"
#include "core/base/maths.h"

static uint32_t key_f32(float x)
{
    const uint32_t sign = 1u << 31, bits = mote_f32_bits(x);
    const uint32_t key = bits & sign ? ~bits : bits | sign;

    return (bits & ~sign) > 0x7F800000 ? UINT32_MAX : bits == sign ? sign : key;
}

static uint64_t key_f64(double x)
{
    const uint64_t sign = UINT64_C(1) << 63;
    uint64_t bits;

    __builtin_memcpy(&bits, &x, sizeof bits);
    const uint64_t key = bits & sign ? ~bits : bits | sign;
    return (bits & ~sign) > UINT64_C(0x7FF) << 52 ? UINT64_MAX
           : bits == sign                         ? sign
                                                  : key;
}

/* The category of a number, as a column of keys holds it. */
static uint32_t category_of(double x, enum mote_trees_category category)
{
    const bool below = category == MOTE_TREES_TRUNCATED ? x <= -1 : x < 0;

    if (x != x)
        return 0;
    return below || x >= 0x1p30 ? 1 : 2 + (uint32_t)(int32_t)x;
}

void mote_trees_keys_f32(const float *x, uint32_t *keys, size_t n,
                         enum mote_trees_category category)
{
    for (size_t k = 0; k < n; k++) {
        const uint32_t key = key_f32(x[k]);
        keys[k] = key;
        keys[n + k] = key == UINT32_MAX ? 0 : key;
    }
    keys[2 * n] = 0;
    for (size_t k = 0; category && k < n; k++)
        keys[2 * n + 1 + k] = category_of((double)x[k], category);
}

void mote_trees_keys_f64(const double *x, uint64_t *keys, size_t n,
                         enum mote_trees_category category)
{
    for (size_t k = 0; k < n; k++) {
        const uint64_t key = key_f64(x[k]);
        keys[k] = key;
        keys[n + k] = key == UINT64_MAX ? 0 : key;
    }
    keys[2 * n] = 0;
    for (size_t k = 0; category && k < n; k++)
        keys[2 * n + 1 + k] = category_of(x[k], category);
}
