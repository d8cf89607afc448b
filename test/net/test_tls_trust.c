/* test/net/test_tls_trust.c - certificates of files and of peers: every cut,
 * every changed byte, every limit. */
#include "test/test.h"

#include "core/base/base64.h"
#include "net/tls_certificate.h"
#include "net/tls_trust.h"
#include "net/tls_words.h"

/* openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes
 * -subj '/O=mote/CN=mote test root' -days 7300 */
static const char pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBpjCCAUugAwIBAgIUDH+f6wUlrPyOfFv9S8/RZzy76N8wCgYIKoZIzj0EAwIw\n"
    "KDENMAsGA1UECgwEbW90ZTEXMBUGA1UEAwwObW90ZSB0ZXN0IHJvb3QwHhcNMjYx\n"
    "MTI4MTM0MDI1WhcNNDYxMTIzMTM0MDI1WjAoMQ0wCwYDVQQKDARtb3RlMRcwFQYD\n"
    "VQQDDA5tb3RlIHRlc3Qgcm9vdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABB7K\n"
    "gczCQZIsaJOidEs8jJeDtrTtgVcB5rKiDhO3/UDG78XE7ODQJLmEJtjWdANlYulI\n"
    "aB8Tkz4JlIoQsRtEkaCjUzBRMB0GA1UdDgQWBBRG+3pc2RsTsde0bcQuVDBLMIgI\n"
    "MDAfBgNVHSMEGDAWgBRG+3pc2RsTsde0bcQuVDBLMIgIMDAPBgNVHRMBAf8EBTAD\n"
    "AQH/MAoGCCqGSM49BAMCA0kAMEYCIQCbyxUaNmmZDKAwxQJIrXUSNF8piqjKde8u\n"
    "KNOaZKixlgIhAM0+fKN8I5MQriUYJ2R7IVLjJXOKAnTRt4FhvfGWkVxg\n"
    "-----END CERTIFICATE-----\n";
static struct mote_trust trust;

static enum mote_status add(const char *text, size_t n,
                            struct mote_where *where)
{
    return mote_trust_add(&trust, guarded(text, n), n, where);
}

static void a_certificate(void)
{
    struct mote_where where;

    mote_trust_begin(&trust, mote_trust_builtin, mote_trust_builtin_count);
    const size_t before = trust.count;
    EXPECT(before >= 1);
    EXPECT(add(pem, sizeof pem - 1, &where) == MOTE_OK);
    EXPECT(trust.count == before + 1);
    const br_x509_trust_anchor *a = &trust.anchors[before];
    EXPECT(a->flags == BR_X509_TA_CA);
    EXPECT(a->pkey.key_type == BR_KEYTYPE_EC);
    EXPECT(a->pkey.key.ec.curve == BR_EC_secp256r1);
    EXPECT(a->pkey.key.ec.qlen == 65 && a->pkey.key.ec.q[0] == 4);
    const struct mote_text name = {(const char *)a->dn.data + 2, a->dn.len - 2};
    EXPECT(mote_text_equal(mote_certificate_name(name),
                           MOTE_TEXT("mote test root")));
}

static void cuts(void)
{
    struct mote_where where;

    mote_trust_begin(&trust, NULL, 0);
    for (size_t n = 0; n < sizeof pem - 1; n++) {
        const enum mote_status s = add(pem, n, &where);
        /* the last line is known by its first letter on */
        EXPECT((s == MOTE_OK) == (n >= sizeof pem - 1 - 16), "%zu: %d", n, s);
        EXPECT(s == MOTE_OK || trust.count == 0, "%zu", n);
        EXPECT(s == MOTE_OK || trust.bytes_used == 0, "%zu", n);
        EXPECT(s == MOTE_OK || where.expected, "%zu", n);
        mote_trust_begin(&trust, NULL, 0);
    }
}

