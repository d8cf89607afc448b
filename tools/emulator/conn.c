/* tools/emulator/conn.c - see tools/emulator/conn.h */
#include "tools/emulator/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/emulator/listen.h"

#define PAUSE_US 1000        /* between segments: the peer has read by then */
#define LINGER_US 2000000    /* for a client to read its last answer        */
#define PATIENCE_US 30000000 /* with a caller that does nothing             */

static void destroy(void *conn)
{
    struct emu_conn *c = conn;

    emu_buffer_free(&c->in);
    emu_buffer_free(&c->head_text);
    emu_buffer_free(&c->body);
    emu_buffer_free(&c->out);
    free(c);
}

static bool is_closed(const struct emu_conn *c)
{
    return c->watch.fd < 0;
}

void emu_conn_close(struct emu_conn *c)
{
    struct emu_conn **at = &c->listener->conns;

    if (is_closed(c))
        return;
    emu_watch_close(c->loop, &c->watch);
    emu_timer_stop(c->loop, &c->pause);
    emu_timer_stop(c->loop, &c->patience);
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    c->listener->count--;
    emu_watch_for(c->loop, &c->listener->watch, EPOLLIN);
    emu_loop_bury(c->loop, destroy, c);
    c->calls->gone(c);
}

struct mote_text emu_conn_path(const struct emu_conn *c)
{
    struct mote_text path = c->head.target;
    const char *query = memchr(path.at, '?', path.n);

    if (query)
        path.n = (size_t)(query - path.at);
    return path;
}

/* ---- writing ------------------------------------------------------------ */

static void send_out(struct emu_conn *c)
{
    while (c->sent < c->out.n && !c->pause.set) {
        size_t n = c->out.n - c->sent;
        if (c->segment && n > c->segment)
            n = c->segment;
        const ssize_t done =
            send(c->watch.fd, c->out.at + c->sent, n, MSG_NOSIGNAL);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0 && errno != EAGAIN)
            emu_conn_close(c);
        if (done < 0)
            return;
        c->sent += (size_t)done;
        if (c->segment && c->sent < c->out.n)
            emu_timer_start(c->loop, &c->pause, PAUSE_US);
    }
    if (c->sent == c->out.n)
        c->out.n = c->sent = 0;
}

static void run(struct emu_conn *c);

void emu_conn_answer(struct emu_conn *c, const struct emu_answer *answer)
{
    struct emu_answer a = *answer;

    if (is_closed(c))
        return;
    /* Who is answered before "100 Continue" may send the body or not: the
     * next request could not be told from it, so there is none. */
    c->closing = c->closing || a.close || c->eof || c->expects ||
                 c->head.minor == 0 || !mote_http_keeps_alive(&c->head);
    c->answered = true;
    c->segment = a.segment;
    a.close = c->closing;
    if (c->head.minor == 0) /* HTTP/1.0 knows no chunks */
        a.chunk = 0;
    emu_answer_add(&c->out, &a,
                   mote_text_equal(c->head.method, MOTE_TEXT("HEAD")));
    if (c->running)
        send_out(c); /* now, not when the owner is done with the rest */
    else
        run(c);
}

void emu_conn_say(struct emu_conn *c, int status, const char *type,
                  struct mote_text body)
{
    struct emu_buffer headers = {0};

    emu_buffer_print(&headers, "Content-Type: %s\r\n", type);
    emu_conn_answer(c,
                    &(struct emu_answer){.status = status,
                                         .headers = emu_buffer_text(&headers),
                                         .body = body});
    emu_buffer_free(&headers);
}

/* ---- reading ------------------------------------------------------------ */

/* This layer's own answers, to what is no request. */
static void refuse(struct emu_conn *c, int status, struct mote_text why)
{
    c->closing = true;
    emu_conn_say(c, status, "text/plain; charset=utf-8", why);
    c->reading = EMU_DONE;
}

static bool has_field(const struct mote_http_head *head, struct mote_text name)
{
    for (size_t i = 0; i < head->count; i++)
        if (mote_text_equal_nocase(head->fields[i].name, name))
            return true;
    return false;
}

