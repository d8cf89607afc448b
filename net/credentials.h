/*
 * net/credentials.h - who a request to AWS is signed by: from the environment,
 * or from the endpoint inside the sandbox that SnapStart functions are given.
 *
 * None of it is ever part of a message.
 *
 * source  AWS, "Using Lambda environment variables"; AWS SDKs and Tools
 *         Reference Guide, "Container credential provider"
 */
#ifndef MOTE_NET_CREDENTIALS_H
#define MOTE_NET_CREDENTIALS_H

#include "net/fetch.h"

#define MOTE_CREDENTIALS_TEXT 8192   /* bytes of the endpoint's answer */
#define MOTE_CREDENTIALS_SPARE_S 300 /* before they end: fetched anew */
#define MOTE_CREDENTIALS_NEVER INT64_MAX

struct mote_credentials {
    struct mote_text key_id, secret, token; /* key_id empty: none yet       */
    int64_t expires_s;                      /* Unix time, or ..._NEVER      */
    struct mote_text uri, authorization;    /* the endpoint; empty: none    */
    char text[MOTE_CREDENTIALS_TEXT];       /* what came from it            */
};

/*
 * Reads AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or else
 * AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_CONTAINER_AUTHORIZATION_TOKEN.
 *
 * environment  NULL-terminated "NAME=value" strings that outlive credentials
 * errors       MOTE_E_SCHEMA  neither is there, or half of one, see where
 *              MOTE_E_FORMAT  one holds what must not stand in a head: a blank,
 *                             a line end, another control character
 */
enum mote_status mote_credentials_begin(struct mote_credentials *credentials,
                                        char *const *environment,
                                        struct mote_where *where);

/*
 * Has them at hand: asks the endpoint when there are none, or they end soon.
 * Those that have not ended yet stay good when it does not answer. It is asked
 * over http only on this machine (loopback, 169.254.170.2, 169.254.170.23).
 *
 * errors  MOTE_E_FORMAT  the answer is not what it should be, or the URI; see
 *                        where
 *         and those of mote_fetch_get
 */
enum mote_status mote_credentials_ready(struct mote_credentials *credentials,
                                        struct mote_fetch *fetch,
                                        uint64_t deadline_ms,
                                        struct mote_fetch_answer *answer,
                                        struct mote_where *where);

#endif
