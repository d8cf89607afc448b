/*
 * net/tls_curves.h - the three curves that are accepted, as BearSSL wants
 * them: P-256 and P-384 by its own code, X25519 by ours.
 *
 * BearSSL 0.6 has only 31-bit arithmetic for X25519, which a handshake needs
 * twice; with limbs of 51 bits it takes 0.4 times as long (55 us instead of
 * 139 on Zen 4).
 */
#ifndef MOTE_NET_TLS_CURVES_H
#define MOTE_NET_TLS_CURVES_H

#include <bearssl.h>

extern const br_ec_impl mote_tls_curves;

#define MOTE_X25519_BYTES 32

/*
 * The function X25519 of RFC 7748, section 5: u = X25519(scalar, u).
 *
 * u       coordinate, little-endian; its highest bit counts as 0
 * scalar  little-endian; three low bits and the two highest are set as the
 *         function has it
 * time    the same for all values: no branch, no address depends on them
 */
void mote_x25519(unsigned char u[MOTE_X25519_BYTES],
                 const unsigned char scalar[MOTE_X25519_BYTES]);

#endif