/* Moves the head out of `in`, where its texts would not stay. */
static void keep_head(struct emu_conn *c)
{
    c->head_text.n = 0;
    emu_buffer_add(&c->head_text, (struct mote_text){c->in.at, c->head.bytes});
    mote_http_parse_request(&c->head, emu_buffer_text(&c->head_text));
    emu_buffer_drop(&c->in, c->head.bytes);
}

static void begin_body(struct emu_conn *c)
{
    c->expects =
        !c->framing.done &&
        mote_text_equal_nocase(mote_http_field(&c->head, MOTE_TEXT("Expect")),
                               MOTE_TEXT("100-continue"));
    c->calls->head(c);
    if (!c->answered && c->framing.framing == MOTE_HTTP_COUNTED &&
        c->framing.left > c->body_max)
        c->calls->too_long(c);
    c->reading = c->answered ? EMU_DROP : EMU_BODY;
    if (c->expects && !c->answered)
        emu_buffer_add(&c->out, MOTE_TEXT("HTTP/1.1 100 Continue\r\n\r\n"));
    c->expects = false;
}

/* The steps below return whether there may be another one at once. */

static bool take_head(struct emu_conn *c)
{
    while (c->in.n >= 2 && memcmp(c->in.at, "\r\n", 2) == 0)
        emu_buffer_drop(&c->in, 2); /* some clients end a body with a line */
    const enum mote_status s =
        mote_http_parse_request(&c->head, emu_buffer_text(&c->in));

    if (s == MOTE_E_AGAIN && c->in.n < EMU_HEAD_MAX) {
        if (c->eof)
            emu_conn_close(c);
        return false;
    }
    if (s != MOTE_OK) {
        c->head = (struct mote_http_head){.minor = 1};
        if (s == MOTE_E_AGAIN)
            refuse(c, 431, MOTE_TEXT("request head over 32768 bytes\n"));
        else
            refuse(c, 400, MOTE_TEXT("not an HTTP/1.1 request\n"));
        return true;
    }
    keep_head(c);
    if (c->head.minor == 1 && !has_field(&c->head, MOTE_TEXT("Host")))
        refuse(c, 400, MOTE_TEXT("missing required Host header\n"));
    else if (mote_http_body_begin(&c->framing, &c->head) != MOTE_OK)
        refuse(c, 400, MOTE_TEXT("no usable body length\n"));
    else
        begin_body(c);
    return true;
}

static void keep_payload(struct emu_conn *c, struct mote_text payload)
{
    if (c->reading == EMU_DROP)
        return;
    if (payload.n <= c->body_max - c->body.n) {
        emu_buffer_add(&c->body, payload);
        return;
    }
    c->calls->too_long(c);
    c->reading = EMU_DROP;
}

/* There is no going on behind a body without an end. */
static bool truncate_body(struct emu_conn *c)
{
    c->closing = true;
    if (c->reading == EMU_BODY && c->calls->truncated)
        c->calls->truncated(c);
    if (!c->answered)
        emu_conn_close(c);
    c->reading = EMU_DONE;
    return true;
}

static bool take_body(struct emu_conn *c)
{
    enum mote_status s = MOTE_OK;
    size_t from = 0; /* `in` is moved up once, however small the chunks are */

    while (s == MOTE_OK && from < c->in.n && !c->framing.done && !c->closing) {
        const struct mote_text raw = {c->in.at + from, c->in.n - from};
        struct mote_text payload;
        size_t used;
        s = mote_http_body_take(&c->framing, raw, &used, &payload);
        if (s == MOTE_OK)
            keep_payload(c, payload);
        from += used;
    }
    emu_buffer_drop(&c->in, from);
    if (!c->framing.done && !c->closing)
        return s != MOTE_OK || c->eof ? truncate_body(c) : false;
    const bool wanted = c->reading == EMU_BODY;
    c->reading = EMU_DONE;
    if (wanted)
        c->calls->request(c);
    return true;
}

/* The answer is out: on to the next request, or to the end. Closing with
 * unread input would reset the connection, and the answer with it. */
