/*
 * tools/emulator/fields.h - the fields of a function's reply to HTTP, found
 * in its JSON whatever their order.
 */
#ifndef EMU_FIELDS_H
#define EMU_FIELDS_H

#include "core/base/json_read.h"
#include "tools/emulator/buffer.h"

/* One field: its token, and the reader right behind it. */
struct emu_field {
    bool there;
    struct mote_json_token token;
    struct mote_json inside;
};

struct emu_fields {
    struct emu_field status, description, headers, multi, cookies, body, base64;
};

/* Reads the members of the object that j has just opened, into a zeroed f.
 * False when it has no end within our reader's depth. */
bool emu_fields_find(struct emu_fields *f, struct mote_json *j);

static inline bool emu_field_is(const struct emu_field *f,
                                enum mote_json_type type)
{
    return f->there && f->token.type == type;
}

/* Text without its escapes, in b, whose content it replaces. */
struct mote_text emu_unescape(struct emu_buffer *b, struct mote_text text);

/* Whether a header's line may hold text: nothing ends it early or hides. */
bool emu_text_is_clean(struct mote_text text);

#endif
