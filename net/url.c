/* net/url.c - see net/url.h */
#include "net/url.h"
#include "core/base/number.h"

static enum mote_status refuse(struct mote_where *where, struct mote_text got,
                               const char *expected)
{
    where->expected = expected;
    where->got = got;
    return MOTE_E_FORMAT;
}

/* What stands before the first character of `marks`. */
static struct mote_text before(struct mote_text text, struct mote_text marks)
{
    for (size_t i = 0; i < text.n; i++)
        for (size_t k = 0; k < marks.n; k++)
            if (text.at[i] == marks.at[k])
                return (struct mote_text){text.at, i};
    return text;
}

static struct mote_text from(struct mote_text text, size_t n)
{
    return (struct mote_text){text.at + n, text.n - n};
}

/* Letters, digits, dots, hyphens and underscores, or digits of IPv6 in
 * brackets. Whether it is a host, the resolver will see. */
static bool is_host(struct mote_text host)
{
    const bool v6 = host.n > 2 && *host.at == '[' && host.at[host.n - 1] == ']';

    if (host.n == 0 || host.n > MOTE_URL_HOST)
        return false;
    for (size_t i = v6; i < host.n - v6; i++) {
        const char c = host.at[i], letter = c | 0x20;
        const bool digit = c >= '0' && c <= '9';
        if (v6 ? !digit && (letter < 'a' || letter > 'f') && c != ':' &&
                     c != '.'
               : !digit && (letter < 'a' || letter > 'z') && c != '-' &&
                     c != '.' && c != '_')
            return false;
    }
    return true;
}

static enum mote_status read_authority(struct mote_url *url,
                                       struct mote_text authority,
                                       struct mote_where *where)
{
    uint64_t port = url->secure ? 443 : 80;
    size_t colon = authority.n;

    if (before(authority, MOTE_TEXT("@")).n < authority.n)
        return refuse(where, (struct mote_text){0},
                      "a host without user name and password");
    while (colon && authority.at[colon - 1] != ':' &&
           authority.at[colon - 1] != ']')
        colon--;
    url->at = url->host = authority;
    if (colon && authority.at[colon - 1] == ':') {
        const struct mote_text digits = from(authority, colon);
        url->host.n = colon - 1;
        if (mote_uint_read(digits, &port) != MOTE_OK || port == 0 ||
            port > 65535)
            return refuse(where, digits, "a port from 1 to 65535");
    }
    url->port = (uint16_t)port;
    return is_host(url->host) ? MOTE_OK
                              : refuse(where, url->host, "a host name");
}

static enum mote_status read_target(struct mote_url *url, struct mote_text rest,
                                    struct mote_where *where)
{
    url->target = before(rest, MOTE_TEXT("#"));
    url->path = before(url->target, MOTE_TEXT("?"));
    for (size_t i = 0; i < url->target.n; i++) {
        const unsigned char c = (unsigned char)url->target.at[i];
        if (c <= 0x20 || c >= 0x7F)
            return refuse(where, from(url->target, i),
                          "blanks and characters beyond ASCII as %XX");
    }
    return MOTE_OK;
}

enum mote_status mote_url_parse(struct mote_url *url, struct mote_text text,
                                struct mote_where *where)
{
    const struct mote_text scheme = before(text, MOTE_TEXT(":"));

    url->secure = mote_text_equal_nocase(scheme, MOTE_TEXT("https"));
    if (!url->secure && !mote_text_equal_nocase(scheme, MOTE_TEXT("http")))
        return refuse(where, scheme, "http:// or https://");
    struct mote_text rest = from(text, scheme.n);
    if (!mote_text_starts(rest, MOTE_TEXT("://")))
        return refuse(where, scheme, "http:// or https://");
    rest = from(rest, 3);
    const struct mote_text authority = before(rest, MOTE_TEXT("/?#"));
    const enum mote_status s = read_authority(url, authority, where);
    return s == MOTE_OK ? read_target(url, from(rest, authority.n), where) : s;
}

enum mote_status mote_url_follow(struct mote_url *url,
                                 const struct mote_url *origin,
                                 struct mote_text location,
                                 struct mote_where *where)
{
    if (!mote_text_starts(location, MOTE_TEXT("/")) ||
        mote_text_starts(location, MOTE_TEXT("//")))
        return mote_url_parse(url, location, where);
    *url = *origin;
    return read_target(url, location, where);
}

bool mote_url_same_server(const struct mote_url *a, const struct mote_url *b)
{
    return a->secure == b->secure && a->port == b->port &&
           mote_text_equal_nocase(a->host, b->host);
}
