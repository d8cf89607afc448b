/* test/net/test_tls_ciphers.c - the AES and GHASH that this machine chooses:
 * published vectors, and the portable code's bytes. */
#include "test/test.h"

#include <sys/auxv.h>

#include "net/tls_ciphers.h"

static struct mote_tls_ciphers here(void)
{
    struct mote_tls_ciphers c;

    mote_tls_ciphers_select(&c, getauxval(AT_HWCAP), false);
    return c;
}

static size_t from_hex(uint8_t *out, const char *hex)
{
    size_t n = 0;
    unsigned byte;

    for (; *hex && sscanf(hex, "%2x", &byte) == 1; hex += 2)
        out[n++] = (uint8_t)byte;
    return n;
}

/* ------------------------------------------------------------------------
 * Which
 */

static void offers_what_is_fast_first(void)
{
    struct mote_tls_ciphers c;

    mote_tls_ciphers_select(&c, 0, true);
    EXPECT(c.ctr == &br_aes_ct64_ctr_vtable && c.ghash == br_ghash_ctmul64);
    EXPECT(c.suites[0] == BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256);
    EXPECT(c.suites[2] == BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256);
#if defined(__aarch64__)
    const unsigned long aes = 1ul << 3, pmull = 1ul << 4;
    for (unsigned long hwcap = 0; hwcap < 1ul << 6; hwcap++) {
        const bool both = (hwcap & aes) && (hwcap & pmull);
        mote_tls_ciphers_select(&c, hwcap, false);
        EXPECT((c.ctr == &mote_aes_ctr_armv8) == both, "%lx", hwcap);
        EXPECT((c.ghash == mote_ghash_armv8) == both, "%lx", hwcap);
        EXPECT((c.suites[0] == BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256) ==
                   both,
               "%lx", hwcap);
    }
#endif
    /* the same six in both orders */
    const struct mote_tls_ciphers chosen = here();
    mote_tls_ciphers_select(&c, 0, true);
    for (size_t i = 0; i < MOTE_TLS_SUITES; i++) {
        size_t found = 0;
        for (size_t k = 0; k < MOTE_TLS_SUITES; k++)
            found += chosen.suites[i] == c.suites[k];
        EXPECT(found == 1, "%04x", chosen.suites[i]);
    }
}

/* ------------------------------------------------------------------------
 * Published vectors
 */

/* NIST SP 800-38A, F.5.1 (AES-128), F.5.3 (AES-192) and F.5.5 (AES-256) */
static void counter_mode_vectors(void)
{
    static const char plain[] =
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
        "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
    static const struct {
        const char *key, *out;
    } cases[] = {
        {"2b7e151628aed2a6abf7158809cf4f3c",
         "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
         "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"},
        {"8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
         "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e94"
         "1e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050"},
        {"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
         "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
         "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6"},
    };
    const struct mote_tls_ciphers c = here();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t key[32], iv[16], data[64], out[64];
        br_aes_gen_ctr_keys keys;
        from_hex(iv, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
        from_hex(data, plain);
        from_hex(out, cases[i].out);
        c.ctr->init(&keys.vtable, key, from_hex(key, cases[i].key));
        const uint32_t next =
            c.ctr->run(&keys.vtable, iv, 0xfcfdfeff, data, sizeof data);
        EXPECT(next == 0xfcfdff03, "%zu", i);
        EXPECT(memcmp(data, out, sizeof out) == 0, "%zu", i);
    }
}

/* McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", the
 * submission to NIST, appendix B: test cases 1 to 4 and 13 to 16. */
