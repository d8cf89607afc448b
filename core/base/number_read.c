/*
 * core/base/number_read.c - decimal text to the nearest double.
 *
 * in      text in JSON's number grammar, any number of digits
 * out     the double nearest to it, ties to even
 * cost    up to 19 digits: one or two multiplications, as Eisel and Lemire;
 *         more digits, and only when the first 19 do not decide: big integers
 * source  Lemire, arXiv:2101.11408; Mushtak and Lemire, arXiv:2212.06644 (with
 *         a 128-bit table 19 digits never need the slow way)
 */
#include "core/base/assert.h"
#include "core/base/number.h"
#include "core/base/pow10.h"

#define MANTISSA_BITS 52
#define INFINITE 0x7FF

/* digits * 10^exponent; digits has at most 19 figures and `more` says that
 * figures were cut off behind them. */
struct scanned {
    uint64_t digits;
    int64_t exponent;
    bool negative, more;
};

/* A double being made: mantissa with its hidden bit dropped later, and the
 * exponent as it is stored. */
struct binary {
    uint64_t mantissa;
    int exponent;
};

static bool is_digit(const char *at, const char *end)
{
    return at < end && *at >= '0' && *at <= '9';
}

struct digits {
    uint64_t value;
    int count;    /* significant figures in value, <= 19     */
    int64_t left; /* figures that did not fit behind them    */
    bool rest;    /* one of those is not 0                   */
};

static void add_digit(struct digits *d, char c)
{
    if (d->count < 19) {
        d->value = d->value * 10 + (uint64_t)(c - '0');
        d->count += d->value != 0;
    } else {
        d->left++;
        d->rest |= c != '0';
    }
}

/* Exponents beyond 10^5 or so all mean zero or infinity: stop adding there. */
static const char *scan_exponent(const char *at, const char *end, int64_t *out)
{
    const bool negative = at < end && *at == '-';
    int64_t value = 0;

    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (!is_digit(at, end))
        return NULL;
    for (; is_digit(at, end); at++)
        if (value < 1000000000)
            value = value * 10 + (*at - '0');
    *out = negative ? -value : value;
    return at;
}

static bool scan(struct mote_text text, struct scanned *s)
{
    const char *at = text.at, *end = text.at + text.n;
    struct digits d = {0};
    int64_t exponent = 0;

    s->negative = at < end && *at == '-';
    at += s->negative;
    if (!is_digit(at, end) || (*at == '0' && is_digit(at + 1, end)))
        return false;
    for (; is_digit(at, end); at++)
        add_digit(&d, *at);
    s->exponent = d.left;
    if (at < end && *at == '.') {
        const char *fraction = ++at;
        const int64_t left = d.left;
        if (!is_digit(at, end))
            return false;
        for (; is_digit(at, end); at++)
            add_digit(&d, *at);
        s->exponent -= (at - fraction) - (d.left - left);
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at = scan_exponent(at + 1, end, &exponent);
        if (!at)
            return false;
    }
    s->digits = d.value;
    s->exponent += exponent;
    s->more = d.rest;
    return at == end;
}

/*
 * The double nearest to w * 10^q, for w > 0 without figures cut off. Names as
 * in the paper; rounding down to a mantissa with one spare bit, then half up
 * except on an exact tie.
 */
static struct binary nearest(uint64_t w, int q)
{
    const int leading = __builtin_clzll(w);
    struct mote_pow10 power = mote_pow10(q);

    if (q < 0 && q >= -27) /* quotients can be exact here: round it up */
        power.low++;       /* never carries: no such entry ends in ones */
    w <<= leading;
    uint64_t low, ignored;
    uint64_t high = mote_mul64(w, power.high, &low);
    if ((high & 0x1FF) == 0x1FF) { /* the lower half may carry into the bits */
        const uint64_t more = mote_mul64(w, power.low, &ignored);
        low += more;
        high += low < more;
    }
    const int top = (int)(high >> 63);
    const int shift = top + 64 - MANTISSA_BITS - 3;
    struct binary b = {
        .mantissa = high >> shift,
        .exponent = mote_log2_pow10(q) + 63 + top - leading + 1023,
    };
    if (b.exponent <= 0) { /* a denormal, or nothing */
        if (1 - b.exponent >= 64)
            return (struct binary){0, 0};
        b.mantissa >>= 1 - b.exponent;
        b.mantissa = (b.mantissa + (b.mantissa & 1)) >> 1;
        b.exponent = b.mantissa >> MANTISSA_BITS ? 1 : 0;
        return b;
    }
    /* An exact tie: only powers with an exact table entry can make one. */
    if (low <= 1 && q >= -4 && q <= 23 && (b.mantissa & 3) == 1 &&
        b.mantissa << shift == high)
        b.mantissa &= ~(uint64_t)1;
    b.mantissa = (b.mantissa + (b.mantissa & 1)) >> 1;
    if (b.mantissa >> (MANTISSA_BITS + 1)) {
        b.mantissa >>= 1;
        b.exponent++;
    }
    if (b.exponent >= INFINITE)
        return (struct binary){0, INFINITE};
    return b;
}

/* ------------------------------------------------------------------------
 * The slow way: the first 19 figures leave two neighbours possible. Compare
 * the whole decimal with the point half way between them, in big integers.
 *
 * Bounds: a tie is decided by 767 significant figures at most, so 768 are kept
 * and whatever follows counts as one more figure, 1: a decimal D < 10^769 <
 * 2^2555. Powers of ten go to -(343 + 750) = -1093, and 5^1093 < 2^2538; times
 * the 54 bits of the half way point that is below 2^2592. The sides compared
 * are of one size, and one of them is always one of these two, so 2600 bits
 * and the word that a shift may spill into are enough.
 */