/* Whatever comes of it, the trust holds whole authorities within its bounds. */
static void changed_bytes(void)
{
    static const unsigned char changes[] = {0x01, 0x10, 0x20, 0x80, 0xFF};
    struct mote_where where;
    char text[sizeof pem];

    for (size_t i = 0; i < sizeof pem - 1; i++)
        for (size_t k = 0; k < sizeof changes; k++) {
            memcpy(text, pem, sizeof pem);
            text[i] = (char)(text[i] ^ changes[k]);
            mote_trust_begin(&trust, NULL, 0);
            const enum mote_status s = add(text, sizeof pem - 1, &where);
            EXPECT(trust.count == (s == MOTE_OK), "%zu, %x", i, changes[k]);
            if (s != MOTE_OK)
                continue;
            const br_x509_trust_anchor *a = &trust.anchors[0];
            EXPECT(a->dn.data == trust.bytes, "%zu", i);
            EXPECT(a->pkey.key_type == BR_KEYTYPE_EC, "%zu", i);
            EXPECT(a->pkey.key.ec.q + a->pkey.key.ec.qlen ==
                       trust.bytes + trust.bytes_used,
                   "%zu", i);
        }
}

static void limits(void)
{
    struct mote_where where;

    mote_trust_begin(&trust, NULL, 0);
    EXPECT(add(pem, sizeof pem - 1, &where) == MOTE_OK);
    const size_t needed = trust.bytes_used;
    for (size_t room = 0; room <= needed; room++) {
        mote_trust_begin(&trust, NULL, 0);
        trust.bytes_used = MOTE_TRUST_BYTES - room;
        const enum mote_status s = add(pem, sizeof pem - 1, &where);
        EXPECT(s == (room < needed ? MOTE_E_SPACE : MOTE_OK), "%zu: %d", room,
               s);
        EXPECT(trust.count == (s == MOTE_OK), "%zu", room);
    }
    mote_trust_begin(&trust, NULL, 0);
    trust.count = MOTE_TRUST_MAX;
    EXPECT(add(pem, sizeof pem - 1, &where) == MOTE_E_SPACE);
    EXPECT(trust.count == MOTE_TRUST_MAX);
}

/* ------------------------------------------------------------------------
 * What messages say
 */

static void dates(void)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"261128130005Z", "2026-11-28 13:00:05 UTC"},
        {"491231235959Z", "2049-12-31 23:59:59 UTC"},
        {"500101000000Z", "1950-01-01 00:00:00 UTC"},
        {"99991231235959Z", "9999-12-31 23:59:59 UTC"},
        {"", ""},
        {"2611281300Z", ""},
        {"261128130005+", ""},
        {"2611281300050", ""},
        {"26112813000xZ", ""},
        {"20261128130005.5Z", ""},
    };
    char out[MOTE_CERTIFICATE_DATE];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t in = strlen(cases[i].in);
        const size_t n = mote_certificate_date(
            out, (struct mote_text){guarded(cases[i].in, in), in});
        EXPECT(n == strlen(cases[i].out) && memcmp(out, cases[i].out, n) == 0,
               "%s", cases[i].in);
    }
}

