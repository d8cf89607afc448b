/* core/base/utf8.c - see core/base/utf8.h */
#include "core/base/utf8.h"
#include "core/base/assert.h"
#include "core/base/mem.h"

#include <stdbool.h>

static bool is_tail(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

/* Table 3-7 of the Unicode standard: only the second byte's range depends on
 * the first. */
size_t mote_utf8_sequence(const char *at, size_t n)
{
    const unsigned char *b = (const unsigned char *)at;

    if (b[0] < 0x80)
        return 1;
    if (b[0] < 0xC2 || b[0] > 0xF4 || n < 2 || !is_tail(b[1]))
        return 0;
    if (b[0] < 0xE0)
        return 2;
    if ((b[0] == 0xE0 && b[1] < 0xA0) || (b[0] == 0xED && b[1] > 0x9F) ||
        n < 3 || !is_tail(b[2]))
        return 0;
    if (b[0] < 0xF0)
        return 3;
    if ((b[0] == 0xF0 && b[1] < 0x90) || (b[0] == 0xF4 && b[1] > 0x8F) ||
        n < 4 || !is_tail(b[3]))
        return 0;
    return 4;
}

size_t mote_utf8_valid(const char *text, size_t n)
{
    size_t i = 0;
    while (i < n) {
        uint64_t eight;
        if (n - i >= sizeof eight) { /* most text is ASCII */
            memcpy(&eight, text + i, sizeof eight);
            if (!(eight & 0x8080808080808080u)) {
                i += sizeof eight;
                continue;
            }
        }
        const size_t length = mote_utf8_sequence(text + i, n - i);
        if (length == 0)
            break;
        i += length;
    }
    return i;
}

size_t mote_utf8_encode(uint32_t c, char *out)
{
    assert(c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF));
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}
