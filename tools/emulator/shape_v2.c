/*
 * tools/emulator/shape_v2.c - payload format 2.0, of HTTP APIs and function
 * URLs; see tools/emulator/shape.h.
 */
#include "tools/emulator/shape.h"

#include <stdio.h>
#include <string.h>

#include "tools/emulator/clock.h"
#include "tools/emulator/emulator.h"

/* Takes the next cookie from a Cookie header's value; false at its end. */
static bool take_cookie(struct mote_text *value, struct mote_text *cookie)
{
    while (value->n && (*value->at == ';' || *value->at == ' '))
        value->at++, value->n--;
    if (!value->n)
        return false;
    const char *stop = memchr(value->at, ';', value->n);
    cookie->at = value->at;
    cookie->n = stop ? (size_t)(stop - value->at) : value->n;
    value->at += cookie->n;
    value->n -= cookie->n;
    return true;
}

static bool is_cookie(const struct mote_http_field *field)
{
    return mote_text_equal(field->name, MOTE_TEXT("cookie"));
}

/* Cookies leave the headers and become a list; there is none without any. */
static void put_headers(struct mote_json_out *o, const struct emu_http *h)
{
    struct emu_pairs others = {.nocase = true};
    bool any = false;

    for (size_t i = 0; i < h->headers.count; i++) {
        const struct mote_http_field *field = &h->headers.at[i];
        struct mote_text value = field->value, cookie;
        if (!is_cookie(field)) {
            others.at[others.count++] = *field;
            continue;
        }
        while (take_cookie(&value, &cookie)) {
            if (!any) {
                mote_json_put_key(o, MOTE_TEXT("cookies"));
                mote_json_put_open(o, '[');
            }
            any = true;
            mote_json_put_string(o, cookie);
        }
    }
    if (any)
        mote_json_put_close(o, ']');
    mote_json_put_key(o, MOTE_TEXT("headers"));
    emu_pairs_put(o, &others, EMU_JOINED);
}

static void put_http(struct mote_json_out *o, const struct emu_http *h)
{
    mote_json_put_key(o, MOTE_TEXT("http"));
    mote_json_put_open(o, '{');
    mote_json_put_member(o, MOTE_TEXT("method"), h->head->method);
    mote_json_put_member(o, MOTE_TEXT("path"), h->path);
    emu_put_text(o, "protocol", h->head->minor ? "HTTP/1.1" : "HTTP/1.0");
    emu_put_text(o, "sourceIp", h->source_ip);
    mote_json_put_member(o, MOTE_TEXT("userAgent"), emu_shape_user_agent(h));
    mote_json_put_close(o, '}');
}

static void put_context(struct mote_json_out *o, const struct emu_http *h)
{
    const bool url = h->options->shape == EMU_URL;
    char domain[256], time[EMU_TIME_CHARS];

    snprintf(domain, sizeof domain, "emulator.%s.%s.%s",
             url ? "lambda-url" : "execute-api", h->options->region,
             url ? "on.aws" : "amazonaws.com");
    mote_json_put_key(o, MOTE_TEXT("requestContext"));
    mote_json_put_open(o, '{');
    emu_put_text(o, "accountId", url ? "anonymous" : EMU_ACCOUNT);
    emu_put_text(o, "apiId", "emulator");
    emu_put_text(o, "domainName", domain);
    emu_put_text(o, "domainPrefix", "emulator");
    put_http(o, h);
    emu_put_text(o, "requestId", h->id);
    emu_put_text(o, "routeKey", "$default");
    emu_put_text(o, "stage", url ? "$default" : h->options->stage);
    emu_put_text(o, "time", emu_time_write(time, EMU_TIME_LOG, h->now_ms));
    mote_json_put_key(o, MOTE_TEXT("timeEpoch"));
    mote_json_put_uint(o, (uint64_t)h->now_ms);
    mote_json_put_close(o, '}');
}

void emu_shape_v2(struct mote_json_out *o, const struct emu_http *h)
{
    mote_json_put_open(o, '{');
    emu_put_text(o, "version", "2.0");
    emu_put_text(o, "routeKey", "$default");
    mote_json_put_member(o, MOTE_TEXT("rawPath"), h->path);
    mote_json_put_member(o, MOTE_TEXT("rawQueryString"), h->query);
    put_headers(o, h);
    if (h->params.count) {
        mote_json_put_key(o, MOTE_TEXT("queryStringParameters"));
        emu_pairs_put(o, &h->params, EMU_JOINED);
    }
    put_context(o, h);
    if (h->body.n) {
        emu_shape_put_body(o, h);
    } else {
        mote_json_put_key(o, MOTE_TEXT("isBase64Encoded"));
        mote_json_put_bool(o, false);
    }
    mote_json_put_close(o, '}');
}
