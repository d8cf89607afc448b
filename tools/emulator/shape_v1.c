/*
 * tools/emulator/shape_v1.c - payload format 1.0, of REST APIs and of HTTP
 * APIs that ask for it; see tools/emulator/shape.h.
 */
#include "tools/emulator/shape.h"

#include <stdio.h>

#include "tools/emulator/clock.h"
#include "tools/emulator/emulator.h"

static void put_nulls(struct mote_json_out *o, const char *const *keys)
{
    for (; *keys; keys++)
        emu_put_null(o, *keys);
}

static void put_pairs(struct mote_json_out *o, const char *key,
                      const struct emu_pairs *p, enum emu_merge merge)
{
    mote_json_put_key(o, mote_text_of(key));
    if (p->count)
        emu_pairs_put(o, p, merge);
    else
        mote_json_put_null(o);
}

static void put_identity(struct mote_json_out *o, const struct emu_http *h)
{
    static const char *const unknown[] = {"accessKey",
                                          "accountId",
                                          "caller",
                                          "cognitoAuthenticationProvider",
                                          "cognitoAuthenticationType",
                                          "cognitoIdentityId",
                                          "cognitoIdentityPoolId",
                                          "principalOrgId",
                                          "user",
                                          "userArn",
                                          NULL};

    mote_json_put_key(o, MOTE_TEXT("identity"));
    mote_json_put_open(o, '{');
    put_nulls(o, unknown);
    emu_put_text(o, "sourceIp", h->source_ip);
    mote_json_put_member(o, MOTE_TEXT("userAgent"), emu_shape_user_agent(h));
    mote_json_put_close(o, '}');
}

/* A REST API's stage is the first part of its path; an HTTP API's $default
 * stage is not. */
static void put_full_path(struct mote_json_out *o, const struct emu_http *h)
{
    struct emu_buffer path = {0};

    if (h->options->shape == EMU_REST)
        emu_buffer_print(&path, "/%s", h->options->stage);
    emu_buffer_add(&path, h->path);
    mote_json_put_member(o, MOTE_TEXT("path"), emu_buffer_text(&path));
    emu_buffer_free(&path);
}

static void put_context(struct mote_json_out *o, const struct emu_http *h)
{
    char domain[256], time[EMU_TIME_CHARS];

    snprintf(domain, sizeof domain, "emulator.execute-api.%s.amazonaws.com",
             h->options->region);
    mote_json_put_key(o, MOTE_TEXT("requestContext"));
    mote_json_put_open(o, '{');
    emu_put_text(o, "accountId", EMU_ACCOUNT);
    emu_put_text(o, "apiId", "emulator");
    emu_put_null(o, "authorizer");
    emu_put_text(o, "domainName", domain);
    emu_put_text(o, "domainPrefix", "emulator");
    emu_put_text(o, "extendedRequestId", h->id);
    mote_json_put_member(o, MOTE_TEXT("httpMethod"), h->head->method);
    put_identity(o, h);
    put_full_path(o, h);
    emu_put_text(o, "protocol", h->head->minor ? "HTTP/1.1" : "HTTP/1.0");
    emu_put_text(o, "requestId", h->id);
    emu_put_text(o, "requestTime",
                 emu_time_write(time, EMU_TIME_LOG, h->now_ms));
    mote_json_put_key(o, MOTE_TEXT("requestTimeEpoch"));
    mote_json_put_uint(o, (uint64_t)h->now_ms);
    emu_put_null(o, "resourceId");
    mote_json_put_member(o, MOTE_TEXT("resourcePath"), h->path);
    emu_put_text(o, "stage", h->options->stage);
    mote_json_put_close(o, '}');
}

void emu_shape_v1(struct mote_json_out *o, const struct emu_http *h)
{
    mote_json_put_open(o, '{');
    if (h->options->shape == EMU_HTTP1)
        emu_put_text(o, "version", "1.0");
    mote_json_put_member(o, MOTE_TEXT("resource"), h->path);
    mote_json_put_member(o, MOTE_TEXT("path"), h->path);
    mote_json_put_member(o, MOTE_TEXT("httpMethod"), h->head->method);
    put_pairs(o, "headers", &h->headers, EMU_LAST);
    put_pairs(o, "multiValueHeaders", &h->headers, EMU_LISTS);
    put_pairs(o, "queryStringParameters", &h->params, EMU_LAST);
    put_pairs(o, "multiValueQueryStringParameters", &h->params, EMU_LISTS);
    emu_put_null(o, "pathParameters");
    emu_put_null(o, "stageVariables");
    put_context(o, h);
    if (h->body.n) {
        emu_shape_put_body(o, h);
    } else {
        emu_put_null(o, "body");
        mote_json_put_key(o, MOTE_TEXT("isBase64Encoded"));
        mote_json_put_bool(o, false);
    }
    mote_json_put_close(o, '}');
}
