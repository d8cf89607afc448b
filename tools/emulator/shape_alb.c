/*
 * tools/emulator/shape_alb.c - the event of an Application Load Balancer; see
 * tools/emulator/shape.h. Multi-value headers are an attribute of the target
 * group: they change the keys of headers and of the query.
 */
#include "tools/emulator/shape.h"

#include <stdio.h>

#include "tools/emulator/emulator.h"

static void put_pairs(struct mote_json_out *o, const char *key, bool multi,
                      const struct emu_pairs *p)
{
    mote_json_put_key(o, mote_text_of(key));
    emu_pairs_put(o, p, multi ? EMU_LISTS : EMU_LAST);
}

static void put_context(struct mote_json_out *o, const struct emu_http *h)
{
    char arn[256];

    snprintf(arn, sizeof arn,
             "arn:aws:elasticloadbalancing:%s:" EMU_ACCOUNT
             ":targetgroup/emulator/0123456789abcdef",
             h->options->region);
    mote_json_put_key(o, MOTE_TEXT("requestContext"));
    mote_json_put_open(o, '{');
    mote_json_put_key(o, MOTE_TEXT("elb"));
    mote_json_put_open(o, '{');
    emu_put_text(o, "targetGroupArn", arn);
    mote_json_put_close(o, '}');
    mote_json_put_close(o, '}');
}

void emu_shape_alb(struct mote_json_out *o, const struct emu_http *h)
{
    const bool multi = h->options->shape == EMU_ALB_MULTI;

    mote_json_put_open(o, '{');
    put_context(o, h);
    mote_json_put_member(o, MOTE_TEXT("httpMethod"), h->head->method);
    mote_json_put_member(o, MOTE_TEXT("path"), h->path);
    put_pairs(
        o, multi ? "multiValueQueryStringParameters" : "queryStringParameters",
        multi, &h->params);
    put_pairs(o, multi ? "multiValueHeaders" : "headers", multi, &h->headers);
    emu_shape_put_body(o, h);
    mote_json_put_close(o, '}');
}
