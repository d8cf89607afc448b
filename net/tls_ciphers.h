/*
 * net/tls_ciphers.h - which code encrypts on this machine, and which suites
 * are offered in which order.
 *
 * With instructions for AES and GHASH, AES-GCM comes first; without them it
 * takes 30 times as long, and ChaCha20-Poly1305 comes first. BearSSL brings
 * the instructions of x86-64 (AES-NI, PCLMULQDQ); those of arm64 are ours,
 * behind its two public interfaces.
 */
#ifndef MOTE_NET_TLS_CIPHERS_H
#define MOTE_NET_TLS_CIPHERS_H

#include <bearssl.h>

#include "core/base/text.h"

#define MOTE_TLS_SUITES 6

struct mote_tls_ciphers {
    const char *name; /* "AES instructions" or "portable" */
    const br_block_ctr_class *ctr;
    br_ghash ghash;
    br_chacha20_run chacha20;
    uint16_t suites[MOTE_TLS_SUITES]; /* best first */
};

/*
 * Chooses. hwcap is AT_HWCAP of the auxiliary vector, read on arm64; on x86-64
 * the processor is asked (CPUID, some 4 us a question in a virtual machine),
 * unless `portable` says that it is not wanted.
 */
void mote_tls_ciphers_select(struct mote_tls_ciphers *ciphers,
                             unsigned long hwcap, bool portable);

#if defined(__aarch64__)
/*
 * AES in counter mode and GHASH with the instructions of ARMv8 (HWCAP_AES,
 * HWCAP_PMULL): same contract and same bytes as br_aes_ct64_ctr_vtable and
 * br_ghash_ctmul64; no table, no branch on a secret.
 *
 * source  FIPS 197; NIST SP 800-38D; Gueron and Kounavis, "Intel Carry-Less
 *         Multiplication Instruction and its Usage for Computing the GCM
 *         Mode" (2014), algorithm 5 for the reduction
 */
extern const br_block_ctr_class mote_aes_ctr_armv8;
void mote_ghash_armv8(void *y, const void *h, const void *data, size_t n);
#endif

#endif
