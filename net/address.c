/* net/address.c - see net/address.h */
#include "net/address.h"
#include "core/base/number.h"

/* The part of *text before the first `mark` (all of it when there is none);
 * *text keeps the mark and what follows. */
static struct mote_text take_until(struct mote_text *text, char mark)
{
    struct mote_text part = {text->at, 0};

    while (part.n < text->n && text->at[part.n] != mark)
        part.n++;
    text->at += part.n;
    text->n -= part.n;
    return part;
}

static bool parse_ipv4(uint8_t ip[4], struct mote_text host)
{
    for (int i = 0; i < 4; i++) {
        uint64_t value;
        const struct mote_text part = take_until(&host, '.');

        if (part.n > 3 || mote_uint_read(part, &value) != MOTE_OK ||
            value > 255)
            return false;
        ip[i] = (uint8_t)value;
        if (i < 3 && host.n == 0)
            return false;
        if (i < 3)
            host.at++, host.n--; /* the dot */
    }
    return host.n == 0;
}

static enum mote_status refuse(struct mote_where *where, struct mote_text got,
                               const char *expected)
{
    where->expected = expected;
    where->got = got;
    return MOTE_E_FORMAT;
}

enum mote_status mote_address_parse(struct mote_address *address,
                                    struct mote_text text,
                                    struct mote_where *where)
{
    const struct mote_text whole = text, scheme = MOTE_TEXT("http://");
    uint64_t port;

    if (text.n == 0)
        return refuse(where, MOTE_TEXT("nothing"), "host:port");
    if (text.n > MOTE_ADDRESS_MAX)
        return refuse(where, text, "at most 512 bytes");
    if (mote_text_starts(text, scheme))
        text.at += scheme.n, text.n -= scheme.n;
    struct mote_text authority = take_until(&text, '/');
    address->host = authority;
    const struct mote_text host = take_until(&authority, ':');
    if (authority.n == 0)
        return refuse(where, whole, "host:port");
    authority.at++, authority.n--; /* the colon */

    if (mote_text_equal(host, MOTE_TEXT("localhost")))
        memcpy(address->ip, (const uint8_t[]){127, 0, 0, 1}, 4);
    else if (!parse_ipv4(address->ip, host))
        return refuse(where, host, "an IPv4 address or localhost");
    if (mote_uint_read(authority, &port) != MOTE_OK || port == 0 ||
        port > 65535)
        return refuse(where, authority, "a port from 1 to 65535");
    address->port = (uint16_t)port;

    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.at[i] <= 0x20 || text.at[i] == 0x7F)
            return refuse(where, text, "a path without blanks");
    if (text.n && text.at[text.n - 1] == '/')
        text.n--;
    address->prefix = text;
    return MOTE_OK;
}
