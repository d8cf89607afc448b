/* tools/emulator/reply_headers.c - see tools/emulator/reply_headers.h */
#include "tools/emulator/reply_headers.h"

#include <string.h>

#define HEADERS_MAX 65536 /* bytes; API Gateway's own limit is 10,240 */

static bool is_token(struct mote_text name)
{
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.at[i] <= 0x20 ||
            (unsigned char)name.at[i] >= 0x7F ||
            strchr("\"(),/:;<=>?@[\\]{}", name.at[i]))
            return false;
    return name.n;
}

/* Framing is the gateway's business. */
static bool is_ours(struct mote_text name)
{
    static const char *const names[] = {
        "Connection", "Content-Length",    "Date",
        "Keep-Alive", "Transfer-Encoding", "Upgrade"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (mote_text_equal_nocase(name, mote_text_of(names[i])))
            return true;
    return false;
}

static bool add_header(struct emu_reply *r, struct mote_text name,
                       struct mote_text value)
{
    if (!is_token(name) || !emu_text_is_clean(value) ||
        r->headers.n > HEADERS_MAX)
        return false;
    if (is_ours(name))
        return true;
    emu_buffer_print(&r->headers, "%.*s: ", (int)name.n, name.at);
    emu_buffer_add(&r->headers, value);
    emu_buffer_add(&r->headers, MOTE_TEXT("\r\n"));
    return true;
}

/* A string, a number or a boolean under that name; null is left out. */
static bool add_value(struct emu_reply *r, struct mote_text name,
                      const struct mote_json_token *t)
{
    struct emu_buffer value = {0};
    bool good = true;

    if (t->type == MOTE_JSON_STRING)
        good = add_header(r, name, emu_unescape(&value, t->text));
    else if (t->type == MOTE_JSON_NUMBER || t->type == MOTE_JSON_TRUE ||
             t->type == MOTE_JSON_FALSE)
        good = add_header(r, name, t->text);
    else
        good = t->type == MOTE_JSON_NULL;
    emu_buffer_free(&value);
    return good;
}

/* The strings of the array that j has just opened, each under that name. */
static bool add_array(struct emu_reply *r, struct mote_text name,
                      struct mote_json *j)
{
    struct mote_json_token t;
    struct mote_where where;

    while (mote_json_next(j, &t, &where) == MOTE_OK) {
        if (t.type == MOTE_JSON_END)
            return true;
        if (!add_value(r, name, &t))
            return false;
    }
    return false;
}

/* Whether the object of f, if it is there, has a member called name. */
static bool has_member(const struct emu_field *f, struct mote_text name)
{
    struct mote_json j = f->inside;
    struct mote_json_token t;
    struct mote_where where;
    struct emu_buffer key = {0};
    bool found = false;

    while (emu_field_is(f, MOTE_JSON_OBJECT) && !found &&
           mote_json_next(&j, &t, &where) == MOTE_OK &&
           t.type != MOTE_JSON_END) {
        found = mote_text_equal_nocase(emu_unescape(&key, t.key), name);
        mote_json_skip(&j, &t, &where);
    }
    emu_buffer_free(&key);
    return found;
}

/* An object of values, or of arrays of them; names that `but` has are left to
 * it. */
static bool add_object(struct emu_reply *r, const struct emu_field *f,
                       bool arrays, const struct emu_field *but)
{
    struct mote_json j = f->inside;
    struct mote_json_token t;
    struct mote_where where;
    struct emu_buffer key = {0};
    bool good = !f->there || emu_field_is(f, MOTE_JSON_OBJECT) ||
                emu_field_is(f, MOTE_JSON_NULL);

    while (emu_field_is(f, MOTE_JSON_OBJECT) && good &&
           mote_json_next(&j, &t, &where) == MOTE_OK &&
           t.type != MOTE_JSON_END) {
        const struct mote_text name = emu_unescape(&key, t.key);
        if (arrays)
            good = t.type == MOTE_JSON_ARRAY && add_array(r, name, &j);
        else if (!but || !has_member(but, name))
            good = add_value(r, name, &t);
    }
    emu_buffer_free(&key);
    return good;
}

static bool add_cookies(struct emu_reply *r, const struct emu_field *f)
{
    struct mote_json j = f->inside;

    if (!f->there || emu_field_is(f, MOTE_JSON_NULL))
        return true;
    return emu_field_is(f, MOTE_JSON_ARRAY) &&
           add_array(r, MOTE_TEXT("Set-Cookie"), &j);
}

/* Load balancers take the kind of headers that they have sent. */
static bool add_all(struct emu_reply *r, enum emu_shape shape,
                    const struct emu_fields *f)
{
    switch (shape) {
    case EMU_HTTP2:
    case EMU_URL:
        return add_object(r, &f->headers, false, NULL) &&
               add_cookies(r, &f->cookies);
    case EMU_HTTP1:
    case EMU_REST:
        return add_object(r, &f->multi, true, NULL) &&
               add_object(r, &f->headers, false, &f->multi);
    case EMU_ALB:
        return (f->headers.there || !f->multi.there) &&
               add_object(r, &f->headers, false, NULL);
    case EMU_ALB_MULTI:
        return (f->multi.there || !f->headers.there) &&
               add_object(r, &f->multi, true, NULL);
    }
    return false;
}

/* What a client is told when the function does not say. */
static void add_default_type(struct emu_reply *r, enum emu_shape shape)
{
    static const char *const types[] = {
        [EMU_HTTP2] = "text/plain;charset=UTF-8",
        [EMU_HTTP1] = "text/plain;charset=UTF-8",
        [EMU_REST] = "application/json",
        [EMU_URL] = "application/json",
        [EMU_ALB] = NULL,
        [EMU_ALB_MULTI] = NULL,
    };
    const struct mote_text headers = emu_buffer_text(&r->headers);
    const struct mote_text name = MOTE_TEXT("Content-Type:");

    for (size_t i = 0; i + name.n <= headers.n; i++)
        if ((i == 0 || headers.at[i - 1] == '\n') &&
            mote_text_equal_nocase((struct mote_text){headers.at + i, name.n},
                                   name))
            return;
    if (types[shape])
        emu_buffer_print(&r->headers, "Content-Type: %s\r\n", types[shape]);
}

bool emu_reply_add_headers(struct emu_reply *r, enum emu_shape shape,
                           const struct emu_fields *f)
{
    if (!add_all(r, shape, f))
        return false;
    add_default_type(r, shape);
    return true;
}
