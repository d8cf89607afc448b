/* core/model/tokenizer_chars.c - see core/model/tokenizer_chars.h */
#include "core/model/tokenizer_chars.h"

#include <stdbool.h>

/* Runs of characters in order, those above U+FFFF, less 0x10000, behind the
 * others: character first[r] + i * step becomes fold[r] + i * its own step, for
 * i below count[r]. */
struct runs {
    const uint16_t *first, *fold;
    const uint8_t *count, *pattern;
    uint32_t below, all; /* runs below U+10000, and all of them */
};

#include "core/model/tokenizer_chars.inc"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* How many of first[from..to), which ascend, are c or less. */
static uint32_t not_above(const uint16_t *first, uint32_t from, uint32_t to,
                          uint32_t c)
{
    const uint32_t begin = from;

    while (from < to) {
        const uint32_t middle = (from + to) / 2;
        if (first[middle] <= c)
            from = middle + 1;
        else
            to = middle;
    }
    return from - begin;
}

unsigned mote_char_class(uint32_t c)
{
    if (c >= 0x20000) { /* few, and rare */
        uint32_t i = 0;
        while (i + 1 < COUNT(classes_above) && classes_above[i + 1].first <= c)
            i++;
        return classes_above[i].kind;
    }
    const uint32_t from = c < 0x10000 ? 0 : CLASSES_BMP;
    const uint32_t to = c < 0x10000 ? CLASSES_BMP : COUNT(classes_first);
    /* each plane has a range that begins with it */
    const uint32_t i =
        from + not_above(classes_first, from, to, c & 0xFFFF) - 1;
    return classes_kind[i / 2] >> (i & 1) * 4 & 15;
}

/* Hangul syllables are composed by a rule: the Unicode standard, 3.12. */
static unsigned fold_hangul(uint32_t i, uint32_t *out)
{
    const uint32_t last = i % 28;

    out[0] = 0x1100 + i / (21 * 28);
    out[1] = 0x1161 + i / 28 % 21;
    out[2] = 0x11A7 + last;
    return last ? 3 : 2;
}

/* Unified ideographs for those that are there to be compatible, from
 * U+F900 and, behind them, U+2F800 on. */
static uint32_t fold_compatible(uint32_t i)
{
    const uint32_t high = compatible_high[i / 8] >> i % 8 & 1;
    return high << 17 | compatible_low[i];
}

static unsigned fold_by(const struct runs *runs, uint32_t c, uint32_t *out)
{
    static const uint8_t steps[][2] = {{1, 0}, {1, 1}, {1, 2},
                                       {2, 0}, {2, 1}, {2, 2}};
    const uint32_t plane = c & 0x10000;
    const uint32_t from = plane ? runs->below : 0;
    const uint32_t n = not_above(runs->first, from,
                                 plane ? runs->all : runs->below, c & 0xFFFF);
    const uint32_t r = from + n - 1;

    out[0] = c;
    if (n == 0)
        return 1;
    const uint32_t off = (c & 0xFFFF) - runs->first[r];
    if (runs->pattern[r] == COUNT(steps)) { /* a pair: its first one again */
        if (off)
            return 1;
        const uint16_t *pair = pairs_made + 2 * runs->fold[r];
        const unsigned made = fold_by(runs, plane | pair[0], out);
        out[made] = plane | pair[1];
        return made + 1;
    }
    const uint8_t *step = steps[runs->pattern[r]];
    const uint32_t i = off / step[0];
    if (off % step[0] == 0 && i < runs->count[r])
        out[0] = plane | (runs->fold[r] + i * step[1]);
    return 1;
}

unsigned mote_char_fold(uint32_t c, int bare, uint32_t *out)
{
    out[0] = c;
    if (c >= 0x20000) {
        if (bare && c - 0x2F800 < 544)
            out[0] = fold_compatible(512 + c - 0x2F800);
        return 1;
    }
    if (!bare && c == 0x130) { /* the only one that becomes two */
        out[0] = 'i';
        out[1] = 0x307;
        return 2;
    }
    if (bare && c - 0xAC00 < 11172)
        return fold_hangul(c - 0xAC00, out);
    if (bare && c - 0xF900 < 512) {
        out[0] = fold_compatible(c - 0xF900);
        return 1;
    }
    return fold_by(bare ? &fold_runs : &lower_runs, c, out);
}