static bool turn_over(struct emu_conn *c)
{
    if (c->closing) {
        shutdown(c->watch.fd, SHUT_WR);
        emu_timer_start(c->loop, &c->patience, LINGER_US);
        c->reading = EMU_LINGER;
        return true;
    }
    c->reading = EMU_HEAD;
    c->answered = false;
    c->segment = 0;
    emu_buffer_free(&c->body);
    emu_buffer_free(&c->out);
    return true;
}

static bool step(struct emu_conn *c)
{
    switch (c->reading) {
    case EMU_HEAD:
        return (c->in.n || c->eof) && take_head(c);
    case EMU_BODY:
    case EMU_DROP:
        return take_body(c);
    case EMU_DONE:
        return c->answered && c->out.n == 0 && turn_over(c);
    case EMU_LINGER:
        c->in.n = 0;
        if (c->eof)
            emu_conn_close(c);
        return false;
    }
    return false;
}

/* ---- waiting ------------------------------------------------------------ */

static bool wants_input(const struct emu_conn *c)
{
    return !c->eof && (c->reading != EMU_DONE || c->in.n < EMU_HEAD_MAX);
}

/* Whether it is our turn to do something, not the client's. */
static bool is_waiting(const struct emu_conn *c)
{
    return c->reading == EMU_DONE && !c->answered;
}

static void renew_patience(struct emu_conn *c)
{
    if (!c->listener->front || c->reading == EMU_LINGER)
        return;
    if (is_waiting(c))
        emu_timer_stop(c->loop, &c->patience);
    else
        emu_timer_start(c->loop, &c->patience, PATIENCE_US);
}

/* Does all that can be done without waiting. What the owner does meanwhile
 * may call back here; the outermost run goes on with it. */
static void run(struct emu_conn *c)
{
    bool more = true;

    if (c->running)
        return;
    c->running = true;
    while (more && !is_closed(c)) {
        send_out(c);
        more = !is_closed(c) && step(c);
    }
    c->running = false;
    if (is_closed(c))
        return;
    renew_patience(c);
    emu_watch_for(c->loop, &c->watch,
                  (wants_input(c) ? EPOLLIN : 0) |
                      (c->out.n && !c->pause.set ? EPOLLOUT : 0));
}

/* Returns whether something was read. */
static bool fill(struct emu_conn *c)
{
    const size_t room = EMU_HEAD_MAX - c->in.n;
    const ssize_t n = read(c->watch.fd, emu_buffer_room(&c->in, room), room);

    if (n > 0)
        c->in.n += (size_t)n;
    else if (n == 0)
        c->eof = true;
    else if (errno != EAGAIN && errno != EINTR)
        emu_conn_close(c);
    return n > 0;
}

static void ready(struct emu_watch *watch, uint32_t events)
{
    struct emu_conn *c = watch->owner;

    if ((events & EPOLLIN) && wants_input(c))
        fill(c);
    else if (events & (EPOLLERR | EPOLLHUP))
        emu_conn_close(c);
    /* A runtime whose connection ends while it waits for an event is gone; a
     * caller may have closed its half and still want the reply. */
    if (!is_closed(c) && c->eof && is_waiting(c) && !c->listener->front)
        emu_conn_close(c);
    run(c);
}

void emu_conn_pump(struct emu_conn *c)
{
    while (!is_closed(c) && wants_input(c) && fill(c))
        run(c);
    if (!is_closed(c) && c->eof)
        run(c);
}

static void resume(void *conn)
{
    run(conn);
}

static void give_up(void *conn)
{
    emu_conn_close(conn);
}

void emu_conn_open(struct emu_listener *l, int fd)
{
    struct emu_conn *c = emu_alloc(sizeof *c);

    c->loop = l->loop;
    c->calls = l->calls;
    c->listener = l;
    c->owner = l->owner;
    c->watch = (struct emu_watch){.fd = fd, .ready = ready, .owner = c};
    c->pause = (struct emu_timer){.fire = resume, .owner = c};
    c->patience = (struct emu_timer){.fire = give_up, .owner = c};
    c->next = l->conns;
    l->conns = c;
    l->count++;
    run(c);
}
