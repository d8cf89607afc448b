/* net/tls_ciphers.c - see net/tls_ciphers.h */
#include "net/tls_ciphers.h"

static const uint16_t chacha_suites[] = {
    BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
};
/* 128 bits before 256: a third faster, and as far out of reach */
static const uint16_t gcm_suites[] = {
    BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
};

/* Both or none: one without the other is as slow as neither. */
static bool find_instructions(struct mote_tls_ciphers *c, unsigned long hwcap)
{
#if defined(__aarch64__)
    const unsigned long aes = 1ul << 3, pmull = 1ul << 4; /* asm/hwcap.h */
    if (!(hwcap & aes) || !(hwcap & pmull))
        return false;
    c->ctr = &mote_aes_ctr_armv8;
    c->ghash = mote_ghash_armv8;
    return true;
#else
    (void)hwcap;
    const br_block_ctr_class *ctr = br_aes_x86ni_ctr_get_vtable();
    const br_ghash ghash = br_ghash_pclmul_get();
    if (!ctr || !ghash)
        return false;
    c->ctr = ctr;
    c->ghash = ghash;
    return true;
#endif
}

static void list_suites(uint16_t *to, const uint16_t *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = from[i];
}

void mote_tls_ciphers_select(struct mote_tls_ciphers *ciphers,
                             unsigned long hwcap, bool portable)
{
#if defined(__x86_64__)
    ciphers->chacha20 = br_chacha20_sse2_run; /* SSE2 is always there */
#else
    ciphers->chacha20 = br_chacha20_ct_run;
#endif
    const size_t gcm = sizeof gcm_suites / sizeof *gcm_suites;
    const size_t chacha = sizeof chacha_suites / sizeof *chacha_suites;

    if (!portable && find_instructions(ciphers, hwcap)) {
        ciphers->name = "AES instructions";
        list_suites(ciphers->suites, gcm_suites, gcm);
        list_suites(ciphers->suites + gcm, chacha_suites, chacha);
        return;
    }
    ciphers->name = "portable";
    ciphers->ctr = &br_aes_ct64_ctr_vtable;
    ciphers->ghash = br_ghash_ctmul64;
    list_suites(ciphers->suites, chacha_suites, chacha);
    list_suites(ciphers->suites + chacha, gcm_suites, gcm);
}
