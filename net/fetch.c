/*
 * net/fetch.c - see net/fetch.h
 *
 * The buffer while a body arrives; the head stays, so that views into it hold:
 *
 *   in        window      raw          used        MOTE_FETCH_BUFFER
 *    |  head    |  taken    |  not yet   |   free    |
 */
#include "net/fetch.h"
#include "core/base/assert.h"
#include "core/base/number.h"
#include "core/base/url.h"
#include "core/base/version.h"
#include "net/http_write.h"
#include "net/retry.h"

struct mote_text mote_fetch_step_text(enum mote_fetch_step step)
{
    switch (step) {
#define X(name, text)                                                          \
    case name:                                                                 \
        return MOTE_TEXT(text);
        MOTE_FETCH_STEPS(X)
#undef X
    }
    return MOTE_TEXT("");
}

void mote_fetch_begin(struct mote_fetch *fetch,
                      const struct mote_resolver *resolver,
                      const struct mote_secure *secure)
{
    fetch->resolver = resolver;
    fetch->secure = secure;
    fetch->plain = (struct mote_stream){&mote_stream_plain, -1, 0};
    fetch->stream = NULL;
}

void mote_fetch_close(struct mote_fetch *fetch)
{
    if (fetch->stream)
        fetch->stream->kind->close(fetch->stream);
    fetch->stream = NULL;
}

static uint64_t sooner(uint64_t deadline_ms, uint64_t in_ms)
{
    const uint64_t then = mote_now_ms() + in_ms;
    return then < deadline_ms ? then : deadline_ms;
}

/* ------------------------------------------------------------------------
 * The connection.
 */
static bool leads_to(const struct mote_fetch *f, const struct mote_url *url)
{
    const bool secure = f->stream != &f->plain;

    return f->stream && secure == url->secure && f->port == url->port &&
           mote_text_equal_nocase((struct mote_text){f->host, f->host_bytes},
                                  url->host);
}

/* One address after another, within the deadline. */
static enum mote_status connect_one(int *fd, const struct mote_addresses *to,
                                    uint64_t deadline_ms)
{
    enum mote_status s = MOTE_E_REFUSED;

    for (size_t i = 0; i < to->count; i++) {
        s = mote_stream_connect(fd, &to->at[i],
                                sooner(deadline_ms, MOTE_FETCH_CONNECT_MS));
        if (s == MOTE_OK)
            break;
    }
    return s;
}

static enum mote_status connect_any(struct mote_fetch *f, int *fd,
                                    const struct mote_fetch_request *r,
                                    struct mote_fetch_answer *a)
{
    struct mote_addresses to;

    a->step = MOTE_FETCH_LOOKUP;
    enum mote_status s = mote_resolve(f->resolver, r->url->host, r->url->port,
                                      r->deadline_ms, &to);
    a->dns_code = to.code;
    if (s != MOTE_OK)
        return s;
    a->step = MOTE_FETCH_CONNECT;
    s = connect_one(fd, &to, r->deadline_ms);
    if (s == MOTE_OK || to.at[0].v6 || mote_now_ms() >= r->deadline_ms ||
        mote_resolve_v6(f->resolver, r->url->host, r->url->port, r->deadline_ms,
                        &to) != MOTE_OK)
        return s;
    return connect_one(fd, &to, r->deadline_ms);
}

static enum mote_status connect_to(struct mote_fetch *f,
                                   const struct mote_fetch_request *r,
                                   struct mote_fetch_answer *a)
{
    int fd;

