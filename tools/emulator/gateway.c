/* tools/emulator/gateway.c - see tools/emulator/gateway.h */
#include "tools/emulator/gateway.h"

void emu_reply_free(struct emu_reply *r)
{
    emu_buffer_free(&r->reason);
    emu_buffer_free(&r->headers);
    emu_buffer_free(&r->body);
}

void emu_reply_say(struct emu_reply *r, int status, const char *type,
                   const char *body)
{
    emu_reply_free(r);
    r->status = status;
    emu_buffer_print(&r->headers, "Content-Type: %s\r\n", type);
    emu_buffer_add(&r->body, mote_text_of(body));
}

void emu_reply_failed(struct emu_reply *r, enum emu_shape shape)
{
    switch (shape) {
    case EMU_HTTP2:
        emu_reply_say(r, 500, "application/json",
                      "{\"message\":\"Internal Server Error\"}");
        break;
    case EMU_HTTP1:
    case EMU_REST:
        emu_reply_say(r, 502, "application/json",
                      "{\"message\": \"Internal server error\"}");
        break;
    case EMU_URL:
        emu_reply_say(r, 502, "text/plain", "Internal Server Error");
        break;
    case EMU_ALB:
    case EMU_ALB_MULTI:
        emu_reply_say(
            r, 502, "text/html",
            "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n"
            "<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
            "</body>\r\n</html>\r\n");
        break;
    }
}

void emu_reply_busy(struct emu_reply *r, enum emu_shape shape)
{
    if (shape == EMU_HTTP2 || shape == EMU_HTTP1)
        emu_reply_say(r, 503, "application/json",
                      "{\"message\":\"Service Unavailable\"}");
    else if (shape == EMU_URL)
        emu_reply_say(r, 429, "application/json",
                      "{\"Message\":\"Rate exceeded\"}");
    else
        emu_reply_failed(r, shape);
}

void emu_reply_too_long(struct emu_reply *r, enum emu_shape shape)
{
    if (shape == EMU_ALB || shape == EMU_ALB_MULTI)
        emu_reply_say(
            r, 413, "text/html",
            "<html>\r\n<head><title>413 Request Entity Too Large</title>"
            "</head>\r\n</html>\r\n");
    else
        emu_reply_say(r, 413, "application/json",
                      "{\"message\":\"Request Entity Too Large\"}");
}
