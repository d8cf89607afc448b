/*
 * net/tls_sha256.h - SHA-256 and HMAC of it: BearSSL's.
 *
 * Its headers are seen by the .c file alone, so that who signs can be compiled
 * without them.
 */
#ifndef MOTE_NET_TLS_SHA256_H
#define MOTE_NET_TLS_SHA256_H

#include "core/base/text.h"

#define MOTE_SHA256_BYTES 32
#define MOTE_SHA256_HEX 64

struct mote_sha256 {
    uint64_t context[14]; /* of BearSSL's */
};

void mote_sha256_begin(struct mote_sha256 *hash);
void mote_sha256_put(struct mote_sha256 *hash, struct mote_text text);
/* Of all that was put; more may be put after it. */
void mote_sha256_end(const struct mote_sha256 *hash,
                     uint8_t out[MOTE_SHA256_BYTES]);

/* HMAC of text; key and out may be the same memory. */
void mote_hmac_sha256(uint8_t out[MOTE_SHA256_BYTES], const void *key,
                      size_t key_bytes, struct mote_text text);

/* Lower-case hexadecimal, as signatures are written. */
void mote_sha256_hex(char out[MOTE_SHA256_HEX],
                     const uint8_t digest[MOTE_SHA256_BYTES]);

#endif
