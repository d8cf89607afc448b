/* core/base/pow10.c - see core/base/pow10.h and tools/generate/pow10.py */
#include "core/base/pow10.h"
#include "core/base/assert.h"
#include "core/base/pow10.inc"

_Static_assert(POW10_FIRST == MOTE_POW10_MIN && POW10_LAST == MOTE_POW10_MAX,
               "pow10.h states the range of the table");

struct mote_pow10 mote_pow10(int e)
{
    assert(e >= POW10_FIRST && e <= POW10_LAST);
    const unsigned from_base = (unsigned)(e - (POW10_BASE_FIRST));
    const uint64_t *base = pow10_base[from_base / POW10_STEP];
    const uint64_t five = pow5[from_base % POW10_STEP];
    const unsigned bit = (unsigned)(e - POW10_FIRST);

    /* 192-bit product a:b:c of the base and the power of five */
    uint64_t b, c, b_low;
    uint64_t a = mote_mul64(base[0], five, &b);
    b_low = mote_mul64(base[1], five, &c);
    b += b_low;
    a += b < b_low;

    /* five >= 1 and base has its top bit set, so at most 64 leading zeros */
    if (a == 0)
        a = b, b = c, c = 0;
    const int shift = __builtin_clzll(a);
    if (shift) {
        a = a << shift | b >> (64 - shift);
        b = b << shift | c >> (64 - shift);
    }
    const uint64_t low = b + (pow10_too_low[bit / 16] >> bit % 16 * 2 & 3);
    return (struct mote_pow10){a + (low < b), low};
}
