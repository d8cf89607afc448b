/*
 * net/tls_rsa.h - signatures of RSA, checked.
 *
 * A handshake over a chain of RSA checks three. BearSSL 0.6 does it in constant
 * time, with a conversion in limbs of 31 bits; all numbers here are public, and
 * products of 64 bits by themselves take a tenth of the instructions.
 */
#ifndef MOTE_NET_TLS_RSA_H
#define MOTE_NET_TLS_RSA_H

#include <bearssl.h>

#define MOTE_RSA_BYTES_MAX 512     /* of a modulus: 4096 bits */
#define MOTE_RSA_EXPONENT_BYTES 32 /* FIPS 186-5: below 2^256 */

/*
 * A br_rsa_pkcs1_vrfy: RSASSA-PKCS1-v1_5 of RFC 8017, section 8.2.2.
 *
 * x           the signature, as long as the modulus
 * hash_oid    of the hash, its length first; NULL (TLS before 1.2) is refused
 * hash_len    at most 64
 * key         with an odd modulus of 1024 to 4096 bits
 * hash_out    the hash that was signed, written only with 1
 * returns 1, or 0 for what is no such signature. The parameters of the
 *         algorithm may be NULL or absent (RFC 8017, A.2.4)
 */
uint32_t mote_rsa_verify(const unsigned char *x, size_t xlen,
                         const unsigned char *hash_oid, size_t hash_len,
                         const br_rsa_public_key *key, unsigned char *hash_out);

#endif
