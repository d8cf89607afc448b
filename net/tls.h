/*
 * net/tls.h - TLS 1.2 over a connected socket, as a client.
 *
 * BearSSL does it, unpatched, set up piece by piece once and used again for
 * each connection: six suites with authenticated encryption and ephemeral
 * keys, SHA-256 and SHA-384, X25519, P-256 and P-384. Chain, host name and
 * time are verified; nothing switches that off. Renegotiation is refused.
 *
 * What BearSSL 0.6 cannot do: TLS 1.3, RSA-PSS, name constraints, extended key
 * usage, revocation, extended master secret.
 */
#ifndef MOTE_NET_TLS_H
#define MOTE_NET_TLS_H

#include "net/stream.h"
#include "net/tls_chain.h"
#include "net/tls_ciphers.h"
#include "net/tls_curves.h"
#include "net/tls_trust.h"

/* 40 KB; static storage of the caller, for one connection at a time. */
struct mote_tls {
    struct mote_stream stream; /* first: what others use */
    struct mote_tls_ciphers ciphers;
    br_ssl_client_context client;
    struct mote_chain chain;
    bool open; /* the handshake is over                         */
    bool deaf; /* the peer takes no more bytes: reading goes on */
    struct mote_words words;
    char name[MOTE_CHAIN_NAME_MAX + 1];
    unsigned char in[BR_SSL_BUFSIZE_INPUT];
    unsigned char out[BR_SSL_BUFSIZE_OUTPUT];
};

/* Once. trust outlives tls, and has all its anchors by now. */
void mote_tls_begin(struct mote_tls *tls, const struct mote_trust *trust);

/*
 * Handshake over a connected socket, which is tls's from here on: a failure
 * closes it. tls->stream is then the connection.
 *
 * name     the host that was asked for, and that the certificate must be for;
 *          ASCII, at most 255 bytes, no IP address
 * message  of a failure: one line for people, which names what was wrong. Lives
 *          until the next call
 * errors   MOTE_E_UNTRUSTED  the server did not prove to be that host
 *          MOTE_E_REFUSED    the two have no version, suite or curve in common,
 *                            or the server refused with an alert
 *          MOTE_E_FORMAT     what came is not TLS, or was changed on its way
 *          MOTE_E_CLOSED, MOTE_E_TIMEOUT, MOTE_E_IO  as a stream's
 */
enum mote_status mote_tls_connect(struct mote_tls *tls, int fd,
                                  struct mote_text name, uint64_t deadline_ms,
                                  struct mote_text *message);

/* What went wrong last, as mote_tls_connect's message: reads and writes of
 * tls->stream have no room for it. Empty when nothing did. */
struct mote_text mote_tls_message(const struct mote_tls *tls);

#endif
