/*
 * tools/emulator/shape.h - an HTTP request as the event that API Gateway, a
 * function URL or a load balancer makes of it.
 *
 *            headers, query       base64 body          no body   other
 *   http2    joined, decoded      not text             absent    cookies
 *   url      joined, decoded      not text             absent    cookies
 *   http1    last + lists, dec.   not text             null
 *   rest     last + lists, dec.   never                null      stage
 *   alb      last, as sent        not text, or coded   ""
 *   alb-     lists, as sent       not text, or coded   ""
 *    multi
 *
 * Text is text/anything and JSON, JavaScript, XML, if it is UTF-8. A posted
 * form is not: observed on AWS, whatever its documentation says.
 *
 * source  AWS, "Working with AWS Lambda proxy integrations for HTTP APIs" and
 *         "... for REST APIs", "Invoking Lambda function URLs", "Lambda
 *         functions as targets for Application Load Balancers"
 */
#ifndef EMU_SHAPE_H
#define EMU_SHAPE_H

#include "tools/emulator/options.h"
#include "tools/emulator/pairs.h"

/* One HTTP request; views live as long as the connection's request. */
struct emu_http {
    const struct emu_options *options;
    const struct mote_http_head *head;
    struct mote_text path, query; /* of the target, as sent */
    struct mote_text body;
    const char *source_ip;
    const char *id; /* of the invocation */
    int64_t now_ms; /* wall clock        */

    struct emu_pairs headers, params; /* as the shape wants them */
};

enum emu_made { EMU_MADE, EMU_TOO_LONG, EMU_TOO_MANY };

/*
 * Writes the event of the shape in options.
 *
 * returns  EMU_MADE      event holds it
 *          EMU_TOO_LONG  it is longer than an event may be
 *          EMU_TOO_MANY  more query parameters than EMU_PAIRS_MAX
 */
enum emu_made emu_shape_make(struct emu_buffer *event,
                             const struct emu_options *options,
                             const struct mote_http_head *head,
                             struct mote_text body, const char *source_ip,
                             const char *id);

/* The shapes, each in a file of its own. */
void emu_shape_v2(struct mote_json_out *o, const struct emu_http *h);
void emu_shape_v1(struct mote_json_out *o, const struct emu_http *h);
void emu_shape_alb(struct mote_json_out *o, const struct emu_http *h);

/* What they share. */

/* Whether the body has to go as base64. */
bool emu_shape_is_binary(const struct emu_http *h);

/* "body" and "isBase64Encoded", for a body that is not empty. */
void emu_shape_put_body(struct mote_json_out *o, const struct emu_http *h);

struct mote_text emu_shape_user_agent(const struct emu_http *h);

/* A key and a null, a key and a text. */
void emu_put_null(struct mote_json_out *o, const char *key);
void emu_put_text(struct mote_json_out *o, const char *key, const char *text);

#endif
