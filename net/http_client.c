/*
 * net/http_client.c - see net/http_client.h
 *
 * The receive buffer while a chunked body arrives; framing is squeezed out run
 * by run, so payload grows together at the front and a body of 6 MiB needs no
 * second buffer:
 *
 *   in          body          payload_end   raw        in_used      in_cap
 *    |   head    |   payload    |  used up   |  not yet   |  free     |
 */
#include "net/http_client.h"
#include "core/base/assert.h"
#include "net/socket.h"

/* Reads what there is, at most `limit` bytes into the buffer in all. */
static enum mote_status receive(struct mote_http_client *c, size_t limit)
{
    size_t got;

    if (c->in_used >= limit)
        return MOTE_E_SPACE;
    const enum mote_status s =
        mote_socket_read(c->fd, c->in + c->in_used, limit - c->in_used, &got);
    if (s == MOTE_OK)
        c->in_used += got;
    return s;
}

static enum mote_status read_head(struct mote_http_client *c,
                                  struct mote_http_head *head)
{
    enum mote_status s;

    while ((s = mote_http_parse_response(
                head, (struct mote_text){c->in, c->in_used})) == MOTE_E_AGAIN) {
        s = receive(c, MOTE_HTTP_HEAD_MAX);
        if (s != MOTE_OK)
            return s;
    }
    return s;
}

/* Heads of 1xx announce another; forget them. */
static enum mote_status read_final_head(struct mote_http_client *c,
                                        struct mote_http_head *head)
{
    enum mote_status s = read_head(c, head);

    while (s == MOTE_OK && head->status < 200) {
        c->in_used -= head->bytes;
        memmove(c->in, c->in + head->bytes, c->in_used);
        head->bytes = 0;
        s = read_head(c, head);
    }
    return s;
}

/* *extra: bytes came that belong to no answer we asked for. */
static enum mote_status read_body(struct mote_http_client *c,
                                  struct mote_http_response *r, bool *extra)
{
    const size_t start = r->head.bytes;
    size_t payload_end = start, raw = start;
    struct mote_http_body body;
    enum mote_status s = mote_http_body_begin(&body, &r->head);

    while (s == MOTE_OK && !body.done) {
        if (raw == c->in_used) { /* everything is used up: read on from here */
            raw = c->in_used = payload_end;
            s = receive(c, c->in_cap);
            if (s == MOTE_E_CLOSED && mote_http_body_may_end(&body)) {
                s = MOTE_OK;
                break;
            }
            if (s != MOTE_OK)
                break;
        }
        size_t used;
        struct mote_text payload;
        s = mote_http_body_take(
            &body, (struct mote_text){c->in + raw, c->in_used - raw}, &used,
            &payload);
        raw += used;
        if (payload.n > c->body_max - (payload_end - start))
            r->oversized = true;
        if (r->oversized) {
            payload_end = start;
            continue;
        }
        if (payload.at != c->in + payload_end)
            memmove(c->in + payload_end, payload.at, payload.n);
        payload_end += payload.n;
    }
    r->body = (struct mote_text){c->in + start, payload_end - start};
    *extra = raw < c->in_used;
    return s;
}

static enum mote_status exchange(struct mote_http_client *c,
                                 struct mote_text head, struct mote_text body,
                                 bool idle, struct mote_http_response *r)
{
    enum mote_status s = MOTE_OK;
    bool extra = false;

    if (c->fd < 0) {
        s = mote_socket_connect(&c->fd, &c->address);
        if (s != MOTE_OK)
            return s;
    }
    const enum mote_status sent = mote_socket_send(c->fd, head, body);
    if (sent == MOTE_E_IO)
        return sent;
    if (idle && sent == MOTE_OK)
        s = mote_socket_wait(c->fd, MOTE_FOREVER);
    if (s == MOTE_OK)
        s = read_final_head(c, &r->head);
    if (s == MOTE_OK)
        s = read_body(c, r, &extra);
    if (s == MOTE_OK &&
        (sent != MOTE_OK || extra || !mote_http_keeps_alive(&r->head)))
        mote_http_client_close(c);
    return s;
}

void mote_http_client_begin(struct mote_http_client *client,
                            const struct mote_address *address, char *in,
                            size_t in_cap, size_t body_max)
{
    assert(in_cap >= MOTE_HTTP_HEAD_MAX + body_max + MOTE_HTTP_SLACK);
    *client = (struct mote_http_client){
        .address = *address,
        .fd = -1,
        .in = in,
        .in_cap = in_cap,
        .body_max = body_max,
    };
}

enum mote_status mote_http_exchange(struct mote_http_client *client,
                                    struct mote_text head,
                                    struct mote_text body, bool idle,
                                    struct mote_http_response *response)
{
    client->in_used = 0;
    response->head.bytes = response->head.count = 0;
    response->head.status = 0;
    response->body = (struct mote_text){0};
    response->oversized = false;
    const enum mote_status s = exchange(client, head, body, idle, response);
    if (s != MOTE_OK)
        mote_http_client_close(client);
    return s;
}

void mote_http_client_close(struct mote_http_client *client)
{
    if (client->fd >= 0)
        mote_socket_close(client->fd);
    client->fd = -1;
}
