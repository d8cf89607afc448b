/*
 * tools/trust/anchors.c - writes the authorities that a build believes, as C.
 *
 * Usage: anchors FILE.pem... >anchors.c
 *
 * The files are read by what reads them at run time (net/tls_trust.c), so both
 * accept the same certificates. Reads what it wrote nowhere: BearSSL's own
 * struct is the format.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "net/tls_trust.h"

static void write_bytes(const char *name, size_t i, const unsigned char *at,
                        size_t n)
{
    printf("static const unsigned char %s%zu[] = {", name, i);
    for (size_t k = 0; k < n; k++)
        printf("%s0x%02X,", k % 12 ? " " : "\n    ", at[k]);
    printf("\n};\n");
}

static void write_parts(size_t i, const br_x509_trust_anchor *a)
{
    write_bytes("name", i, a->dn.data, a->dn.len);
    if (a->pkey.key_type == BR_KEYTYPE_RSA) {
        write_bytes("n", i, a->pkey.key.rsa.n, a->pkey.key.rsa.nlen);
        write_bytes("e", i, a->pkey.key.rsa.e, a->pkey.key.rsa.elen);
    } else {
        write_bytes("q", i, a->pkey.key.ec.q, a->pkey.key.ec.qlen);
    }
}

static void write_anchor(size_t i, const br_x509_trust_anchor *a)
{
    printf("    {{(unsigned char *)name%zu, sizeof name%zu}, %s,\n", i, i,
           a->flags & BR_X509_TA_CA ? "BR_X509_TA_CA" : "0");
    if (a->pkey.key_type == BR_KEYTYPE_RSA)
        printf("     {BR_KEYTYPE_RSA, {.rsa = {(unsigned char *)n%zu, sizeof "
               "n%zu,\n      (unsigned char *)e%zu, sizeof e%zu}}}},\n",
               i, i, i, i);
    else
        printf("     {BR_KEYTYPE_EC, {.ec = {%d, (unsigned char *)q%zu, sizeof "
               "q%zu}}}},\n",
               a->pkey.key.ec.curve, i, i);
}

static int complain(const char *file, enum mote_status status,
                    const struct mote_where *where)
{
    fprintf(stderr, "%s: ", file);
    if (where->row != MOTE_NO_ROW)
        fprintf(stderr, "certificate %u: ", where->row + 1);
    fprintf(stderr, "expected %s", where->expected);
    if (status == MOTE_E_IO)
        fprintf(stderr, " (%s)", strerror(errno));
    fputc('\n', stderr);
    return 1;
}

int main(int argc, char **argv)
{
    static struct mote_trust trust;
    struct mote_where where;

    if (argc < 2) {
        fputs("usage: anchors FILE.pem...\n", stderr);
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        const enum mote_status s = mote_trust_add_file(&trust, argv[i], &where);
        if (s != MOTE_OK)
            return complain(argv[i], s, &where);
    }
    printf("/* by tools/trust/anchors.c, from %d files of certificates */\n"
           "#include \"net/tls_trust.h\"\n\n",
           argc - 1);
    for (size_t i = 0; i < trust.count; i++)
        write_parts(i, &trust.anchors[i]);
    printf("\nconst br_x509_trust_anchor mote_trust_builtin[] = {\n");
    for (size_t i = 0; i < trust.count; i++)
        write_anchor(i, &trust.anchors[i]);
    printf("};\nconst size_t mote_trust_builtin_count = %zu;\n", trust.count);
    return 0;
}