#define BIG_DIGITS 768
#define BIG_WORDS 84 /* of 32 bits */

struct big {
    uint32_t word[BIG_WORDS]; /* lowest first */
    int n;
};

static void big_multiply_add(struct big *b, uint32_t factor, uint32_t carry)
{
    for (int i = 0; i < b->n; i++) {
        const uint64_t x = (uint64_t)b->word[i] * factor + carry;
        b->word[i] = (uint32_t)x;
        carry = (uint32_t)(x >> 32);
    }
    if (carry) {
        assert(b->n < BIG_WORDS);
        b->word[b->n++] = carry;
    }
}

static void big_multiply_pow5(struct big *b, int64_t e)
{
    for (; e >= 13; e -= 13)
        big_multiply_add(b, 1220703125, 0); /* 5^13 */
    for (; e > 0; e--)
        big_multiply_add(b, 5, 0);
}

static void big_shift_left(struct big *b, int64_t bits)
{
    const int words = (int)(bits / 32);

    big_multiply_add(b, (uint32_t)1 << bits % 32, 0);
    assert(b->n + words <= BIG_WORDS);
    for (int i = b->n - 1; i >= 0; i--)
        b->word[i + words] = b->word[i];
    for (int i = 0; i < words; i++)
        b->word[i] = 0;
    b->n += words;
}

static int big_compare(const struct big *a, const struct big *b)
{
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    for (int i = a->n - 1; i >= 0; i--)
        if (a->word[i] != b->word[i])
            return a->word[i] < b->word[i] ? -1 : 1;
    return 0;
}

/* The significant figures of text, as an integer; returns how many of them lie
 * behind the 19 that scan() kept. */
static int64_t big_read(struct big *b, struct mote_text text)
{
    int kept = 0;
    int64_t beyond_19 = 0;
    bool rest = false;

    b->n = 0;
    for (size_t i = 0; i < text.n && (text.at[i] | 0x20) != 'e'; i++) {
        const char c = text.at[i];
        if (c < '0' || c > '9' || (kept == 0 && c == '0'))
            continue;
        if (kept == BIG_DIGITS) {
            rest |= c != '0';
            continue;
        }
        big_multiply_add(b, 10, (uint32_t)(c - '0'));
        beyond_19 += kept >= 19;
        kept++;
    }
    if (rest) {
        big_multiply_add(b, 10, 1);
        beyond_19++;
    }
    return beyond_19;
}

/* The nearest of `down` and the double above it. */
static struct binary decide(struct mote_text text, const struct scanned *s,
                            struct binary down)
{
    struct big decimal, middle;
    const int64_t exponent10 = s->exponent - big_read(&decimal, text);
    /* half way: (2m + 1) * 2^(e - 1), with m the integer mantissa */
    const uint64_t half = 2 * down.mantissa + 1;
    int64_t exponent2 =
        (down.exponent ? down.exponent : 1) - 1023 - MANTISSA_BITS - 1;

    middle.word[0] = (uint32_t)half;
    middle.word[1] = (uint32_t)(half >> 32);
    middle.n = middle.word[1] ? 2 : 1;

    /* decimal * 10^exponent10 against middle * 2^exponent2 */
    if (exponent10 >= 0)
        big_multiply_pow5(&decimal, exponent10);
    else
        big_multiply_pow5(&middle, -exponent10);
    exponent2 -= exponent10;
    if (exponent2 >= 0)
        big_shift_left(&middle, exponent2);
    else
        big_shift_left(&decimal, -exponent2);

    const int order = big_compare(&decimal, &middle);
    if (order > 0 || (order == 0 && down.mantissa & 1)) {
        down.mantissa++; /* and when it outgrows its binade, or is one now: */
        if (down.mantissa >> (MANTISSA_BITS + 1))
            down.mantissa >>= 1, down.exponent++;
        else if (down.exponent == 0 && down.mantissa >> MANTISSA_BITS)
            down.exponent = 1;
    }
    return down;
}

static struct binary convert(struct mote_text text, const struct scanned *s)
{
    if (s->digits == 0 || s->exponent < MOTE_POW10_MIN)
        return (struct binary){0, 0}; /* 19 figures * 10^-343 rounds to 0 */
    if (s->exponent > 308)
        return (struct binary){0, INFINITE};
    const struct binary low = nearest(s->digits, (int)s->exponent);
    if (!s->more)
        return low;
    const struct binary high = nearest(s->digits + 1, (int)s->exponent);
    if (low.mantissa == high.mantissa && low.exponent == high.exponent)
        return low;
    return decide(text, s, low);
}

enum mote_status mote_f64_read(struct mote_text text, double *value)
{
    struct scanned s;

    if (text.n == 0 || !scan(text, &s))
        return MOTE_E_FORMAT;
    const struct binary b = convert(text, &s);
    uint64_t bits = b.mantissa & (((uint64_t)1 << MANTISSA_BITS) - 1);
    bits |= (uint64_t)b.exponent << MANTISSA_BITS;
    bits |= (uint64_t)s.negative << 63;
    memcpy(value, &bits, sizeof bits);
    return b.exponent == INFINITE ? MOTE_E_RANGE : MOTE_OK;
}

enum mote_status mote_uint_read(struct mote_text text, uint64_t *value)
{
    uint64_t sum = 0;

    if (text.n == 0)
        return MOTE_E_FORMAT;
    for (size_t i = 0; i < text.n; i++) {
        if (!is_digit(text.at + i, text.at + text.n))
            return MOTE_E_FORMAT;
        const uint64_t digit = (uint64_t)(text.at[i] - '0');
        if (sum > (UINT64_MAX - digit) / 10)
            return MOTE_E_RANGE;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return MOTE_OK;
}
