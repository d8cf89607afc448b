/* tools/emulator/reply.c - see tools/emulator/reply.h */
#include "tools/emulator/reply.h"

#include "core/base/base64.h"
#include "core/base/number.h"
#include "tools/emulator/fields.h"
#include "tools/emulator/reply_headers.h"

#define ALB_MAX (1024 * 1024) /* bytes of a reply's JSON */

static bool read_status(struct emu_reply *r, const struct emu_fields *f)
{
    double status = 0;

    if (!emu_field_is(&f->status, MOTE_JSON_NUMBER) ||
        mote_f64_read(f->status.token.text, &status) != MOTE_OK ||
        status < 200 || status > 599 || status != (double)(int)status)
        return false;
    r->status = (int)status;
    return true;
}

static bool read_body(struct emu_reply *r, const struct emu_fields *f)
{
    struct mote_where where;

    if (f->base64.there && !emu_field_is(&f->base64, MOTE_JSON_TRUE) &&
        !emu_field_is(&f->base64, MOTE_JSON_FALSE) &&
        !emu_field_is(&f->base64, MOTE_JSON_NULL))
        return false;
    if (!f->body.there || emu_field_is(&f->body, MOTE_JSON_NULL))
        return true;
    if (!emu_field_is(&f->body, MOTE_JSON_STRING))
        return false;
    const struct mote_text body = emu_unescape(&r->body, f->body.token.text);
    if (!emu_field_is(&f->base64, MOTE_JSON_TRUE))
        return true;
    emu_buffer_room(&r->body, 2); /* see mote_base64_decode */
    return mote_base64_decode(r->body.at, &r->body.n,
                              (struct mote_text){r->body.at, body.n},
                              &where) == MOTE_OK;
}

/* "404 No such thing": the words become the reason of the status line. */
static bool read_description(struct emu_reply *r, enum emu_shape shape,
                             const struct emu_fields *f)
{
    if ((shape != EMU_ALB && shape != EMU_ALB_MULTI) ||
        !emu_field_is(&f->description, MOTE_JSON_STRING))
        return true;
    const struct mote_text text =
        emu_unescape(&r->reason, f->description.token.text);
    size_t digits = 0;
    while (digits < text.n && text.at[digits] >= '0' && text.at[digits] <= '9')
        digits++;
    if (digits && digits < text.n && text.at[digits] == ' ')
        emu_buffer_drop(&r->reason, digits + 1);
    return emu_text_is_clean(emu_buffer_text(&r->reason));
}

/* JSON without a status is the body itself, where that is allowed. */
static bool read_inferred(struct emu_reply *r, enum emu_shape shape,
                          struct mote_text payload)
{
    if (shape != EMU_HTTP2 && shape != EMU_URL)
        return false;
    emu_reply_say(r, 200, "application/json", "");
    emu_buffer_add(&r->body, payload);
    return true;
}

static bool read_payload(struct emu_reply *r, enum emu_shape shape,
                         struct mote_text payload)
{
    struct mote_json j;
    struct mote_json_token t;
    struct mote_where where;
    struct emu_fields f = {0};

    if (payload.n == 0 || !emu_is_json(payload))
        return false;
    mote_json_begin(&j, payload);
    if (mote_json_next(&j, &t, &where) != MOTE_OK ||
        t.type != MOTE_JSON_OBJECT || !emu_fields_find(&f, &j) ||
        !f.status.there)
        return read_inferred(r, shape, payload);
    if (!read_status(r, &f) || !read_body(r, &f) ||
        !read_description(r, shape, &f) || !emu_reply_add_headers(r, shape, &f))
        return false;
    return true;
}

void emu_reply_read(struct emu_reply *r, enum emu_shape shape,
                    const struct emu_result *result)
{
    const bool alb = shape == EMU_ALB || shape == EMU_ALB_MULTI;
    const bool too_long = alb && result->payload.n > ALB_MAX;

    if (result->failed || too_long || !read_payload(r, shape, result->payload))
        emu_reply_failed(r, shape);
}
