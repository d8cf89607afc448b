/*
 * core/base/number_write.c - shortest decimals by the Schubfach method.
 *
 * in      a float or double c * 2^q
 * out     decimal digits d * 10^k, then a text
 * cost    one 128-bit power of ten, three 64 x 128 bit products, no loop
 *         but the one over the digits
 * source  Giulietti, "The Schubfach way to render doubles", 2020; the names
 *         below are the paper's. Binary32 runs through the same 64-bit code:
 *         only its interval is wider.
 */
#include "core/base/assert.h"
#include "core/base/number.h"
#include "core/base/pow10.h"

struct decimal {
    uint64_t digits;
    int exponent; /* of ten */
};

/* floor(g * cp / 2^128), with its last bit set when anything was cut off. */
static uint64_t round_to_odd(struct mote_pow10 g, uint64_t cp)
{
    uint64_t x_low, y_low;
    const uint64_t x_high = mote_mul64(g.low, cp, &x_low);
    uint64_t y_high = mote_mul64(g.high, cp, &y_low);

    y_low += x_high;
    y_high += y_low < x_high;
    return y_high | (y_low > 1);
}

/* c > 0; closer: the lower neighbour is at half the distance (c is the
 * smallest of its binade and not of the smallest binade). */
static struct decimal shortest(uint64_t c, int q, bool closer)
{
    const bool odd = c & 1;
    /* k = floor(log10(2^q)), or of 3/4 * 2^q when the interval is smaller */
    const int k = closer ? (q * 1262611 - 524031) >> 22 : mote_log10_pow2(q);
    const int h = q + mote_log2_pow10(-k) + 1;
    struct mote_pow10 g = mote_pow10(-k);

    /* The method wants 10^-k rounded up; the table rounds down. */
    if (-k < 0 || -k > 55) {
        g.low++;
        g.high += g.low == 0;
    }
    const uint64_t vb_left = round_to_odd(g, (4 * c - 2 + closer) << h);
    const uint64_t vb = round_to_odd(g, 4 * c << h);
    const uint64_t vb_right = round_to_odd(g, (4 * c + 2) << h);
    const uint64_t lower = vb_left + odd, upper = vb_right - odd;
    const uint64_t s = vb / 4;

    if (s >= 10) { /* one digit fewer, if exactly one candidate is inside */
        const uint64_t tens = s / 10;
        const bool down = lower <= 40 * tens, up = 40 * tens + 40 <= upper;
        if (down != up)
            return (struct decimal){tens + up, k + 1};
    }
    const bool down = lower <= 4 * s, up = 4 * s + 4 <= upper;
    if (down != up)
        return (struct decimal){s + up, k};
    const uint64_t middle = 4 * s + 2;
    return (struct decimal){s + (vb > middle || (vb == middle && s & 1)), k};
}

size_t mote_uint_write(char *out, uint64_t value)
{
    char digits[MOTE_UINT_CHARS], *at = digits + sizeof digits;

    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    const size_t n = (size_t)(digits + sizeof digits - at);
    memcpy(out, at, n);
    return n;
}

static char *put_zeros(char *at, int n)
{
    while (n-- > 0)
        *at++ = '0';
    return at;
}

static size_t write_decimal(char *out, bool negative, struct decimal d)
{
    char digits[MOTE_UINT_CHARS], *at = out;

    while (d.digits % 10 == 0) {
        d.digits /= 10;
        d.exponent++;
    }
    const int n = (int)mote_uint_write(digits, d.digits);
    const int point = n + d.exponent; /* digits before the decimal point */

    if (negative)
        *at++ = '-';
    if (point > 21 || point < -5) { /* d.ddde-xx */
        *at++ = digits[0];
        if (n > 1)
            *at++ = '.';
        memcpy(at, digits + 1, (size_t)n - 1);
        at += n - 1;
        *at++ = 'e';
        if (point < 1)
            *at++ = '-';
        at +=
            mote_uint_write(at, (uint64_t)(point < 1 ? 1 - point : point - 1));
    } else if (point <= 0) { /* 0.00ddd */
        *at++ = '0';
        *at++ = '.';
        at = put_zeros(at, -point);
        memcpy(at, digits, (size_t)n);
        at += n;
    } else { /* dd.dd or dd00 */
        const int whole = n < point ? n : point;
        memcpy(at, digits, (size_t)whole);
        at = put_zeros(at + whole, point - whole);
        if (n > whole)
            *at++ = '.';
        memcpy(at, digits + whole, (size_t)(n - whole));
        at += n - whole;
    }
    return (size_t)(at - out);
}

/*
 * Both widths: fraction has `width` bits, exponent is as stored, and one unit
 * of the fraction of a denormal is 2^q_min.
 */
static size_t write_float(char *out, bool negative, uint64_t fraction,
                          int exponent, int width, int q_min)
{
    if (exponent == 0 && fraction == 0) {
        const struct mote_text zero =
            negative ? MOTE_TEXT("-0.0") : MOTE_TEXT("0");
        memcpy(out, zero.at, zero.n);
        return zero.n;
    }
    const uint64_t hidden = (uint64_t)1 << width;
    const uint64_t c = exponent ? fraction | hidden : fraction;
    const int q = q_min + (exponent ? exponent - 1 : 0);
    return write_decimal(out, negative,
                         shortest(c, q, fraction == 0 && exponent > 1));
}

size_t mote_f64_write(char *out, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    const int exponent = (int)(bits >> 52 & 0x7FF);

    if (exponent == 0x7FF)
        return 0;
    return write_float(out, bits >> 63, bits & 0xFFFFFFFFFFFFFu, exponent, 52,
                       -1074);
}

size_t mote_f32_write(char *out, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const int exponent = (int)(bits >> 23 & 0xFF);

    if (exponent == 0xFF)
        return 0;
    return write_float(out, bits >> 31, bits & 0x7FFFFFu, exponent, 23, -149);
}
