/* tools/emulator/shape.c - see tools/emulator/shape.h */
#include "tools/emulator/shape.h"

#include <string.h>

#include "core/base/utf8.h"
#include "tools/emulator/base64_write.h"
#include "tools/emulator/clock.h"
#include "tools/emulator/emulator.h"

void emu_put_null(struct mote_json_out *o, const char *key)
{
    mote_json_put_key(o, mote_text_of(key));
    mote_json_put_null(o);
}

void emu_put_text(struct mote_json_out *o, const char *key, const char *text)
{
    mote_json_put_member(o, mote_text_of(key), mote_text_of(text));
}

struct mote_text emu_shape_user_agent(const struct emu_http *h)
{
    return mote_http_field(h->head, MOTE_TEXT("User-Agent"));
}

/* ---- bodies ------------------------------------------------------------- */

static bool is_text_type(struct mote_text type)
{
    static const char *const others[] = {
        "application/json", "application/javascript", "application/xml"};
    const char *semicolon = type.n ? memchr(type.at, ';', type.n) : NULL;

    if (semicolon)
        type.n = (size_t)(semicolon - type.at);
    while (type.n && type.at[type.n - 1] == ' ')
        type.n--;
    if (type.n >= 5 && mote_text_equal_nocase((struct mote_text){type.at, 5},
                                              MOTE_TEXT("text/")))
        return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (mote_text_equal_nocase(type, mote_text_of(others[i])))
            return true;
    return false;
}

static bool is_alb(const struct emu_options *options)
{
    return options->shape == EMU_ALB || options->shape == EMU_ALB_MULTI;
}

bool emu_shape_is_binary(const struct emu_http *h)
{
    if (h->body.n == 0 || h->options->shape == EMU_REST)
        return false;
    if (is_alb(h->options) &&
        mote_http_field(h->head, MOTE_TEXT("Content-Encoding")).n)
        return true;
    return !is_text_type(mote_http_field(h->head, MOTE_TEXT("Content-Type"))) ||
           mote_utf8_valid(h->body.at, h->body.n) < h->body.n;
}

void emu_shape_put_body(struct mote_json_out *o, const struct emu_http *h)
{
    struct emu_buffer base64 = {0};
    const bool binary = emu_shape_is_binary(h);

    if (binary)
        emu_base64_add(&base64, h->body);
    mote_json_put_member(o, MOTE_TEXT("body"),
                         binary ? emu_buffer_text(&base64) : h->body);
    mote_json_put_key(o, MOTE_TEXT("isBase64Encoded"));
    mote_json_put_bool(o, binary);
    emu_buffer_free(&base64);
}

/* ---- events ------------------------------------------------------------- */

static void split_target(struct emu_http *h)
{
    const struct mote_text target = h->head->target;
    const char *query = memchr(target.at, '?', target.n);

    h->path = target;
    h->query = (struct mote_text){target.at + target.n, 0};
    if (query) {
        h->path.n = (size_t)(query - target.at);
        h->query.at = query + 1;
        h->query.n = target.n - h->path.n - 1;
    }
}

static void put_event(struct mote_json_out *o, const struct emu_http *h)
{
    switch ((enum emu_shape)h->options->shape) {
    case EMU_HTTP2:
    case EMU_URL:
        emu_shape_v2(o, h);
        break;
    case EMU_HTTP1:
    case EMU_REST:
        emu_shape_v1(o, h);
        break;
    case EMU_ALB:
    case EMU_ALB_MULTI:
        emu_shape_alb(o, h);
        break;
    }
}

/*
 * No byte takes more than six ("\u0001") in JSON. A body is written once; of
 * a head everything at most twice, the path four times.
 */
static size_t room_for(const struct emu_http *h)
{
    const size_t n = 8192 + 24 * h->head->bytes + 6 * h->body.n;
    return n < EMU_PAYLOAD_MAX ? n : EMU_PAYLOAD_MAX;
}

enum emu_made emu_shape_make(struct emu_buffer *event,
                             const struct emu_options *options,
                             const struct mote_http_head *head,
                             struct mote_text body, const char *source_ip,
                             const char *id)
{
    struct emu_http h = {.options = options,
                         .head = head,
                         .body = body,
                         .source_ip = source_ip,
                         .id = id,
                         .now_ms = emu_wall_ms()};
    const bool lower =
        options->shape != EMU_REST && options->shape != EMU_HTTP1;
    enum emu_made made = EMU_TOO_MANY;
    struct mote_json_out o;

    split_target(&h);
    emu_pairs_of_head(&h.headers, head, lower, source_ip);
    if (emu_pairs_of_query(&h.params, h.query, !is_alb(options))) {
        const size_t room = room_for(&h);
        mote_json_out_begin(&o, emu_buffer_room(event, room), room);
        put_event(&o, &h);
        event->n = o.n;
        made = o.full ? EMU_TOO_LONG : EMU_MADE;
    }
    emu_pairs_free(&h.headers);
    emu_pairs_free(&h.params);
    return made;
}
