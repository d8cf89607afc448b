/*
 * tools/bench/tls_count.c - seals a record so many times and does nothing
 * else: what a byte costs is the difference between two counts of
 * instructions.
 *
 * Usage: tls-count KEY-BITS ours|portable RUNS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/tls_ciphers.h"

#define RECORD 16384

int main(int argc, char **argv)
{
    static unsigned char data[RECORD];
    static const unsigned char key[32] = {1}, iv[12] = {2}, aad[13] = {3};
    const unsigned long all = ~0ul;
    struct mote_tls_ciphers ciphers;
    br_aes_gen_ctr_keys keys;
    br_gcm_context gcm;
    unsigned char tag[16];

    if (argc != 4) {
        fputs("usage: tls-count KEY-BITS ours|portable RUNS\n", stderr);
        return 2;
    }
    mote_tls_ciphers_select(&ciphers, all, strcmp(argv[2], "portable") == 0);
    ciphers.ctr->init(&keys.vtable, key, (size_t)atoi(argv[1]) / 8);
    for (int run = atoi(argv[3]); run > 0; run--) {
        br_gcm_init(&gcm, &keys.vtable, ciphers.ghash);
        br_gcm_reset(&gcm, iv, sizeof iv);
        br_gcm_aad_inject(&gcm, aad, sizeof aad);
        br_gcm_flip(&gcm);
        br_gcm_run(&gcm, 1, data, sizeof data);
        br_gcm_get_tag(&gcm, tag);
    }
    return 0;
}
