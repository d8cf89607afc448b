/* test/net/test_tls_rsa.c - signatures of RSA against BearSSL's own verifier.
 */
#include "test/test.h"

#include "net/tls_rsa.h"

/* DER of the hashes' names, length first. */
static const unsigned char sha256[] = {9,    0x60, 0x86, 0x48, 0x01,
                                       0x65, 0x03, 0x04, 0x02, 0x01};
static const unsigned char sha384[] = {9,    0x60, 0x86, 0x48, 0x01,
                                       0x65, 0x03, 0x04, 0x02, 0x02};

struct pair {
    br_rsa_private_key secret;
    br_rsa_public_key open;
    unsigned char sk[BR_RSA_KBUF_PRIV_SIZE(4096)];
    unsigned char pk[BR_RSA_KBUF_PUB_SIZE(4096)];
};

static br_hmac_drbg_context rng;

static void begin_random(void)
{
    br_hmac_drbg_init(&rng, &br_sha256_vtable, "mote", 4);
}

static void make_key(struct pair *pair, unsigned bits, uint32_t exponent)
{
    EXPECT(br_rsa_keygen_get_default()(&rng.vtable, &pair->secret, pair->sk,
                                       &pair->open, pair->pk, bits, exponent),
           "%u", bits);
}

static uint32_t theirs(const unsigned char *x, size_t n,
                       const unsigned char *oid, size_t hash_len,
                       const br_rsa_public_key *key, unsigned char *out)
{
    return br_rsa_i31_pkcs1_vrfy(x, n, oid, hash_len, key, out);
}

/* Both say the same, and the same hash. Returns what they say. */
static uint32_t agree(const unsigned char *x, size_t n,
                      const unsigned char *oid, size_t hash_len,
                      const br_rsa_public_key *key)
{
    unsigned char ours[64] = {0}, right[64] = {0};
    const uint32_t said = mote_rsa_verify(x, n, oid, hash_len, key, ours);

    EXPECT(said == theirs(x, n, oid, hash_len, key, right), "%u", said);
    EXPECT(!said || memcmp(ours, right, hash_len) == 0, "%u", said);
    return said;
}

static void good_and_changed(const struct pair *pair, size_t bytes)
{
    unsigned char hash[48], x[MOTE_RSA_BYTES_MAX], got[64];

    for (int round = 0; round < 6; round++) {
        const bool long_hash = round & 1;
        const unsigned char *oid = long_hash ? sha384 : sha256;
        const size_t hash_len = long_hash ? 48 : 32;
        br_hmac_drbg_generate(&rng, hash, sizeof hash);
        EXPECT(br_rsa_i31_pkcs1_sign(oid, hash, hash_len, &pair->secret, x),
               "%zu", bytes);
        EXPECT(mote_rsa_verify(x, bytes, oid, hash_len, &pair->open, got) == 1,
               "%zu", bytes);
        EXPECT(memcmp(got, hash, hash_len) == 0, "%zu", bytes);
        EXPECT(agree(x, bytes, oid, hash_len, &pair->open) == 1, "%zu", bytes);
        /* another hash, another length, other bytes */
        EXPECT(!agree(x, bytes, long_hash ? sha256 : sha384, hash_len,
                      &pair->open),
               "%zu", bytes);
        EXPECT(!agree(x, bytes - 1, oid, hash_len, &pair->open), "%zu", bytes);
        x[bytes * (unsigned)round / 6] ^= 1u << round;
        EXPECT(!agree(x, bytes, oid, hash_len, &pair->open), "%zu", bytes);
    }
}

/* "Signs" an encoded message as it is. */
static void sign(const struct pair *pair, const unsigned char *em, size_t n,
                 unsigned char *x)
{
    memcpy(x, em, n);
    EXPECT(br_rsa_i31_private(x, &pair->secret), "%zu", n);
}

/* A whole encoded message for SHA-256; null: with the parameters. */
static void encode(unsigned char *em, size_t n, bool null)
{
    static const unsigned char with[] = {0x30, 0x31, 0x30, 0x0D, 0x06},
                               without[] = {0x30, 0x2F, 0x30, 0x0B, 0x06},
                               after[] = {0x05, 0x00, 0x04, 0x20};
    const size_t info = null ? 51 : 49;
    unsigned char *at = em + n - info;

    memset(em, 0xFF, n);
    em[0] = 0x00;
    em[1] = 0x01;
    at[-1] = 0x00;
    memcpy(at, null ? with : without, 5);
    memcpy(at + 5, sha256, sizeof sha256);
    memcpy(at + 15, null ? after : after + 2, null ? 4 : 2);
    for (size_t i = n - 32; i < n; i++)
        em[i] = (unsigned char)i;
}

