/*
 * net/dns_message.h - a question to a name server, and its answer, without I/O.
 *
 * trust   an answer may hold anything: every read is checked against its end,
 *         pointers of compressed names lead backwards only, and a chain of
 *         aliases has at most MOTE_DNS_ALIASES links
 * source  RFC 1035; RFC 3596 (AAAA); RFC 5452, section 9 (what is accepted)
 */
#ifndef MOTE_NET_DNS_MESSAGE_H
#define MOTE_NET_DNS_MESSAGE_H

#include "net/stream.h"

#define MOTE_DNS_NAME 255    /* bytes of a name on the wire          */
#define MOTE_DNS_ALIASES 8   /* links of a CNAME chain               */
#define MOTE_DNS_ADDRESSES 8 /* kept of one name; the others are not */
#define MOTE_DNS_QUERY (12 + MOTE_DNS_NAME + 4)

enum mote_dns_type { MOTE_DNS_A = 1, MOTE_DNS_CNAME = 5, MOTE_DNS_AAAA = 28 };

/* Labels, each behind its length, and a 0; compared without case. */
struct mote_dns_name {
    uint8_t at[MOTE_DNS_NAME];
    size_t n;
};

/* The wire form of a host name: letters, digits, '-' and '_' in labels of 1 to
 * 63, perhaps a dot at the end. MOTE_E_FORMAT for anything else. */
enum mote_status mote_dns_name_of(struct mote_dns_name *name,
                                  struct mote_text host);

/* Writes a question; returns its bytes. */
size_t mote_dns_ask(uint8_t out[MOTE_DNS_QUERY], uint16_t id,
                    const struct mote_dns_name *name, enum mote_dns_type type);

struct mote_dns_answer {
    struct mote_endpoint at[MOTE_DNS_ADDRESSES]; /* without port             */
    size_t count;
    struct mote_dns_name alias; /* where the chain ended without an address;
                                   n 0: there was no chain                   */
    unsigned aliases;           /* links followed                            */
    unsigned code;              /* RCODE: 0, 3 (no such name), ...           */
    bool truncated;             /* ask again over TCP: nothing else is set   */
};

/*
 * Reads the answer to that question.
 *
 * errors  MOTE_E_UNKNOWN  answers another question, or is none: wait on
 *         MOTE_E_FORMAT   breaks its format, or its aliases go in a circle
 */
enum mote_status mote_dns_read(struct mote_dns_answer *answer,
                               const uint8_t *bytes, size_t n, uint16_t id,
                               const struct mote_dns_name *name,
                               enum mote_dns_type type);

#endif
