/* tools/emulator/pairs.c - see tools/emulator/pairs.h */
#include "tools/emulator/pairs.h"

#include <string.h>

static void add(struct emu_pairs *p, struct mote_text name,
                struct mote_text value)
{
    if (p->count < EMU_PAIRS_MAX)
        p->at[p->count++] = (struct mote_http_field){name, value};
}

void emu_pairs_free(struct emu_pairs *p)
{
    emu_buffer_free(&p->text);
}

/* ---- headers ------------------------------------------------------------ */

static bool ends_at_gateway(struct mote_text name)
{
    static const char *const names[] = {
        "Connection", "Expect",  "Keep-Alive",       "TE",
        "Trailer",    "Upgrade", "Transfer-Encoding"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (mote_text_equal_nocase(name, mote_text_of(names[i])))
            return true;
    return false;
}

/* A copy in p->text, which has room for it: a view must not move. */
static struct mote_text lower_copy(struct emu_pairs *p, struct mote_text name)
{
    char *at = p->text.at + p->text.n;

    for (size_t i = 0; i < name.n; i++)
        at[i] = name.at[i] >= 'A' && name.at[i] <= 'Z'
                    ? (char)(name.at[i] | 0x20)
                    : name.at[i];
    p->text.n += name.n;
    return (struct mote_text){at, name.n};
}

void emu_pairs_of_head(struct emu_pairs *p, const struct mote_http_head *head,
                       bool lower, const char *source_ip)
{
    const struct mote_http_field forwarded[] = {
        {MOTE_TEXT("X-Forwarded-For"), mote_text_of(source_ip)},
        {MOTE_TEXT("X-Forwarded-Port"), MOTE_TEXT("443")},
        {MOTE_TEXT("X-Forwarded-Proto"), MOTE_TEXT("https")},
    };

    *p = (struct emu_pairs){.nocase = true};
    for (size_t i = 0; i < head->count; i++)
        if (!ends_at_gateway(head->fields[i].name))
            add(p, head->fields[i].name, head->fields[i].value);
    for (size_t i = 0; i < sizeof forwarded / sizeof *forwarded; i++)
        if (!mote_http_field(head, forwarded[i].name).n)
            add(p, forwarded[i].name, forwarded[i].value);
    if (!lower)
        return;
    emu_buffer_room(&p->text, head->bytes + 64); /* 64: the three above */
    for (size_t i = 0; i < p->count; i++)
        p->at[i].name = lower_copy(p, p->at[i].name);
}

/* ---- query strings ------------------------------------------------------ */

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at =
        c ? strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* A copy in p->text; a % without two digits behind it stands for itself. */
static struct mote_text decoded(struct emu_pairs *p, struct mote_text raw)
{
    char *at = p->text.at + p->text.n, *to = at;

    for (size_t i = 0; i < raw.n; i++) {
        const int high = i + 2 < raw.n ? hex_digit(raw.at[i + 1]) : -1;
        const int low = i + 2 < raw.n ? hex_digit(raw.at[i + 2]) : -1;
        if (raw.at[i] == '%' && high >= 0 && low >= 0) {
            *to++ = (char)(high << 4 | low);
            i += 2;
        } else {
            *to++ = raw.at[i] == '+' ? ' ' : raw.at[i];
        }
    }
    p->text.n += (size_t)(to - at);
    return (struct mote_text){at, (size_t)(to - at)};
}

bool emu_pairs_of_query(struct emu_pairs *p, struct mote_text query,
                        bool decode)
{
    const char *at = query.at, *end = query.at + query.n;

    *p = (struct emu_pairs){0};
    emu_buffer_room(&p->text, query.n + 1);
    while (at < end) {
        const char *stop = memchr(at, '&', (size_t)(end - at));
        stop = stop ? stop : end;
        const char *equals = memchr(at, '=', (size_t)(stop - at));
        const char *cut = equals ? equals : stop;
        struct mote_text name = {at, (size_t)(cut - at)};
        struct mote_text value = {equals ? equals + 1 : stop, 0};
        value.n = (size_t)(stop - value.at);
        at = stop + (stop < end);
        if (name.n + value.n == 0)
            continue; /* nothing between two & */
        if (p->count == EMU_PAIRS_MAX)
            return false;
        add(p, decode ? decoded(p, name) : name,
            decode ? decoded(p, value) : value);
    }
    return true;
}

/* ---- writing ------------------------------------------------------------ */

static bool same_name(const struct emu_pairs *p, size_t i, size_t k)
{
    return p->nocase ? mote_text_equal_nocase(p->at[i].name, p->at[k].name)
                     : mote_text_equal(p->at[i].name, p->at[k].name);
}

/* The index of the next pair of that name behind k, or p->count. */
static size_t next_of(const struct emu_pairs *p, size_t k)
{
    size_t i = k + 1;
    while (i < p->count && !same_name(p, i, k))
        i++;
    return i;
}

static bool is_first(const struct emu_pairs *p, size_t k)
{
    for (size_t i = 0; i < k; i++)
        if (same_name(p, i, k))
            return false;
    return true;
}

static void put_joined(struct mote_json_out *o, const struct emu_pairs *p,
                       size_t k)
{
    struct emu_buffer joined = {0};

    for (size_t i = k; i < p->count; i = next_of(p, i)) {
        if (i != k)
            emu_buffer_add(&joined, MOTE_TEXT(","));
        emu_buffer_add(&joined, p->at[i].value);
    }
    mote_json_put_string(o, emu_buffer_text(&joined));
    emu_buffer_free(&joined);
}

static void put_list(struct mote_json_out *o, const struct emu_pairs *p,
                     size_t k)
{
    mote_json_put_open(o, '[');
    for (size_t i = k; i < p->count; i = next_of(p, i))
        mote_json_put_string(o, p->at[i].value);
    mote_json_put_close(o, ']');
}

static void put_last(struct mote_json_out *o, const struct emu_pairs *p,
                     size_t k)
{
    size_t last = k;
    for (size_t i = k; i < p->count; i = next_of(p, i))
        last = i;
    mote_json_put_string(o, p->at[last].value);
}

void emu_pairs_put(struct mote_json_out *o, const struct emu_pairs *p,
                   enum emu_merge merge)
{
    mote_json_put_open(o, '{');
    for (size_t k = 0; k < p->count; k++) {
        if (!is_first(p, k))
            continue;
        mote_json_put_key(o, p->at[k].name);
        if (merge == EMU_JOINED)
            put_joined(o, p, k);
        else if (merge == EMU_LISTS)
            put_list(o, p, k);
        else
            put_last(o, p, k);
    }
    mote_json_put_close(o, '}');
}
