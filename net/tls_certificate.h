/*
 * net/tls_certificate.h - what a message says of a certificate: its names and
 * its dates, read from its first bytes.
 *
 * Nothing here decides whom to trust: BearSSL does (net/tls_chain.h), and
 * forgets the names once it has hashed them.
 *
 * source  RFC 5280, 4.1 (fields), 4.1.2.4 (names), 4.1.2.5 (dates)
 */
#ifndef MOTE_NET_TLS_CERTIFICATE_H
#define MOTE_NET_TLS_CERTIFICATE_H

#include "core/base/status.h"

/* Views into the certificate's bytes. */
struct mote_certificate {
    struct mote_text issuer, subject;       /* DER of their names         */
    struct mote_text not_before, not_after; /* digits and a Z, as written */
    struct mote_text algorithm; /* of the signature: its OID's content    */
};

/*
 * Reads what there is of der, which may end anywhere: fields that it does not
 * reach in full stay empty. What is no certificate leaves all of them so.
 */
void mote_certificate_read(struct mote_certificate *certificate,
                           struct mote_text der);

/*
 * The part of a name that people know it by: its common name, else its
 * organization's unit, else its organization. Empty when it has none of them,
 * or is malformed.
 */
struct mote_text mote_certificate_name(struct mote_text name);

/*
 * A date as "2026-11-28 13:00:05 UTC": MOTE_CERTIFICATE_DATE bytes into out,
 * and their number. 0 when `date` is none that RFC 5280 allows.
 */
#define MOTE_CERTIFICATE_DATE 23
size_t mote_certificate_date(char *out, struct mote_text date);

#endif
