/* net/tls_chain.c - see net/tls_chain.h */
#include "net/tls_chain.h"

#include "net/tls_certificate.h"
#include "net/tls_curves.h"
#include "net/tls_rsa.h"

/* ------------------------------------------------------------------------
 * In front of BearSSL's check
 */

static void start_chain(const br_x509_class **ctx, const char *server_name)
{
    struct mote_chain *c = (struct mote_chain *)ctx;

    c->count = 0;
    c->settled = false;
    c->minimal.vtable->start_chain(&c->minimal.vtable, server_name);
}

/* What is settled before a certificate begins is about an earlier one. */
static void start_cert(const br_x509_class **ctx, uint32_t length)
{
    struct mote_chain *c = (struct mote_chain *)ctx;

    c->settled = c->minimal.err != 0;
    if (!c->settled)
        c->head[c->count++ % 2].n = 0;
    c->minimal.vtable->start_cert(&c->minimal.vtable, length);
}

static void append(const br_x509_class **ctx, const unsigned char *bytes,
                   size_t n)
{
    struct mote_chain *c = (struct mote_chain *)ctx;

    if (!c->settled) {
        const unsigned last = (c->count - 1) % 2;
        const size_t room = sizeof c->head[last].at - c->head[last].n;
        const size_t kept = n < room ? n : room;
        memcpy(c->head[last].at + c->head[last].n, bytes, kept);
        c->head[last].n = (uint16_t)(c->head[last].n + kept);
    }
    c->minimal.vtable->append(&c->minimal.vtable, bytes, n);
}

static void end_cert(const br_x509_class **ctx)
{
    struct mote_chain *c = (struct mote_chain *)ctx;

    c->minimal.vtable->end_cert(&c->minimal.vtable);
}

static unsigned end_chain(const br_x509_class **ctx)
{
    struct mote_chain *c = (struct mote_chain *)ctx;

    return c->minimal.vtable->end_chain(&c->minimal.vtable);
}

static const br_x509_pkey *get_pkey(const br_x509_class *const *ctx,
                                    unsigned *usages)
{
    const struct mote_chain *c = (const struct mote_chain *)ctx;

    return c->minimal.vtable->get_pkey(&c->minimal.vtable, usages);
}

static const br_x509_class in_front = {
    .context_size = sizeof(struct mote_chain),
    .start_chain = start_chain,
    .start_cert = start_cert,
    .append = append,
    .end_cert = end_cert,
    .end_chain = end_chain,
    .get_pkey = get_pkey,
};

void mote_chain_begin(struct mote_chain *chain, const struct mote_trust *trust)
{
    static const unsigned char dns_name[] = {0,
                                             2}; /* of the alternative names */

    chain->vtable = &in_front;
    br_x509_minimal_init(&chain->minimal, &br_sha256_vtable, trust->anchors,
                         trust->count);
    br_x509_minimal_set_hash(&chain->minimal, br_sha256_ID, &br_sha256_vtable);
    br_x509_minimal_set_hash(&chain->minimal, br_sha384_ID, &br_sha384_vtable);
    br_x509_minimal_set_rsa(&chain->minimal, mote_rsa_verify);
    br_x509_minimal_set_ecdsa(&chain->minimal, &mote_tls_curves,
                              br_ecdsa_i31_vrfy_asn1);
    br_x509_minimal_set_minrsa(&chain->minimal, MOTE_TRUST_RSA_BITS_MIN / 8);
    chain->host = (br_name_element){
        .oid = dns_name,
        .buf = chain->host_buffer,
        .len = sizeof chain->host_buffer,
    };
    br_x509_minimal_set_name_elements(&chain->minimal, &chain->host, 1);
}

/* ------------------------------------------------------------------------
 * What is wrong
 */

static void put_name(struct mote_words *words, struct mote_text name)
{
    const struct mote_text part = mote_certificate_name(name);

    MOTE_WORDS_SAY(words, "\"");
    mote_words_put(words, part.n ? part : MOTE_TEXT("(no name)"));
    MOTE_WORDS_SAY(words, "\"");
}

static void put_date(struct mote_words *words, struct mote_text date)
{
    char text[MOTE_CERTIFICATE_DATE];
    const size_t n = mote_certificate_date(text, date);

    mote_words_put(words,
                   n ? (struct mote_text){text, n} : MOTE_TEXT("(no date)"));
}

/* "certificate 2, "name", " */
static void put_which(struct mote_words *words, unsigned count,
                      const struct mote_certificate *certificate)
{
    MOTE_WORDS_SAY(words, "certificate ");
    mote_words_put_uint(words, count);
    MOTE_WORDS_SAY(words, ", ");
    put_name(words, certificate->subject);
    MOTE_WORDS_SAY(words, ", ");
}

