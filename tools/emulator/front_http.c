/* tools/emulator/front_http.c - see tools/emulator/front_http.h */
#include "tools/emulator/front_http.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "tools/emulator/emulator.h"
#include "tools/emulator/reply.h"
#include "tools/emulator/shape.h"

#define ALB_MAX (1024 * 1024) /* bytes of a request's body */

static enum emu_shape shape_of(const struct emu_conn *c)
{
    const struct emu *emu = c->owner;
    return (enum emu_shape)emu->options.shape;
}

/* id: of the invocation; NULL when there was none. Frees the reply. */
static void answer(struct emu_conn *c, struct emu_reply *r, const char *id)
{
    if (id)
        emu_buffer_print(&r->headers, "X-Amzn-RequestId: %s\r\n", id);
    emu_conn_answer(
        c, &(struct emu_answer){.status = r->status,
                                .reason = emu_buffer_text(&r->reason),
                                .headers = emu_buffer_text(&r->headers),
                                .body = emu_buffer_text(&r->body),
                                .close = r->status == 413});
    emu_reply_free(r);
}

static void done(struct emu_invocation *v, const struct emu_result *result)
{
    struct emu_conn *c = v->caller;
    struct emu_reply reply = {0};

    if (!c) /* it has not waited */
        return;
    c->call = NULL;
    emu_reply_read(&reply, shape_of(c), result);
    answer(c, &reply, v->id);
}

static void head(struct emu_conn *c)
{
    const bool alb = shape_of(c) == EMU_ALB || shape_of(c) == EMU_ALB_MULTI;
    c->body_max = alb ? ALB_MAX : EMU_PAYLOAD_MAX;
}

static void too_long(struct emu_conn *c)
{
    struct emu_reply reply = {0};

    emu_reply_too_long(&reply, shape_of(c));
    answer(c, &reply, NULL);
}

static void say_busy(struct emu_conn *c)
{
    struct emu_reply reply = {0};

    emu_reply_busy(&reply, shape_of(c));
    answer(c, &reply, NULL);
}

static void source_ip(const struct emu_conn *c, char out[INET_ADDRSTRLEN])
{
    struct sockaddr_in name = {0};
    socklen_t size = sizeof name;

    getpeername(c->watch.fd, (struct sockaddr *)&name, &size);
    inet_ntop(AF_INET, &name.sin_addr, out, INET_ADDRSTRLEN);
}

static void invoke(struct emu_conn *c, struct emu_invocation *v)
{
    struct emu_sandbox *s = emu_pool_find(c->owner);

    if (!s) {
        say_busy(c);
        emu_invocation_free(v);
        return;
    }
    v->done = done;
    v->caller = c;
    c->call = v;
    emu_sandbox_give(s, v);
}

static void request(struct emu_conn *c)
{
    struct emu *emu = c->owner;
    struct emu_invocation *v = emu_invocation_new(emu);
    char ip[INET_ADDRSTRLEN];

    source_ip(c, ip);
    emu_buffer_add(&v->trace_id,
                   mote_http_field(&c->head, MOTE_TEXT("X-Amzn-Trace-Id")));
    switch (emu_shape_make(&v->event, &emu->options, &c->head,
                           emu_buffer_text(&c->body), ip, v->id)) {
    case EMU_MADE:
        invoke(c, v);
        return;
    case EMU_TOO_LONG:
        too_long(c);
        break;
    case EMU_TOO_MANY:
        emu_conn_say(c, 400, "text/plain; charset=utf-8",
                     MOTE_TEXT("more than 512 query parameters\n"));
        break;
    }
    emu_invocation_free(v);
}

static void gone(struct emu_conn *c)
{
    struct emu_invocation *v = c->call;

    if (v)
        v->caller = NULL;
}

const struct emu_conn_calls emu_http_calls = {
    .head = head,
    .request = request,
    .too_long = too_long,
    .gone = gone,
};
