/*
 * net/tls_secure.h - net/tls.h as the secure connections of net/fetch.h.
 */
#ifndef MOTE_NET_TLS_SECURE_H
#define MOTE_NET_TLS_SECURE_H

#include "net/fetch.h"
#include "net/tls.h"

/* tls: begun, and lives as long as what is returned. */
struct mote_secure mote_tls_secure(struct mote_tls *tls);

#endif
