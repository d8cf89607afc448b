/* core/base/base64.c - see core/base/base64.h */
#include "core/base/base64.h"

/* 0 to 63, or -1 for what is not in the alphabet. */
static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static enum mote_status refuse(struct mote_where *where, struct mote_text text,
                               size_t offset)
{
    where->offset = offset;
    where->expected = "standard base64";
    where->got = (struct mote_text){text.at + offset, offset < text.n};
    return MOTE_E_FORMAT;
}

enum mote_status mote_base64_decode(char *out, size_t *n, struct mote_text text,
                                    struct mote_where *where)
{
    size_t digits = text.n, written = 0;
    uint32_t bits = 0;

    if (digits % 4 == 0) /* padding only ever completes a group of four */
        for (int pad = 0; pad < 2 && digits && text.at[digits - 1] == '=';
             pad++)
            digits--;
    for (size_t i = 0; i < digits; i++) {
        const int digit = digit_of(text.at[i]);
        if (digit < 0)
            return refuse(where, text, i);
        bits = bits << 6 | (uint32_t)digit;
        if (i % 4 != 0)
            out[written++] = (char)(bits >> (6 - 2 * (i % 4)));
    }
    if (digits % 4 == 1)
        return refuse(where, text, digits);
    /* 2 digits carry one byte and 4 spare bits, 3 carry two and 2 spare. */
    if (digits % 4 && bits & (digits % 4 == 2 ? 15u : 3u))
        return refuse(where, text, digits - 1);
    *n = written;
    return MOTE_OK;
}
