/*
 * net/tls_trust.h - the authorities whose certificates are believed: those
 * that the build compiled in, and those of a PEM file read at run time.
 *
 * Compiled in (tools/trust/anchors.c) they cost nothing at start. A file adds
 * to them, for private authorities and those of databases; it is read once, at
 * the first connection.
 */
#ifndef MOTE_NET_TLS_TRUST_H
#define MOTE_NET_TLS_TRUST_H

#include <bearssl.h>

#include "core/base/status.h"

/* The variable that names such a file. */
#define MOTE_TRUST_VARIABLE "MOTE_CA_FILE"

#define MOTE_TRUST_MAX 256         /* authorities in all            */
#define MOTE_TRUST_BYTES 65536     /* of names and keys of the added */
#define MOTE_TRUST_FILE_MAX 262144 /* bytes of a file                */
#define MOTE_TRUST_RSA_BITS_MIN 2048

/* Zero-filled is empty; lies in .bss, where untouched pages cost nothing. */
struct mote_trust {
    br_x509_trust_anchor anchors[MOTE_TRUST_MAX];
    size_t count;
    size_t bytes_used;
    unsigned char bytes[MOTE_TRUST_BYTES];
    char file[MOTE_TRUST_FILE_MAX + 1];
};

/* What tools/trust/anchors.c wrote for this build. */
extern const br_x509_trust_anchor mote_trust_builtin[];
extern const size_t mote_trust_builtin_count;

/* Believes these, and nobody else. They outlive the trust, or their names and
 * keys do. count <= MOTE_TRUST_MAX */
void mote_trust_begin(struct mote_trust *trust,
                      const br_x509_trust_anchor *anchors, size_t count);

/*
 * Believes the certificates of a PEM text as well. One that is no authority
 * (no CA flag) is believed for itself alone. Other PEM objects and the text
 * between them are passed over.
 *
 * pem     [n], overwritten
 * errors  MOTE_E_FORMAT   a certificate that is none, or an END missing, or no
 *                         certificate at all: where->row (from 0), ->expected
 *         MOTE_E_REFUSED  its key is too weak, or of a kind not accepted
 *         MOTE_E_SPACE    more than MOTE_TRUST_MAX or MOTE_TRUST_BYTES
 *         In all cases trust is as it was.
 */
enum mote_status mote_trust_add(struct mote_trust *trust, char *pem, size_t n,
                                struct mote_where *where);

/* The same with a file's text; also MOTE_E_IO, see errno, and MOTE_E_SPACE for
 * more than MOTE_TRUST_FILE_MAX bytes. */
enum mote_status mote_trust_add_file(struct mote_trust *trust, const char *path,
                                     struct mote_where *where);

/*
 * Whom a function believes: the build's authorities, and those of the file that
 * the environment names in MOTE_TRUST_VARIABLE, if it does. Reads that file:
 * for the first connection, not for the start.
 *
 * environment  NULL-terminated "NAME=value" strings that outlive where
 * errors       of mote_trust_add_file; where->field is the variable, ->got the
 *              path, ->row the certificate or MOTE_NO_ROW. The build's
 *              authorities are believed all the same
 */
enum mote_status mote_trust_read(struct mote_trust *trust,
                                 char *const *environment,
                                 struct mote_where *where);

#endif
