/* core/base/url.c - see core/base/url.h */
#include "core/base/url.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct mote_text mote_url_decode(struct mote_text text)
{
    char *out = (char *)text.at;
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        char c = text.at[i] == '+' ? ' ' : text.at[i];
        if (c == '%' && text.n - i > 2 && hex_digit(text.at[i + 1]) >= 0 &&
            hex_digit(text.at[i + 2]) >= 0) {
            c = (char)(hex_digit(text.at[i + 1]) << 4 |
                       hex_digit(text.at[i + 2]));
            i += 2;
        }
        out[n++] = c;
    }
    return (struct mote_text){out, n};
}

struct mote_text mote_url_shown(struct mote_text url)
{
    size_t n = 0;

    while (n < url.n && url.at[n] != '?')
        n++;
    return (struct mote_text){url.at, n};
}
