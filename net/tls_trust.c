/* net/tls_trust.c - see net/tls_trust.h */
#include "net/tls_trust.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/base/assert.h"
#include "core/base/base64.h"

void mote_trust_begin(struct mote_trust *trust,
                      const br_x509_trust_anchor *anchors, size_t count)
{
    assert(count <= MOTE_TRUST_MAX);
    for (size_t i = 0; i < count; i++)
        trust->anchors[i] = anchors[i];
    trust->count = count;
    trust->bytes_used = 0;
}

static enum mote_status complain(struct mote_where *where,
                                 enum mote_status status, const char *expected)
{
    where->expected = expected;
    return status;
}

/* ------------------------------------------------------------------------
 * One certificate
 */

/* A copy that lives as long as the trust; *overfull when there is no room. */
struct keeper {
    struct mote_trust *trust;
    bool overfull;
};

static unsigned char *keep(struct keeper *k, const void *bytes, size_t n)
{
    struct mote_trust *trust = k->trust;
    unsigned char *copy = trust->bytes + trust->bytes_used;

    if (n > sizeof trust->bytes - trust->bytes_used) {
        k->overfull = true;
        return copy;
    }
    memcpy(copy, bytes, n);
    trust->bytes_used += n;
    return copy;
}

static void keep_name(void *keeper, const void *bytes, size_t n)
{
    keep(keeper, bytes, n);
}

/* The key, copied. NULL, or what would have been accepted. */
static const char *keep_key(struct keeper *k, br_x509_pkey *key)
{
    if (key->key_type == BR_KEYTYPE_RSA) {
        br_rsa_public_key *rsa = &key->key.rsa;
        while (rsa->nlen > 0 && *rsa->n == 0)
            rsa->n++, rsa->nlen--;
        if (rsa->nlen < MOTE_TRUST_RSA_BITS_MIN / 8)
            return "an RSA key of at least 2048 bits";
        rsa->n = keep(k, rsa->n, rsa->nlen);
        rsa->e = keep(k, rsa->e, rsa->elen);
        return NULL;
    }
    br_ec_public_key *ec = &key->key.ec;
    if (ec->curve != BR_EC_secp256r1 && ec->curve != BR_EC_secp384r1)
        return "a key on P-256 or P-384, or an RSA key";
    ec->q = keep(k, ec->q, ec->qlen);
    return NULL;
}

static enum mote_status add_certificate(struct mote_trust *trust,
                                        const char *der, size_t n,
                                        struct mote_where *where)
{
    br_x509_decoder_context decoder;
    struct keeper keeper = {.trust = trust};
    br_x509_trust_anchor anchor = {
        .dn.data = trust->bytes + trust->bytes_used,
    };
    const size_t before = trust->bytes_used;

    if (trust->count == MOTE_TRUST_MAX)
        return complain(where, MOTE_E_SPACE, "at most 256 certificates in all");
    br_x509_decoder_init(&decoder, keep_name, &keeper);
    br_x509_decoder_push(&decoder, der, n);
    anchor.dn.len = trust->bytes_used - before;
    const br_x509_pkey *key = br_x509_decoder_get_pkey(&decoder);
    if (!key) {
        const int error = br_x509_decoder_last_error(&decoder);
        return error == BR_ERR_X509_UNSUPPORTED ||
                       error == BR_ERR_X509_LIMIT_EXCEEDED
                   ? complain(where, MOTE_E_REFUSED,
                              "an RSA key of 2048 to 4096 bits, or one on "
                              "P-256 or P-384")
                   : complain(where, MOTE_E_FORMAT, "an X.509 certificate");
    }
    anchor.flags = br_x509_decoder_isCA(&decoder) ? BR_X509_TA_CA : 0;
    anchor.pkey = *key;
    const char *expected = keep_key(&keeper, &anchor.pkey);
    if (expected)
        return complain(where, MOTE_E_REFUSED, expected);
    if (keeper.overfull)
        return complain(where, MOTE_E_SPACE,
                        "at most 65536 bytes of names and keys");
    trust->anchors[trust->count++] = anchor;
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * A text of many
 */

static const struct mote_text begins = {"-----BEGIN ", 11};
static const struct mote_text ends = {"-----END ", 9};

/* The next line, without what ends it; NULL after the last. */
static char *take_line(char **at, char *end, size_t *n)
{
    char *line = *at, *stop = line;

    if (line == end)
        return NULL;
    while (stop < end && *stop != '\n')
        stop++;
    *at = stop < end ? stop + 1 : end;
    while (stop > line && (stop[-1] == '\r' || stop[-1] == ' '))
        stop--;
    *n = (size_t)(stop - line);
    return line;
}

/* Goes on to the line that begins with `what`; the lines before it are moved
 * together from `body` on, without their ends. */
static struct mote_text take_until(char **at, char *end, struct mote_text what,
                                   char *body, size_t *body_n)
{
    struct mote_text line = {0};
    size_t used = 0;

    while ((line.at = take_line(at, end, &line.n)) != NULL) {
        if (mote_text_starts(line, what))
            break;
        if (body)
            memmove(body + used, line.at, line.n);
        used += line.n;
    }
    *body_n = used;
    return line;
}

static enum mote_status add_all(struct mote_trust *trust, char *pem, size_t n,
                                struct mote_where *where)
{
    char *at = pem, *const end = pem + n;
    struct mote_text line;
    size_t size;

    while ((line = take_until(&at, end, begins, NULL, &size)).at != NULL) {
        const bool wanted =
            mote_text_equal(line, MOTE_TEXT("-----BEGIN CERTIFICATE-----"));
        char *body = at;
        if (!take_until(&at, end, ends, body, &size).at)
            return complain(where, MOTE_E_FORMAT, "a line -----END ...");
        if (!wanted)
            continue;
        enum mote_status s = mote_base64_decode(
            body, &size, (struct mote_text){body, size}, where);
        if (s != MOTE_OK)
            return complain(where, s, "base64 in its lines");
        s = add_certificate(trust, body, size, where);
        if (s != MOTE_OK)
            return s;
        where->row++;
    }
    return where->row > 0 ? MOTE_OK
                          : complain(where, MOTE_E_FORMAT,
                                     "a line -----BEGIN CERTIFICATE-----");
}

enum mote_status mote_trust_add(struct mote_trust *trust, char *pem, size_t n,
                                struct mote_where *where)
{
    const size_t count = trust->count, used = trust->bytes_used;

    *where = (struct mote_where){.field = MOTE_TEXT("certificate")};
    const enum mote_status s = add_all(trust, pem, n, where);
    if (s != MOTE_OK) {
        trust->count = count;
        trust->bytes_used = used;
    }
    return s;
}

enum mote_status mote_trust_add_file(struct mote_trust *trust, const char *path,
                                     struct mote_where *where)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t n = 0;
    ssize_t got = -1;

    *where = (struct mote_where){.row = MOTE_NO_ROW};
    if (fd < 0)
        return complain(where, MOTE_E_IO, "a file that can be read");
    while (n < sizeof trust->file &&
           ((got = read(fd, trust->file + n, sizeof trust->file - n)) > 0 ||
            (got < 0 && errno == EINTR)))
        n += got > 0 ? (size_t)got : 0;
    close(fd);
    if (got < 0)
        return complain(where, MOTE_E_IO, "a file that can be read");
    if (n == sizeof trust->file)
        return complain(where, MOTE_E_SPACE, "at most 262144 bytes");
    return mote_trust_add(trust, trust->file, n, where);
}