    if (r->url->secure && !f->secure)
        return MOTE_E_UNKNOWN;
    enum mote_status s = connect_any(f, &fd, r, a);
    if (s != MOTE_OK)
        return s;
    if (r->url->secure) {
        a->step = MOTE_FETCH_SECURE;
        s = f->secure->connect(f->secure->stream, fd, r->url->host,
                               r->deadline_ms, &a->message);
        if (s != MOTE_OK)
            return s;
        f->stream = f->secure->stream;
    } else {
        f->plain.fd = fd;
        f->stream = &f->plain;
    }
    memcpy(f->host, r->url->host.at, r->url->host.n);
    f->host_bytes = r->url->host.n;
    f->port = r->url->port;
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * One answer.
 */
static enum mote_status receive(struct mote_fetch *f, size_t *used, size_t cap,
                                uint64_t deadline_ms, bool *ended)
{
    size_t got;

    if (*used == cap)
        return MOTE_E_SPACE;
    if (mote_now_ms() >= deadline_ms) /* bytes may come without a wait */
        return MOTE_E_TIMEOUT;
    f->stream->deadline_ms = sooner(deadline_ms, MOTE_FETCH_SILENCE_MS);
    const enum mote_status s =
        f->stream->kind->read(f->stream, f->in + *used, cap - *used, &got);
    if (s == MOTE_OK) {
        *ended = got == 0;
        *used += got;
    }
    return s;
}

/* The head of the answer; those of 1xx announce another and are forgotten. */
static enum mote_status read_head(struct mote_fetch *f, size_t *used,
                                  uint64_t deadline_ms,
                                  struct mote_http_head *head)
{
    for (;;) {
        bool ended = false;
        enum mote_status s =
            mote_http_parse_response(head, (struct mote_text){f->in, *used});
        if (s == MOTE_E_AGAIN) {
            head->status = 0;
            s = receive(f, used, MOTE_FETCH_HEAD, deadline_ms, &ended);
            if (s == MOTE_OK && ended)
                s = MOTE_E_CLOSED;
            if (s == MOTE_OK)
                continue;
        }
        if (s != MOTE_OK || head->status >= 200)
            return s;
        *used -= head->bytes;
        memmove(f->in, f->in + head->bytes, *used);
    }
}

/* The body of an answer that is no 2xx: the first bytes are kept, and more are
 * not waited for. */
static void keep(struct mote_fetch *f, struct mote_text run)
{
    const size_t room = sizeof f->kept - f->kept_bytes;
    const size_t n = run.n < room ? run.n : room;

    memcpy(f->kept + f->kept_bytes, run.at, n);
    f->kept_bytes += n;
}

/* One run of payload, to whom it belongs. */
static enum mote_status pass_on(struct mote_fetch *f,
                                const struct mote_fetch_request *r,
                                struct mote_fetch_answer *a,
                                struct mote_text run)
{
    const bool good = a->head.status / 100 == 2;

    if (run.n > r->limit - a->bytes && good)
        return MOTE_E_SPACE;
    a->bytes += run.n;
    if (!good) {
        keep(f, run);
        return MOTE_OK;
    }
    if (!r->sink)
        return MOTE_OK;
    a->step = MOTE_FETCH_TAKE;
    const enum mote_status s = r->sink->take(r->sink->context, run);
    if (s == MOTE_OK)
        a->step = MOTE_FETCH_BODY;
    return s;
}

static enum mote_status begin_body(const struct mote_fetch_request *r,
                                   struct mote_fetch_answer *a,
                                   struct mote_http_body *body)
{
    enum mote_status s = mote_http_body_begin(body, &a->head);

    if (s == MOTE_OK && r->no_body)
        *body = (struct mote_http_body){.done = true};
    if (s != MOTE_OK || a->head.status / 100 != 2)
        return s;
    if (body->framing == MOTE_HTTP_COUNTED && body->left > r->limit)
        return MOTE_E_SPACE;
    if (!r->sink)
        return MOTE_OK;
    a->step = MOTE_FETCH_TAKE;
    s = r->sink->begin(r->sink->context, &a->head);
    if (s == MOTE_OK)
        a->step = MOTE_FETCH_BODY;
    return s;
}

/* What a server says to a refusal is worth no other try: it is cut where it
 * ends. */
static bool may_be_cut(enum mote_status s, const struct mote_fetch_answer *a)
{
    return a->head.status / 100 != 2 &&
           (s == MOTE_E_CLOSED || s == MOTE_E_TIMEOUT || s == MOTE_E_IO);
}

/* *reusable: the connection stands behind exactly this answer. */
static enum mote_status read_body(struct mote_fetch *f, size_t used,
                                  const struct mote_fetch_request *r,
                                  struct mote_fetch_answer *a, bool *reusable)
{
    const size_t window = a->head.bytes;
    size_t raw = window;
    struct mote_http_body body;
    enum mote_status s = begin_body(r, a, &body);

