/* tools/emulator/fields.c - see tools/emulator/fields.h */
#include "tools/emulator/fields.h"

bool emu_fields_find(struct emu_fields *f, struct mote_json *j)
{
    const struct {
        const char *name;
        struct emu_field *field;
    } known[] = {
        {"statusCode", &f->status},      {"statusDescription", &f->description},
        {"headers", &f->headers},        {"multiValueHeaders", &f->multi},
        {"cookies", &f->cookies},        {"body", &f->body},
        {"isBase64Encoded", &f->base64},
    };
    struct mote_json_token t;
    struct mote_where where;

    while (mote_json_next(j, &t, &where) == MOTE_OK) {
        if (t.type == MOTE_JSON_END)
            return true;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            if (mote_json_key_is(&t, mote_text_of(known[i].name)))
                *known[i].field = (struct emu_field){true, t, *j};
        if (mote_json_skip(j, &t, &where) != MOTE_OK)
            return false;
    }
    return false;
}

struct mote_text emu_unescape(struct emu_buffer *b, struct mote_text text)
{
    b->n = 0;
    b->n = mote_json_unescape(emu_buffer_room(b, text.n + 1), text);
    return emu_buffer_text(b);
}

bool emu_text_is_clean(struct mote_text text)
{
    for (size_t i = 0; i < text.n; i++)
        if (((unsigned char)text.at[i] < 0x20 && text.at[i] != '\t') ||
            text.at[i] == 0x7F)
            return false;
    return true;
}
