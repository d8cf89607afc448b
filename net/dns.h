/*
 * net/dns.h - host names to addresses, without the C library's resolver, which
 * allocates.
 *
 * Asks the servers of /etc/resolv.conf (or MOTE_DNS) over UDP, each try from a
 * fresh port with a fresh id, and over TCP when an answer does not fit. Names
 * are asked for as they are: no search list. IPv4 addresses first; IPv6 ones
 * are asked for when there are none, or when none of them answers.
 *
 * source  RFC 1035, 5452, 6761 (localhost), 7766 (TCP)
 */
#ifndef MOTE_NET_DNS_H
#define MOTE_NET_DNS_H

#include "net/dns_message.h"

#define MOTE_DNS_SERVERS 3

struct mote_resolver {
    struct mote_endpoint servers[MOTE_DNS_SERVERS];
    unsigned count;
    unsigned timeout_ms; /* of the first round; each later one waits longer */
    unsigned rounds;     /* tries of each server                            */
};

/*
 * Takes over what a resolv.conf says: nameserver lines, the options timeout
 * and attempts. What it does not say, or says wrongly, is 169.254.169.253 (the
 * resolver of every VPC), 1 s, 3 rounds.
 *
 * setting  MOTE_DNS: "address" or "address:port", IPv6 in brackets; empty when
 *          it is not set. It comes before the file
 * errors   MOTE_E_FORMAT  the setting is none of these
 */
enum mote_status mote_resolver_begin(struct mote_resolver *resolver,
                                     struct mote_text resolv_conf,
                                     struct mote_text setting);

/* The same with the file /etc/resolv.conf, of which 4 KiB are read. */
enum mote_status mote_resolver_open(struct mote_resolver *resolver,
                                    struct mote_text setting);

/* A numeric address: IPv4, or IPv6 with or without brackets. The port is left
 * as it is. */
bool mote_endpoint_read(struct mote_endpoint *endpoint, struct mote_text text);

struct mote_addresses {
    struct mote_endpoint at[MOTE_DNS_ADDRESSES]; /* port as asked for */
    size_t count;                                /* at least 1        */
    unsigned code; /* RCODE of the last answer: 3 is no such name     */
};

/*
 * The addresses of a host. Numeric ones and localhost need no server.
 *
 * errors  MOTE_E_FORMAT   no host name, or answers that are none
 *         MOTE_E_REFUSED  no such name, or no address: see addresses->code
 *         MOTE_E_TIMEOUT  no server answered in its time or by the deadline
 *         MOTE_E_IO       see errno
 */
enum mote_status mote_resolve(const struct mote_resolver *resolver,
                              struct mote_text host, uint16_t port,
                              uint64_t deadline_ms,
                              struct mote_addresses *addresses);

/*
 * The IPv6 addresses of a host whose IPv4 ones led nowhere. MOTE_E_REFUSED when
 * it has none, a numeric address among them; other errors as above.
 */
enum mote_status mote_resolve_v6(const struct mote_resolver *resolver,
                                 struct mote_text host, uint16_t port,
                                 uint64_t deadline_ms,
                                 struct mote_addresses *addresses);

#endif
