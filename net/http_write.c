/* net/http_write.c - see net/http_write.h */
#include "net/http_write.h"
#include "core/base/number.h"

void mote_http_put(struct mote_http_out *out, struct mote_text text)
{
    if (text.n > out->cap - out->n) {
        out->full = true;
        return;
    }
    if (text.n)
        memcpy(out->at + out->n, text.at, text.n);
    out->n += text.n;
}

void mote_http_put_uint(struct mote_http_out *out, uint64_t value)
{
    char digits[MOTE_UINT_CHARS];

    mote_http_put(out,
                  (struct mote_text){digits, mote_uint_write(digits, value)});
}

void mote_http_put_escaped(struct mote_http_out *out, struct mote_text text,
                           char keep)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.n; i++) {
        const unsigned char c = (unsigned char)text.at[i];
        const char escaped[] = {'%', hex[c >> 4], hex[c & 15]};

        if (mote_http_is_unreserved(text.at[i]) || (keep && text.at[i] == keep))
            mote_http_put(out, (struct mote_text){text.at + i, 1});
        else
            mote_http_put(out, (struct mote_text){escaped, sizeof escaped});
    }
}

void mote_http_put_field(struct mote_http_out *out, struct mote_text name,
                         struct mote_text value)
{
    mote_http_put(out, name);
    mote_http_put(out, MOTE_TEXT(": "));
    mote_http_put(out, value);
    mote_http_put(out, MOTE_TEXT("\r\n"));
}
