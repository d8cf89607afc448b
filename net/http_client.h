/*
 * net/http_client.h - one keep-alive HTTP/1.1 connection, one exchange at a
 * time, all memory the caller's.
 */
#ifndef MOTE_NET_HTTP_CLIENT_H
#define MOTE_NET_HTTP_CLIENT_H

#include "net/address.h"
#include "net/http.h"

#define MOTE_HTTP_HEAD_MAX 32768 /* bytes of a response's head */

struct mote_http_client {
    struct mote_address address;
    int fd;          /* -1: not connected                              */
    char *in;        /* [in_cap] head, then body, of the last response */
    size_t in_cap;   /* see mote_http_client_begin                     */
    size_t in_used;  /* bytes read from the connection into `in`       */
    size_t body_max; /* longest body kept                              */
};

/* Texts live until the next exchange on this client. */
struct mote_http_response {
    struct mote_http_head head;
    struct mote_text body;
    bool oversized; /* the body was longer than body_max and was read away */
};

/*
 * A client that is not connected yet. in_cap must be at least
 * MOTE_HTTP_HEAD_MAX + body_max + MOTE_HTTP_SLACK: the slack is what a read
 * may bring beyond the payload (chunk framing).
 */
#define MOTE_HTTP_SLACK 32768

void mote_http_client_begin(struct mote_http_client *client,
                            const struct mote_address *address, char *in,
                            size_t in_cap, size_t body_max);

/*
 * Sends head and body (one write when the kernel takes them) and reads the
 * answer, whole. Connects first when there is no connection; closes when the
 * peer announced it or anything went wrong, so that the next call starts on a
 * fresh one. The peer may answer before it has read everything: a failed write
 * still looks for an answer.
 *
 * head     a complete request head, its blank line included
 * idle     the answer may be hours away, and blocked signals end the wait for
 *          its first byte
 * errors   MOTE_E_CLOSED  refused, or ended before or within the answer;
 *                         response->head.bytes tells whether its head came
 *          MOTE_E_FORMAT  the answer is not HTTP
 *          MOTE_E_SPACE   its head is longer than MOTE_HTTP_HEAD_MAX
 *          MOTE_E_STOP    idle, and a signal came before that byte
 *          MOTE_E_IO      see errno
 */
enum mote_status mote_http_exchange(struct mote_http_client *client,
                                    struct mote_text head,
                                    struct mote_text body, bool idle,
                                    struct mote_http_response *response);

void mote_http_client_close(struct mote_http_client *client);

#endif