static void gcm_vectors(void)
{
#define KEY_A "feffe9928665731c6d6a8f9467308308"
#define PLAIN                                                                  \
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"         \
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
#define MORE "feedfacedeadbeeffeedfacedeadbeefabaddad2"
    static const char zeros[] =
        "0000000000000000000000000000000000000000000000000000000000000000";
    static const struct {
        const char *name, *key, *iv, *aad, *plain, *out, *tag;
    } cases[] = {
        {"1", zeros + 32, zeros + 40, "", "", "",
         "58e2fccefa7e3061367f1d57a4e7455a"},
        {"2", zeros + 32, zeros + 40, "", zeros + 32,
         "0388dace60b6a392f328c2b971b2fe78",
         "ab6e47d42cec13bdf53a67b21257bddf"},
        {"3", KEY_A, "cafebabefacedbaddecaf888", "", PLAIN "1aafd255",
         "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
         "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985",
         "4d5c2af327cd64a62cf35abd2ba6fab4"},
        {"4", KEY_A, "cafebabefacedbaddecaf888", MORE, PLAIN,
         "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
         "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
         "5bc94fbc3221a5db94fae95ae7121a47"},
        {"13", zeros, zeros + 40, "", "", "",
         "530f8afbc74536b9a963b4f1c4cb738b"},
        {"14", zeros, zeros + 40, "", zeros + 32,
         "cea7403d4d606b6e074ec5d3baf39d18",
         "d0d1c8a799996bf0265b98b5d48ab919"},
        {"15", KEY_A KEY_A, "cafebabefacedbaddecaf888", "", PLAIN "1aafd255",
         "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
         "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad",
         "b094dac5d93471bdec1a502270e3cc6c"},
        {"16", KEY_A KEY_A, "cafebabefacedbaddecaf888", MORE, PLAIN,
         "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
         "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
         "76fc6ece0f4e1768cddf8853bb2d551b"},
    };
    const struct mote_tls_ciphers c = here();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t key[32], iv[12], aad[32], data[64], out[64], tag[16], right[16];
        br_aes_gen_ctr_keys keys;
        br_gcm_context gcm;
        c.ctr->init(&keys.vtable, key, from_hex(key, cases[i].key));
        br_gcm_init(&gcm, &keys.vtable, c.ghash);
        br_gcm_reset(&gcm, iv, from_hex(iv, cases[i].iv));
        br_gcm_aad_inject(&gcm, aad, from_hex(aad, cases[i].aad));
        br_gcm_flip(&gcm);
        const size_t n = from_hex(data, cases[i].plain);
        br_gcm_run(&gcm, 1, data, n);
        br_gcm_get_tag(&gcm, tag);
        from_hex(right, cases[i].tag);
        EXPECT(from_hex(out, cases[i].out) == n && memcmp(data, out, n) == 0,
               "case %s", cases[i].name);
        EXPECT(memcmp(tag, right, sizeof tag) == 0, "case %s", cases[i].name);
    }
}

/* ------------------------------------------------------------------------
 * The portable code's bytes
 */

#define LONGEST 700

static void fill(uint8_t *bytes, size_t n, uint64_t *seed)
{
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(test_random(seed) >> 32);
}

static void counter_mode_is_the_portable_one(void)
{
    static const size_t key_bytes[] = {16, 24, 32};
    const struct mote_tls_ciphers c = here();
    uint64_t seed = 7;

    for (size_t k = 0; k < 3; k++)
        for (size_t n = 0; n <= LONGEST; n++) {
            uint8_t key[32], iv[12], data[LONGEST + 1];
            br_aes_gen_ctr_keys keys, portable;
            fill(key, sizeof key, &seed);
            fill(iv, sizeof iv, &seed);
            fill(data, n, &seed);
            /* every other time the counter runs over */
            const uint32_t counter =
                n % 2 ? (uint32_t)test_random(&seed) : UINT32_MAX - n / 32;
            uint8_t *mine = (uint8_t *)guarded(data, n);
            c.ctr->init(&keys.vtable, key, key_bytes[k]);
            br_aes_ct64_ctr_init(&portable.c_ct64, key, key_bytes[k]);
            const uint32_t next =
                c.ctr->run(&keys.vtable, iv, counter, mine, n);
            const uint32_t right =
                br_aes_ct64_ctr_run(&portable.c_ct64, iv, counter, data, n);
            EXPECT(next == right, "%zu bytes: %u, %u", n, next, right);
            EXPECT(memcmp(mine, data, n) == 0, "%zu bytes", n);
        }
}

static void ghash_is_the_portable_one(void)
{
    const struct mote_tls_ciphers c = here();
    uint64_t seed = 11;

    for (size_t n = 0; n <= LONGEST; n++)
        for (unsigned k = 0; k < 4; k++) {
            uint8_t y[16], h[16], right[16], data[LONGEST + 1];
            fill(y, sizeof y, &seed);
            fill(h, sizeof h, &seed);
            fill(data, n, &seed);
            if (k == 1) /* the bit that comes back as the polynomial, or not */
                memset(h, 0xFF, sizeof h), memset(data, 0xFF, n);
            if (k == 2)
                memset(h, 0, sizeof h), h[15] = 1;
            if (k == 3)
                memset(h, 0, sizeof h), h[0] = 0x80;
            memcpy(right, y, sizeof y);
            const char *mine = guarded(data, n);
            c.ghash(y, h, mine, n);
            br_ghash_ctmul64(right, h, data, n);
            EXPECT(memcmp(y, right, sizeof y) == 0, "%zu bytes, kind %u", n, k);
        }
}

static const struct test_case cases[] = {
    {"offers what is fast first", offers_what_is_fast_first},
    {"AES in counter mode, SP 800-38A", counter_mode_vectors},
    {"AES-GCM, its submission's vectors", gcm_vectors},
    {"counter mode: the portable code's bytes",
     counter_mode_is_the_portable_one},
    {"GHASH: the portable code's bytes", ghash_is_the_portable_one},
};

TEST_MAIN(cases)
