/* net/tls_sha256.c - see net/tls_sha256.h */
#include "net/tls_sha256.h"

#include <bearssl.h>

_Static_assert(sizeof(br_sha256_context) <=
                   sizeof((struct mote_sha256 *)0)->context,
               "room for BearSSL's context");

void mote_sha256_begin(struct mote_sha256 *hash)
{
    br_sha256_init((void *)hash->context);
}

void mote_sha256_put(struct mote_sha256 *hash, struct mote_text text)
{
    br_sha256_update((void *)hash->context, text.at, text.n);
}

void mote_sha256_end(const struct mote_sha256 *hash,
                     uint8_t out[MOTE_SHA256_BYTES])
{
    br_sha256_out((const void *)hash->context, out);
}

void mote_hmac_sha256(uint8_t out[MOTE_SHA256_BYTES], const void *key,
                      size_t key_bytes, struct mote_text text)
{
    br_hmac_key_context keyed;
    br_hmac_context hmac;

    br_hmac_key_init(&keyed, &br_sha256_vtable, key, key_bytes);
    br_hmac_init(&hmac, &keyed, 0);
    br_hmac_update(&hmac, text.at, text.n);
    br_hmac_out(&hmac, out);
}

void mote_sha256_hex(char out[MOTE_SHA256_HEX],
                     const uint8_t digest[MOTE_SHA256_BYTES])
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < MOTE_SHA256_BYTES; i++) {
        out[2 * i] = hex[digest[i] >> 4];
        out[2 * i + 1] = hex[digest[i] & 15];
    }
}