static void names(void)
{
    static const struct {
        const char *what, *in;
        size_t n;
        const char *out;
    } cases[] = {
#define NAME(what, in, out) {what, in, sizeof in - 1, out}
        NAME("common name",
             "\x31\x0A\x30\x08\x06\x03\x55\x04\x03\x0C\x01"
             "a",
             "a"),
        NAME("organization",
             "\x31\x0A\x30\x08\x06\x03\x55\x04\x0A\x0C\x01"
             "o",
             "o"),
        NAME("both, common name first",
             "\x31\x0A\x30\x08\x06\x03\x55\x04\x03\x0C\x01"
             "a"
             "\x31\x0A\x30\x08\x06\x03\x55\x04\x0A\x0C\x01"
             "o",
             "a"),
        NAME("both in one set",
             "\x31\x14\x30\x08\x06\x03\x55\x04\x0A\x0C\x01"
             "o"
             "\x30\x08\x06\x03\x55\x04\x03\x0C\x01"
             "a",
             "a"),
        NAME("country alone",
             "\x31\x0A\x30\x08\x06\x03\x55\x04\x06\x13\x01"
             "c",
             ""),
        NAME("nothing", "", ""),
        NAME("no value", "\x31\x07\x30\x05\x06\x03\x55\x04\x03", ""),
        NAME("half a value", "\x31\x09\x30\x07\x06\x03\x55\x04\x03\x0C", ""),
        NAME("long length of none", "\x31\x80", ""),
        NAME("length of four bytes", "\x31\x84\0\0\0\x0A", ""),
        NAME("longer than it is",
             "\x31\x0B\x30\x08\x06\x03\x55\x04\x03\x0C\x01"
             "a",
             ""),
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct mote_text got = mote_certificate_name(
            (struct mote_text){guarded(cases[i].in, cases[i].n), cases[i].n});
        EXPECT(mote_text_equal(got, mote_text_of(cases[i].out)), "%s: %.*s",
               cases[i].what, (int)got.n, got.at);
    }
}

/* The DER that a PEM's lines hold. */
static size_t decoded(char *der)
{
    struct mote_text text = {strchr(pem, '\n') + 1, 0};
    size_t n = 0;

    while (text.at[text.n] != '-')
        text.n++;
    for (size_t i = 0; i < text.n; i++)
        if (text.at[i] != '\n')
            der[n++] = text.at[i];
    struct mote_where where;
    EXPECT(mote_base64_decode(der, &n, (struct mote_text){der, n}, &where) ==
           MOTE_OK);
    return n;
}

static bool within(struct mote_text part, const char *at, size_t n)
{
    return part.n == 0 || (part.at >= at && part.at + part.n <= at + n);
}

static void a_certificate_of_a_peer(void)
{
    struct mote_certificate c;
    char der[sizeof pem];
    const size_t n = decoded(der);
    size_t whole = 0;

    for (size_t cut = 0; cut <= n; cut++) {
        const char *at = guarded(der, cut);
        mote_certificate_read(&c, (struct mote_text){at, cut});
        EXPECT(within(c.issuer, at, cut) && within(c.subject, at, cut) &&
                   within(c.not_before, at, cut) &&
                   within(c.not_after, at, cut) && within(c.algorithm, at, cut),
               "%zu", cut);
        whole += c.subject.n > 0;
    }
    EXPECT(whole > n / 2, "%zu of %zu", whole, n);
    EXPECT(mote_text_equal(mote_certificate_name(c.issuer),
                           MOTE_TEXT("mote test root")));
    EXPECT(c.not_before.n == 13 && c.not_after.n == 13);
    for (size_t i = 0; i < n; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            char *at = guarded(der, n);
            at[i] = (char)(at[i] ^ 1 << bit);
            mote_certificate_read(&c, (struct mote_text){at, n});
            mote_certificate_name(c.issuer);
            mote_certificate_name(c.subject);
            EXPECT(within(c.subject, at, n), "%zu", i);
        }
}

static void words(void)
{
    struct mote_words w = {0};

    mote_words_put(&w, MOTE_TEXT("a\n\x1b\x80~ "));
    mote_words_put_uint(&w, 18446744073709551615u);
    EXPECT(mote_text_equal(mote_words_text(&w),
                           MOTE_TEXT("a???~ 18446744073709551615")));
    for (int i = 0; i < MOTE_WORDS_MAX; i++)
        MOTE_WORDS_SAY(&w, "more");
    EXPECT(w.n == MOTE_WORDS_MAX);
}

static const struct test_case cases[] = {
    {"a certificate of a file", a_certificate},
    {"a file that is cut", cuts},
    {"a file whose bytes changed", changed_bytes},
    {"limits", limits},
    {"dates", dates},
    {"names", names},
    {"a certificate of a peer", a_certificate_of_a_peer},
    {"words", words},
};

TEST_MAIN(cases)