static void put_algorithm(struct mote_words *words, struct mote_text oid)
{
    static const struct {
        unsigned char oid[9];
        uint8_t n;
        const char *name;
    } known[] = {
        {"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x04", 9, "RSA with MD5"},
        {"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x05", 9, "RSA with SHA-1"},
        {"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0A", 9, "RSA-PSS"},
        {"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0D", 9, "RSA with SHA-512"},
        {"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0E", 9, "RSA with SHA-224"},
        {"\x2A\x86\x48\xCE\x3D\x04\x01", 7, "ECDSA with SHA-1"},
        {"\x2A\x86\x48\xCE\x3D\x04\x03\x04", 8, "ECDSA with SHA-512"},
        {"\x2B\x65\x70", 3, "Ed25519"},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (oid.n == known[i].n && memcmp(oid.at, known[i].oid, oid.n) == 0) {
            mote_words_put(words, mote_text_of(known[i].name));
            return;
        }
    MOTE_WORDS_SAY(words, "another algorithm");
}

/* What a sentence is made of. */
struct fault {
    const struct mote_chain *chain;
    struct mote_certificate last, before; /* the one it ends at, and the one it
                                             was to sign */
    struct mote_text host;
};

static void put_validity(struct mote_words *words, const struct fault *f)
{
    put_date(words, f->last.not_before);
    MOTE_WORDS_SAY(words, " to ");
    put_date(words, f->last.not_after);
}

static void put_hosts(struct mote_words *words, const struct fault *f)
{
    mote_words_put(words, f->chain->host.status == 1
                              ? mote_text_of(f->chain->host_buffer)
                              : MOTE_TEXT("other names"));
    MOTE_WORDS_SAY(words, ", not for ");
    mote_words_put(words, f->host);
}

static void put_issuer_before(struct mote_words *words, const struct fault *f)
{
    put_name(words, f->before.issuer);
}

static void put_its_algorithm(struct mote_words *words, const struct fault *f)
{
    put_algorithm(words, f->last.algorithm);
}

/* A certificate, and then: one sentence for each of BearSSL's errors. */
static const struct sentence {
    uint8_t error;
    const char *begins;
    void (*put)(struct mote_words *words, const struct fault *f); /* or NULL */
    const char *ends;
} sentences[] = {
    {BR_ERR_X509_EXPIRED, "is valid from ", put_validity,
     ", and that is not now"},
    {BR_ERR_X509_BAD_SERVER_NAME, "is for ", put_hosts, ""},
    {BR_ERR_X509_DN_MISMATCH, "is out of order: the one before was issued by ",
     put_issuer_before, ""},
    {BR_ERR_X509_BAD_SIGNATURE,
     "did not sign the one before it, or the one before it was changed", NULL,
     ""},
    {BR_ERR_X509_UNSUPPORTED, "is signed or keyed with ", put_its_algorithm,
     ": expected RSA (PKCS #1 v1.5), P-256 or P-384, with SHA-256 or SHA-384"},
    {BR_ERR_X509_WEAK_PUBLIC_KEY, "has an RSA key of less than 2048 bits", NULL,
     ""},
    {BR_ERR_X509_LIMIT_EXCEEDED, "has an RSA key of more than 4096 bits", NULL,
     ""},
    {BR_ERR_X509_NOT_CA, "is no authority, or not for so long a chain", NULL,
     ""},
    {BR_ERR_X509_FORBIDDEN_KEY_USAGE,
     "is not to be used so: its key usage forbids it", NULL, ""},
    {BR_ERR_X509_CRITICAL_EXTENSION,
     "has a critical extension that is not known here (name constraints, "
     "extended key usage)",
     NULL, ""},
    {BR_ERR_X509_WRONG_KEY_TYPE, "has a key of another kind than its signature",
     NULL, ""},
};

static const struct sentence *find_sentence(int error)
{
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
        if (sentences[i].error == error)
            return sentences + i;
    return NULL;
}

static struct mote_certificate read_head(const struct mote_chain *chain,
                                         unsigned i)
{
    struct mote_certificate c;

    mote_certificate_read(
        &c, (struct mote_text){chain->head[i % 2].at, chain->head[i % 2].n});
    return c;
}

bool mote_chain_explain(const struct mote_chain *chain, int error,
                        struct mote_text host, struct mote_words *words)
{
    const unsigned count = chain->count;
    const struct sentence *sentence = find_sentence(error);
    struct fault f = {.chain = chain, .host = host};

    if (error <= BR_ERR_X509_OK || error > BR_ERR_X509_NOT_TRUSTED)
        return false;
    if (count == 0) {
        MOTE_WORDS_SAY(words, "the server sent no certificate");
        return true;
    }
    f.last = read_head(chain, count - 1);
    if (count > 1)
        f.before = read_head(chain, count - 2);
    if (error == BR_ERR_X509_NOT_TRUSTED) {
        MOTE_WORDS_SAY(words, "not trusted: no authority ");
        put_name(words, f.last.issuer);
        MOTE_WORDS_SAY(words, " is known, which issued ");
        put_name(words, f.last.subject);
        return true;
    }
    put_which(words, count, &f.last);
    if (sentence) {
        mote_words_put(words, mote_text_of(sentence->begins));
        if (sentence->put)
            sentence->put(words, &f);
        mote_words_put(words, mote_text_of(sentence->ends));
        return true;
    }
    MOTE_WORDS_SAY(words, "is malformed (BearSSL's error ");
    mote_words_put_uint(words, (uint64_t)error);
    MOTE_WORDS_SAY(words, ")");
    return true;
}
