/*
 * net/fetch.h - exchanges with HTTP servers outside.
 *
 * A server is looked up and connected to, over TLS if its URL says so, and the
 * connection kept for the next exchange, also for one of a later invocation: a
 * dead one is noticed. Bodies of any length pass through one buffer to whoever
 * takes them. Every wait ends at the request's deadline.
 *
 * The Runtime API has a client of its own, net/http_client.h: it waits for
 * hours, takes bodies whole and needs neither names nor retries.
 */
#ifndef MOTE_NET_FETCH_H
#define MOTE_NET_FETCH_H

#include "net/dns.h"
#include "net/http.h"
#include "net/url.h"

#define MOTE_FETCH_HEAD 16384       /* bytes of an answer's head           */
#define MOTE_FETCH_BUFFER 65536     /* head, and a window of the body      */
#define MOTE_FETCH_KEPT 4096        /* bytes kept of an answer that is no 2xx */
#define MOTE_FETCH_REQUEST 8192     /* bytes of a GET's head               */
#define MOTE_FETCH_URL 2048         /* bytes of a Location                 */
#define MOTE_FETCH_REDIRECTS 5      /* followed of one request             */
#define MOTE_FETCH_CONNECT_MS 3000  /* for each address                    */
#define MOTE_FETCH_SILENCE_MS 20000 /* longest wait for the next byte     */

/* How a connection becomes a secure one: net/tls.h, behind these two. */
struct mote_secure {
    struct mote_stream *stream; /* the connection, once it is made */
    enum mote_status (*connect)(struct mote_stream *stream, int fd,
                                struct mote_text host, uint64_t deadline_ms,
                                struct mote_text *message);
};

struct mote_fetch {
    const struct mote_resolver *resolver;
    const struct mote_secure *secure; /* NULL: https is refused         */
    struct mote_stream plain;
    struct mote_stream *stream; /* the connection; NULL: there is none  */
    char host[MOTE_URL_HOST];   /* that it leads to                     */
    size_t host_bytes;
    uint16_t port;
    size_t kept_bytes;
    char kept[MOTE_FETCH_KEPT];
    char in[MOTE_FETCH_BUFFER]; /* the answer's head, a window of its body */
};

void mote_fetch_begin(struct mote_fetch *fetch,
                      const struct mote_resolver *resolver,
                      const struct mote_secure *secure);
void mote_fetch_close(struct mote_fetch *fetch);

/*
 * Who takes the body of a 2xx answer. A status other than MOTE_OK ends the
 * exchange with it.
 *
 * begin  the answer's head has come. It may come again, when a try failed
 *        later: what was taken before is to be forgotten
 * take   the next run of the body, valid during the call
 */
struct mote_sink {
    void *context;
    enum mote_status (*begin)(void *context, const struct mote_http_head *head);
    enum mote_status (*take)(void *context, struct mote_text run);
};

/*
 * head         complete, its blank line included
 * no_body      the answer has none although its head says so: HEAD was asked
 * limit        longest body of a 2xx answer, in bytes
 * deadline_ms  of mote_now_ms(), not 0
 * sink         NULL: a 2xx answer's body is read away
 */
struct mote_fetch_request {
    const struct mote_url *url; /* its server */
    struct mote_text head, body;
    bool no_body;
    uint64_t limit, deadline_ms;
    const struct mote_sink *sink;
};

/* What was being done when an exchange ended, in this order. */
#define MOTE_FETCH_STEPS(X)                                                    \
    X(MOTE_FETCH_PREPARE, "preparing the request")                             \
    X(MOTE_FETCH_LOOKUP, "looking up the server's name")                       \
    X(MOTE_FETCH_CONNECT, "connecting to the server")                          \
    X(MOTE_FETCH_SECURE, "the TLS handshake")                                  \
    X(MOTE_FETCH_SEND, "sending the request")                                  \
    X(MOTE_FETCH_ANSWER, "waiting for the answer")                             \
    X(MOTE_FETCH_BODY, "reading the answer's body")                            \
    X(MOTE_FETCH_TAKE, "taking the answer's body")                             \
    X(MOTE_FETCH_REDIRECT, "following a redirect")                             \
    X(MOTE_FETCH_STATUS, "reading the answer's status")                        \
    X(MOTE_FETCH_DONE, "done")

enum mote_fetch_step {
#define X(name, text) name,
    MOTE_FETCH_STEPS(X)
#undef X
};

struct mote_text mote_fetch_step_text(enum mote_fetch_step step);

/* Texts live until the next exchange. */
struct mote_fetch_answer {
    struct mote_http_head head; /* status 0: none came                       */
    struct mote_text kept;      /* the first bytes of a body that is no 2xx's */
    uint64_t bytes;             /* of the body that came                     */
    enum mote_fetch_step step;  /* where it ended                            */
    unsigned dns_code;          /* of a failed look-up                       */
    struct mote_text message;   /* of TLS, or the URL that was not followed,
                                   without its query                         */
    unsigned tries;             /* made by mote_fetch_get, redirects included */
};

/*
 * One exchange, over the connection that there is if it leads to that server
 * and still lives. When it dies without a byte of an answer, once more over a
 * fresh one: all our requests may be made twice. Of an answer that is no 2xx no
 * more is read than is kept.
 *
 * errors  MOTE_E_CLOSED   refused, or ended before the answer was complete
 *         MOTE_E_TIMEOUT  the deadline, or silence for too long
 *         MOTE_E_REFUSED  no such host
 *         MOTE_E_FORMAT   the answer is not HTTP
 *         MOTE_E_SPACE    its head is too long, or its body longer than limit
 *         MOTE_E_UNKNOWN  https without fetch->secure
 *         MOTE_E_IO       see errno
 *         and those of the handshake and of the sink; answer->step says which
 */
enum mote_status mote_fetch_exchange(struct mote_fetch *fetch,
                                     const struct mote_fetch_request *request,
                                     struct mote_fetch_answer *answer);

/* Whether the same request may succeed later: of an exchange that ended so, or
 * of an answer with a status of 408, 429, 500, 502, 503 or 504. */
bool mote_fetch_may_pass(enum mote_status status,
                         const struct mote_fetch_answer *answer);

/* What Retry-After asks for, in milliseconds; 0 without it, a minute at most.
 */
uint64_t mote_fetch_retry_after_ms(const struct mote_fetch_answer *answer);

/*
 * GETs a URL, again and again if that may help (net/retry.h), and follows
 * redirects on the same host, also from http to https.
 *
 * fields  more lines of the head, each with its end; or empty
 * errors  as above; MOTE_E_FORMAT  the URL is none, see where
 *         MOTE_E_REFUSED  an answer that is no 2xx, step MOTE_FETCH_STATUS; or
 *                         a redirect elsewhere or too many of them, step
 *                         MOTE_FETCH_REDIRECT
 */
enum mote_status mote_fetch_get(struct mote_fetch *fetch, struct mote_text url,
                                struct mote_text fields, uint64_t limit,
                                uint64_t deadline_ms,
                                const struct mote_sink *sink,
                                struct mote_fetch_answer *answer,
                                struct mote_where *where);

#endif
