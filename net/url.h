/*
 * net/url.h - an http or https URL, taken apart.
 */
#ifndef MOTE_NET_URL_H
#define MOTE_NET_URL_H

#include "core/base/status.h"

#define MOTE_URL_HOST 255 /* bytes of a host */

/* Texts are views into what was parsed. */
struct mote_url {
    bool secure;             /* https                                      */
    uint16_t port;           /* as written, or the scheme's: 80, 443       */
    struct mote_text host;   /* a name, IPv4, or IPv6 in brackets          */
    struct mote_text at;     /* host[:port] as written: for the Host field */
    struct mote_text path;   /* "/..." or empty, escapes as they came      */
    struct mote_text target; /* path and "?query"; may be empty, or lack the
                                slash before the query                     */
};

/*
 * Reads scheme://host[:port][/path][?query][#fragment]; the fragment is left
 * out. Characters that a URL escapes must be escaped. User names and passwords
 * are refused: they would end up in logs.
 *
 * errors  MOTE_E_FORMAT, with where->expected and where->got, which is a part
 *         of the text or empty, but never one with a password
 */
enum mote_status mote_url_parse(struct mote_url *url, struct mote_text text,
                                struct mote_where *where);

/*
 * Where a Location field leads: an absolute URL, or a path on the same host
 * ("/x"); other forms are refused. The result has views into both texts.
 */
enum mote_status mote_url_follow(struct mote_url *url,
                                 const struct mote_url *from,
                                 struct mote_text location,
                                 struct mote_where *where);

/* Whether both lead to the same host over the same port and scheme. */
bool mote_url_same_server(const struct mote_url *a, const struct mote_url *b);

#endif
