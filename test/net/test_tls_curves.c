/* test/net/test_tls_curves.c - X25519 against RFC 7748 and BearSSL's own code,
 * and which curves there are. */
#include "test/test.h"

#include "net/tls_curves.h"

#define N MOTE_X25519_BYTES

static void from_hex(unsigned char *out, const char *hex)
{
    unsigned byte;

    for (size_t i = 0; i < N && sscanf(hex + 2 * i, "%2x", &byte) == 1; i++)
        out[i] = (unsigned char)byte;
}

static uint32_t multiply(const br_ec_impl *ec, unsigned char *u,
                         const unsigned char *k)
{
    return ec->mul(u, N, k, N, BR_EC_curve25519);
}

/* RFC 7748, 5.2 */
static void published_vectors(void)
{
    static const char *const cases[][3] = {
        {"a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
         "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
         "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"},
        {"4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
         "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
         "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char k[N], u[N], right[N];
        from_hex(k, cases[i][0]);
        from_hex(u, cases[i][1]);
        from_hex(right, cases[i][2]);
        mote_x25519(u, k);
        EXPECT(memcmp(u, right, N) == 0, "%zu", i);
    }
}

/* 5.2: each result is the next scalar, each scalar the next coordinate. */
static void many_times(void)
{
    unsigned char k[N] = {9}, u[N] = {9}, right[N], next[N];
    const uint64_t times = test_count(1000, 1000000);

    for (uint64_t i = 1; i <= times; i++) {
        memcpy(next, u, N);
        mote_x25519(next, k);
        memcpy(u, k, N);
        memcpy(k, next, N);
        if (i == 1)
            from_hex(right, "422c8e7a6227d7bca1350b3e2bb7279f"
                            "7897b87bb6854b783c60e80311ae3079");
        if (i == 1000)
            from_hex(right, "684cf59ba83309552800ef566f2f4d3c"
                            "1c3887c49360e3875f2eb94d99532c51");
        if (i == 1000000)
            from_hex(right, "7c3911e0ab2586fd864497297e575e6f"
                            "3bc601c0883c30df5f4dd2d24f665424");
        if (i == 1 || i == 1000 || i == 1000000)
            EXPECT(memcmp(k, right, N) == 0, "%u", (unsigned)i);
    }
}

static void same(const unsigned char *u, const unsigned char *k, size_t which)
{
    unsigned char ours[N], theirs[N];

    memcpy(ours, u, N);
    memcpy(theirs, u, N);
    const uint32_t a = multiply(&mote_tls_curves, ours, k);
    const uint32_t b = multiply(&br_ec_c25519_i31, theirs, k);
    const bool zero = memcmp(theirs, (const unsigned char[N]){0}, N) == 0;
    EXPECT(b == 1 && a == !zero && memcmp(ours, theirs, N) == 0, "%zu", which);
}

static void bearssl_s_own_bytes(void)
{
    uint64_t seed = 5;
    const size_t times = test_count(200, 20000);

    for (size_t i = 0; i < times; i++) {
        unsigned char u[N], k[N];
        for (size_t b = 0; b < N; b++) {
            u[b] = (unsigned char)(test_random(&seed) >> 40);
            k[b] = (unsigned char)(test_random(&seed) >> 40);
        }
        if (i % 4 == 1) /* limbs full of ones, and full of zeros */
            memset(u + i % N, 0xFF, N - i % N);
        if (i % 4 == 2)
            memset(u + i % N, 0, N - i % N);
        same(u, k, i);
    }
}

/* 0, 1, points of small order, and the numbers around p and 2^255, which are
 * other forms of smaller ones. */
static void edges(void)
{
    static const char *const edge[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    const size_t n = sizeof edge / sizeof *edge;
    unsigned char u[N], k[N];

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            from_hex(u, edge[i]);
            from_hex(k, edge[j]);
            same(u, k, i * n + j);
        }
}

static void base_points(void)
{
    static const int curves[] = {BR_EC_secp256r1, BR_EC_secp384r1,
                                 BR_EC_curve25519};
    const br_ec_impl *ec = &mote_tls_curves, *all = &br_ec_all_m31;
    unsigned char k[48], a[133], b[133];
    uint64_t seed = 3;

    for (int curve = 0; curve < 32; curve++) {
        bool there = false;
        for (size_t i = 0; i < 3; i++)
            there = there || curves[i] == curve;
        EXPECT((ec->supported_curves >> curve & 1) == there, "%d", curve);
    }
    for (size_t i = 0; i < 3; i++) {
        const int c = curves[i];
        size_t n, m;
        const unsigned char *g = ec->generator(c, &n);
        EXPECT(memcmp(g, all->generator(c, &m), n) == 0 && n == m, "%d", c);
        const unsigned char *o = ec->order(c, &n);
        EXPECT(memcmp(o, all->order(c, &m), n) == 0 && n == m, "%d", c);
        const size_t scalar = n;
        EXPECT(ec->xoff(c, &n) == all->xoff(c, &m) && n == m, "%d", c);
        for (size_t b_i = 0; b_i < sizeof k; b_i++)
            k[b_i] = (unsigned char)(test_random(&seed) >> 40);
        k[0] = 1; /* below each order */
        n = ec->mulgen(a, k, scalar, c);
        m = all->mulgen(b, k, scalar, c);
        EXPECT(n == m && memcmp(a, b, n) == 0, "%d", c);
        EXPECT(ec->mul(a, n, k, scalar, c) == all->mul(b, n, k, scalar, c) &&
                   memcmp(a, b, n) == 0,
               "%d", c);
    }
    /* a scalar that is short, and lengths that are none */
    memset(a, 7, N), memset(b, 7, N);
    EXPECT(ec->mul(a, N, k, 20, BR_EC_curve25519) ==
               br_ec_c25519_i31.mul(b, N, k, 20, BR_EC_curve25519) &&
           memcmp(a, b, N) == 0);
    EXPECT(ec->mul(a, N - 1, k, N, BR_EC_curve25519) == 0);
    EXPECT(ec->mul(a, N, k, N + 1, BR_EC_curve25519) == 0);
}

static const struct test_case cases[] = {
    {"X25519, RFC 7748", published_vectors},
    {"X25519 of its own results, RFC 7748", many_times},
    {"X25519: BearSSL's own bytes", bearssl_s_own_bytes},
    {"X25519: edges", edges},
    {"three curves", base_points},
};

TEST_MAIN(cases)
