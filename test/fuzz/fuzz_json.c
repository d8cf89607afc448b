/* test/fuzz/fuzz_json.c - any bytes as JSON; strings and numbers are decoded,
 * and what is read as JSON is written again and read once more. */
#include "core/base/json_read.h"
#include "core/base/json_write.h"
#include "core/base/number.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void copy_value(const struct mote_json_token *t, struct mote_json_out *o)
{
    static char text[1 << 16];
    double number, again;
    char digits[MOTE_F64_CHARS];

    switch (t->type) {
    case MOTE_JSON_STRING:
        if (t->text.n > sizeof text)
            return;
        mote_json_put_string(
            o, (struct mote_text){text, mote_json_unescape(text, t->text)});
        return;
    case MOTE_JSON_NUMBER:
        if (mote_f64_read(t->text, &number) == MOTE_E_FORMAT)
            abort();
        mote_json_put_f64(o, number);
        const size_t written = mote_f64_write(digits, number);
        if (written && (mote_f64_read((struct mote_text){digits, written},
                                      &again) != MOTE_OK ||
                        memcmp(&number, &again, sizeof number)))
            abort();
        return;
    default:
        mote_json_put_raw(o, t->text);
    }
}

/* False: not JSON. o gets a copy, if one is wanted and fits. */
static bool read_all(struct mote_text in, struct mote_json_out *o)
{
    struct mote_json j;
    struct mote_json_token t;
    struct mote_where where;
    char closing[MOTE_JSON_DEPTH];
    int depth = 0;

    mote_json_begin(&j, in);
    for (;;) {
        if (mote_json_next(&j, &t, &where) != MOTE_OK)
            return false;
        if (t.type == MOTE_JSON_DONE)
            return true;
        if (t.type == MOTE_JSON_END) {
            mote_json_put_close(o, closing[--depth]);
            continue;
        }
        if (depth && closing[depth - 1] == '}') {
            static char key[1 << 16];
            if (t.key.n > sizeof key)
                return true;
            mote_json_put_key(
                o, (struct mote_text){key, mote_json_unescape(key, t.key)});
        }
        if (t.type == MOTE_JSON_OBJECT || t.type == MOTE_JSON_ARRAY) {
            const bool object = t.type == MOTE_JSON_OBJECT;
            closing[depth++] = object ? '}' : ']';
            mote_json_put_open(o, object ? '{' : '[');
        } else {
            copy_value(&t, o);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static char first[1 << 20], second[1 << 20];
    struct mote_json_out a, b;

    mote_json_out_begin(&a, first, sizeof first);
    if (!read_all((struct mote_text){(const char *)data, n}, &a) || a.full ||
        n > 1 << 15)
        return 0;
    mote_json_out_begin(&b, second, sizeof second);
    if (!read_all((struct mote_text){first, a.n}, &b))
        abort();
    if (a.n != b.n || memcmp(first, second, a.n))
        abort();
    return 0;
}