/* Every byte of the message changed, one after the other, in three ways. */
static void messages(const struct pair *pair, size_t n)
{
    unsigned char em[MOTE_RSA_BYTES_MAX], x[MOTE_RSA_BYTES_MAX];

    for (int null = 0; null < 2; null++) {
        encode(em, n, null);
        sign(pair, em, n, x);
        EXPECT(agree(x, n, sha256, 32, &pair->open) == 1, "%d", null);
        for (size_t i = 0; i < n - 32; i++)
            for (int how = 0; how < 3; how++) {
                const unsigned char was = em[i];
                em[i] = how == 0 ? was ^ 1 : how == 1 ? 0x00 : 0xFF;
                if (em[i] != was && (i > 0 || em[i] == 0)) {
                    sign(pair, em, n, x);
                    EXPECT(!agree(x, n, sha256, 32, &pair->open), "%zu", i);
                }
                em[i] = was;
            }
    }
    /* what is hashed may be longer or shorter than the padding says */
    encode(em, n, true);
    sign(pair, em, n, x);
    for (size_t hash_len = 0; hash_len <= 64; hash_len++)
        EXPECT(agree(x, n, sha256, hash_len, &pair->open) == (hash_len == 32),
               "%zu", hash_len);
}

static void edges(const struct pair *pair, size_t n)
{
    unsigned char x[MOTE_RSA_BYTES_MAX + 8], out[64], exponent[40] = {0};
    br_rsa_public_key key = pair->open;

    memset(x, 0, sizeof x); /* 0 and 1 stay what they are */
    EXPECT(!agree(x, n, sha256, 32, &key), "0");
    x[n - 1] = 1;
    EXPECT(!agree(x, n, sha256, 32, &key), "1");
    memcpy(x, key.n, n); /* not below the modulus */
    EXPECT(!mote_rsa_verify(x, n, sha256, 32, &key, out), "n");
    x[n - 1]--;
    EXPECT(!agree(x, n, sha256, 32, &key), "n - 1");
    memset(x, 0xFF, sizeof x);
    EXPECT(!mote_rsa_verify(x, n, sha256, 32, &key, out), "all bits");
    EXPECT(!mote_rsa_verify(x, n + 8, sha256, 32, &key, out), "longer");
    EXPECT(!mote_rsa_verify(x, n, NULL, 36, &key, out), "no hash's name");

    key.nlen = 0;
    EXPECT(!mote_rsa_verify(x, 0, sha256, 32, &key, out), "no modulus");
    key = pair->open;
    key.elen = 0;
    x[0] = 0;
    EXPECT(!mote_rsa_verify(x, n, sha256, 32, &key, out), "no exponent");
    key.e = exponent;
    key.elen = sizeof exponent;
    EXPECT(!mote_rsa_verify(x, n, sha256, 32, &key, out), "exponent 0");
    exponent[0] = 1;
    EXPECT(!mote_rsa_verify(x, n, sha256, 32, &key, out), "a long exponent");
}

/* Zeros before modulus and exponent are none of their bytes. */
static void zeros_before(const struct pair *pair, size_t n)
{
    unsigned char modulus[MOTE_RSA_BYTES_MAX + 3] = {0}, exponent[8] = {0};
    unsigned char hash[32] = {7}, x[MOTE_RSA_BYTES_MAX], out[64];
    const br_rsa_public_key key = {modulus, n + 3, exponent, sizeof exponent};

    memcpy(modulus + 3, pair->open.n, n);
    memcpy(exponent + 8 - pair->open.elen, pair->open.e, pair->open.elen);
    br_rsa_i31_pkcs1_sign(sha256, hash, 32, &pair->secret, x);
    EXPECT(mote_rsa_verify(x, n, sha256, 32, &key, out) == 1, "%zu", n);
    modulus[n + 2] &= 0xFE;
    EXPECT(!mote_rsa_verify(x, n, sha256, 32, &key, out), "an even modulus");
}

/* Of these sizes, with either exponent; the longest keys are long in coming. */
static void all_sizes(void)
{
    static const unsigned sizes[] = {1024, 1032, 1536, 2041, 2048,
                                     2056, 2104, 3072, 4096};
    const size_t count = test_count(7, sizeof sizes / sizeof *sizes);
    static struct pair pair;

    begin_random();
    for (size_t i = 0; i < count; i++) {
        const size_t bytes = (sizes[i] + 7) / 8;
        make_key(&pair, sizes[i], i % 2 ? 3 : 65537);
        good_and_changed(&pair, bytes);
        edges(&pair, bytes);
        zeros_before(&pair, bytes);
    }
}

static void all_messages(void)
{
    static struct pair pair;

    begin_random();
    make_key(&pair, 1024, 65537);
    messages(&pair, 128);
}

static const struct test_case cases[] = {
    {"RSA: BearSSL's verdicts, of keys of many sizes", all_sizes},
    {"RSA: BearSSL's verdicts, of every byte of the padding", all_messages},
};

TEST_MAIN(cases)
