/*
 * net/address.h - "host:port" from a variable, as an address to connect to.
 */
#ifndef MOTE_NET_ADDRESS_H
#define MOTE_NET_ADDRESS_H

#include "core/base/status.h"

#define MOTE_ADDRESS_MAX 512 /* bytes of a text that is accepted */

/* Texts are views into what was parsed. */
struct mote_address {
    uint8_t ip[4];           /* IPv4, in network order            */
    uint16_t port;           /* 1 to 65535                        */
    struct mote_text host;   /* "host:port", for the Host field   */
    struct mote_text prefix; /* path before ours: "" or "/x/y"    */
};

/*
 * Reads [http://]host:port[/prefix]. host is a dotted IPv4 address or
 * "localhost": a scratch image has no resolver, so no other name can be
 * looked up and none is accepted.
 *
 * errors  MOTE_E_FORMAT, with where->expected and where->got
 */
enum mote_status mote_address_parse(struct mote_address *address,
                                    struct mote_text text,
                                    struct mote_where *where);

#endif
