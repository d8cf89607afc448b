/*
 * net/tls_chain.h - BearSSL's check of a certificate chain, and what to say
 * when it says no.
 *
 * The check is br_x509_minimal, untouched: chain to an anchor, host name, time,
 * CA flags, key usage, signatures with SHA-256 or SHA-384, RSA keys of 2048 to
 * 4096 bits, P-256 and P-384. This stands in front of it only to keep the
 * beginnings of the certificates that a message is about.
 */
#ifndef MOTE_NET_TLS_CHAIN_H
#define MOTE_NET_TLS_CHAIN_H

#include "net/tls_trust.h"
#include "net/tls_words.h"

/* Names and dates lie in the first of these bytes; what follows is keys and
 * extensions. */
#define MOTE_CHAIN_HEAD 2048
#define MOTE_CHAIN_NAME_MAX 255 /* of a host: RFC 1035, 2.3.4 */

struct mote_chain {
    const br_x509_class *vtable; /* first: BearSSL knows us by it */
    br_x509_minimal_context minimal;
    br_name_element host; /* the first name that the certificate is for */
    char host_buffer[MOTE_CHAIN_NAME_MAX + 1];
    unsigned count; /* certificates begun                */
    bool settled;   /* refused or accepted: keep no more */
    struct {
        uint16_t n;
        char at[MOTE_CHAIN_HEAD];
    } head[2]; /* of certificate i in [i % 2] */
};

/* trust outlives the chain. */
void mote_chain_begin(struct mote_chain *chain, const struct mote_trust *trust);

/* Whether a failure is about the chain that came last, and what is wrong with
 * it: a sentence, for `host`. error: as BearSSL numbers them. */
bool mote_chain_explain(const struct mote_chain *chain, int error,
                        struct mote_text host, struct mote_words *words);

#endif