    while (s == MOTE_OK && !body.done && f->kept_bytes < sizeof f->kept) {
        struct mote_text run;
        size_t taken;
        bool ended = false;

        if (raw == used) {
            raw = used = window;
            s = receive(f, &used, sizeof f->in, r->deadline_ms, &ended);
            if (s == MOTE_OK && ended) {
                s = mote_http_body_may_end(&body) ? MOTE_OK : MOTE_E_CLOSED;
                break;
            }
            if (s != MOTE_OK)
                break;
        }
        s = mote_http_body_take(
            &body, (struct mote_text){f->in + raw, used - raw}, &taken, &run);
        raw += taken;
        if (s == MOTE_OK && run.n)
            s = pass_on(f, r, a, run);
    }
    *reusable = s == MOTE_OK && body.done && raw == used &&
                mote_http_keeps_alive(&a->head);
    return may_be_cut(s, a) ? MOTE_OK : s;
}

/* *silent: the connection died before it said anything. */
static enum mote_status exchange(struct mote_fetch *f,
                                 const struct mote_fetch_request *r,
                                 struct mote_fetch_answer *a, bool *silent)
{
    size_t used = 0;
    bool reusable = false;

    a->step = MOTE_FETCH_SEND;
    f->stream->deadline_ms = r->deadline_ms;
    const enum mote_status sent =
        f->stream->kind->write(f->stream, r->head, r->body);
    enum mote_status s = sent;
    /* it may have answered before it had read everything */
    if (sent == MOTE_OK || sent == MOTE_E_CLOSED) {
        a->step = MOTE_FETCH_ANSWER;
        s = read_head(f, &used, r->deadline_ms, &a->head);
    }
    *silent = s == MOTE_E_CLOSED && used == 0;
    if (s == MOTE_OK) {
        a->step = MOTE_FETCH_BODY;
        s = read_body(f, used, r, a, &reusable);
    }
    if (s == MOTE_OK)
        a->step = MOTE_FETCH_DONE;
    if (!reusable || sent != MOTE_OK)
        mote_fetch_close(f);
    return s;
}

enum mote_status mote_fetch_exchange(struct mote_fetch *fetch,
                                     const struct mote_fetch_request *request,
                                     struct mote_fetch_answer *answer)
{
    bool silent = true;
    enum mote_status s = MOTE_OK;

    assert(request->deadline_ms);
    if (fetch->stream && (!leads_to(fetch, request->url) ||
                          !fetch->stream->kind->idle(fetch->stream)))
        mote_fetch_close(fetch);
    for (bool fresh = false; silent && !fresh;) {
        answer->head.status = 0;
        answer->head.count = answer->head.bytes = 0;
        answer->bytes = answer->dns_code = 0;
        answer->message = (struct mote_text){0};
        answer->step = MOTE_FETCH_PREPARE;
        fetch->kept_bytes = 0;
        fresh = !fetch->stream;
        if (fresh)
            s = connect_to(fetch, request, answer);
        if (s != MOTE_OK)
            break;
        s = exchange(fetch, request, answer, &silent);
        if (silent && !fresh)
            s = MOTE_OK; /* and once more */
    }
    answer->kept = (struct mote_text){fetch->kept, fetch->kept_bytes};
    return s;
}

bool mote_fetch_may_pass(enum mote_status status,
                         const struct mote_fetch_answer *answer)
{
    if (answer->step == MOTE_FETCH_TAKE || answer->step == MOTE_FETCH_PREPARE)
        return false;
    if (status == MOTE_E_CLOSED || status == MOTE_E_TIMEOUT ||
        status == MOTE_E_IO)
        return true;
    switch (status == MOTE_OK ? answer->head.status : 0) {
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
        return true;
    }
    return false;
}

uint64_t mote_fetch_retry_after_ms(const struct mote_fetch_answer *answer)
{
    uint64_t seconds;

    if (answer->head.status == 0 ||
        mote_uint_read(mote_http_field(&answer->head, MOTE_TEXT("Retry-After")),
                       &seconds) != MOTE_OK)
        return 0;
    return (seconds < 60 ? seconds : 60) * 1000;
}

/* ------------------------------------------------------------------------
 * GET.
 */
static enum mote_status write_get(struct mote_http_out *out,
                                  const struct mote_url *url,
                                  struct mote_text fields)
{
    out->n = 0;
    mote_http_put(out, MOTE_TEXT("GET "));
    if (url->path.n == 0)
        mote_http_put(out, MOTE_TEXT("/"));
    mote_http_put(out, url->target);
    mote_http_put(out, MOTE_TEXT(" HTTP/1.1\r\n"));
    mote_http_put_field(out, MOTE_TEXT("Host"), url->at);
    mote_http_put_field(out, MOTE_TEXT("User-Agent"),
                        MOTE_TEXT("mote/" MOTE_VERSION));
    mote_http_put(out, fields);
    mote_http_put(out, MOTE_TEXT("\r\n"));
    return out->full ? MOTE_E_SPACE : MOTE_OK;
}

/* The same server, or the same host's secure one. */
static bool may_follow(const struct mote_url *from, const struct mote_url *to)
{
    return mote_url_same_server(from, to) ||
           (!from->secure && from->port == 80 && to->secure &&
            to->port == 443 && mote_text_equal_nocase(from->host, to->host));
}

/* Where an answer sends us. Its path is copied to `into`, because it goes away;
 * the host stays the one that was asked for, which no answer can overwrite. */
static enum mote_status follow(struct mote_url *url, char *into,
                               struct mote_fetch_answer *a,
                               struct mote_where *where)
{
    const struct mote_text location =
        mote_http_field(&a->head, MOTE_TEXT("Location"));
    struct mote_url to;

    a->step = MOTE_FETCH_REDIRECT;
    a->message = mote_url_shown(location);
    if (location.n == 0 || location.n > MOTE_FETCH_URL)
        return MOTE_E_REFUSED;
    memcpy(into, location.at, location.n);
    if (mote_url_follow(&to, url, (struct mote_text){into, location.n},
                        where) != MOTE_OK ||
        !may_follow(url, &to))
        return MOTE_E_REFUSED;
    if (to.secure != url->secure) {
        url->secure = true;
        url->port = to.port;
        url->at = url->host;
    }
    url->path = to.path;
    url->target = to.target;
    return MOTE_OK;
}

static bool is_redirect(const struct mote_fetch_answer *a)
{
    switch (a->head.status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
        return true;
    }
    return false;
}

/* Until it succeeds, or no further try is worth it. */
static enum mote_status try_get(struct mote_fetch *f,
                                const struct mote_fetch_request *r,
                                struct mote_retry *retry,
                                struct mote_fetch_answer *a)
{
    enum mote_status s;

    do {
        a->tries++;
        s = mote_fetch_exchange(f, r, a);
    } while (mote_fetch_may_pass(s, a) &&
             mote_retry_again(retry, mote_fetch_retry_after_ms(a)));
    return s;
}

enum mote_status mote_fetch_get(struct mote_fetch *fetch, struct mote_text url,
                                struct mote_text fields, uint64_t limit,
                                uint64_t deadline_ms,
                                const struct mote_sink *sink,
                                struct mote_fetch_answer *answer,
                                struct mote_where *where)
{
    char head[MOTE_FETCH_REQUEST], location[MOTE_FETCH_URL];
    struct mote_retry retry = {.deadline_ms = deadline_ms};
    struct mote_http_out out = {.at = head, .cap = sizeof head};
    struct mote_url at;

    answer->head.status = 0;
    answer->tries = 0;
    answer->step = MOTE_FETCH_PREPARE;
    answer->message = (struct mote_text){0};
    enum mote_status s = mote_url_parse(&at, url, where);
    for (unsigned redirects = 0; s == MOTE_OK; redirects++) {
        s = write_get(&out, &at, fields);
        if (s != MOTE_OK)
            break;
        const struct mote_fetch_request request = {
            .url = &at,
            .head = mote_http_written(&out),
            .limit = limit,
            .deadline_ms = deadline_ms,
            .sink = sink,
        };
        s = try_get(fetch, &request, &retry, answer);
        if (s != MOTE_OK || answer->head.status / 100 == 2)
            break;
        if (!is_redirect(answer)) {
            answer->step = MOTE_FETCH_STATUS;
            s = MOTE_E_REFUSED;
            break;
        }
        s = follow(&at, location, answer, where);
        if (s == MOTE_OK && redirects == MOTE_FETCH_REDIRECTS)
            s = MOTE_E_REFUSED;
    }
    return s;
}
