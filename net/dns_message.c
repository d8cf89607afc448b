/* net/dns_message.c - see net/dns_message.h */
#include "net/dns_message.h"

#define IN 1 /* the class: Internet */

/* The message: where we are in it, all of it, and whether it kept its word. */
struct message {
    const uint8_t *at, *start, *end;
    bool ok;
};

static bool is_label_char(char c)
{
    const char letter = c | 0x20;

    return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '_';
}

enum mote_status mote_dns_name_of(struct mote_dns_name *name,
                                  struct mote_text host)
{
    size_t label = 0; /* where its length goes */

    if (host.n && host.at[host.n - 1] == '.')
        host.n--;
    if (host.n == 0 || host.n + 2 > MOTE_DNS_NAME)
        return MOTE_E_FORMAT;
    for (size_t i = 0; i <= host.n; i++) {
        const bool ends = i == host.n || host.at[i] == '.';
        if (!ends && !is_label_char(host.at[i]))
            return MOTE_E_FORMAT;
        if (!ends) {
            name->at[i + 1] = (uint8_t)host.at[i];
            continue;
        }
        const size_t n = i - label;
        if (n == 0 || n > 63)
            return MOTE_E_FORMAT;
        name->at[label] = (uint8_t)n;
        label = i + 1;
    }
    name->at[label] = 0;
    name->n = label + 1;
    return MOTE_OK;
}

static uint8_t *put16(uint8_t *out, unsigned value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return out + 2;
}

size_t mote_dns_ask(uint8_t out[MOTE_DNS_QUERY], uint16_t id,
                    const struct mote_dns_name *name, enum mote_dns_type type)
{
    static const uint8_t flags_and_counts[] = {1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    uint8_t *at = put16(out, id);

    memcpy(at, flags_and_counts, sizeof flags_and_counts);
    at += sizeof flags_and_counts;
    memcpy(at, name->at, name->n);
    at = put16(at + name->n, type);
    at = put16(at, IN);
    return (size_t)(at - out);
}

static const uint8_t *take(struct message *m, size_t n)
{
    if (!m->ok || (size_t)(m->end - m->at) < n) {
        m->ok = false;
        return NULL;
    }
    m->at += n;
    return m->at - n;
}

static unsigned take16(struct message *m)
{
    const uint8_t *at = take(m, 2);
    return at ? (unsigned)at[0] << 8 | at[1] : 0;
}

/* A name, put together from its parts: each pointer leads to before the part
 * that it ends, so there is no way back to it. */
static void take_name(struct message *m, struct mote_dns_name *name)
{
    const uint8_t *at = m->at, *part = m->at;
    bool jumped = false;

    name->n = 0;
    while (m->ok) {
        if (at == m->end)
            break;
        const unsigned n = *at;
        if (n >= 0xC0) {
            if (m->end - at < 2)
                break;
            const size_t to = (n & 0x3Fu) << 8 | at[1];
            if (!jumped)
                m->at = at + 2;
            jumped = true;
            if (to >= (size_t)(part - m->start))
                break;
            part = at = m->start + to;
            continue;
        }
        if (n > 63 || (size_t)(m->end - at) < n + 1 ||
            name->n + n + 1 > MOTE_DNS_NAME)
            break;
        memcpy(name->at + name->n, at, n + 1);
        name->n += n + 1;
        at += n + 1;
        if (n > 0)
            continue;
        if (!jumped)
            m->at = at;
        return;
    }
    m->ok = false;
}

/* Lengths are below 'A', so all bytes may be compared like letters. */
static bool same_name(const struct mote_dns_name *a,
                      const struct mote_dns_name *b)
{
    return mote_text_equal_nocase(
        (struct mote_text){(const char *)a->at, a->n},
        (struct mote_text){(const char *)b->at, b->n});
}

struct record {
    struct mote_dns_name owner;
    unsigned type, class;
    struct message data; /* from its first byte to its last */
};

static void take_record(struct message *m, struct record *r)
{
    take_name(m, &r->owner);
    r->type = take16(m);
    r->class = take16(m);
    take(m, 4); /* how long it holds */
    const unsigned bytes = take16(m);
    r->data = (struct message){m->at, m->start, m->at, false};
    if (take(m, bytes)) {
        r->data.end = m->at;
        r->data.ok = true;
    }
}

/* Goes through all records: whether one of that type belongs to `owner`. The
 * addresses are kept, the first alias replaces `owner`. */
static bool find(struct message m, unsigned records,
                 struct mote_dns_name *owner, enum mote_dns_type type,
                 struct mote_dns_answer *answer)
{
    const size_t bytes = type == MOTE_DNS_A ? 4 : 16;
    bool found = false;

    for (unsigned i = 0; i < records; i++) {
        struct record r;
        take_record(&m, &r);
        if (r.class != IN || r.type != (unsigned)type ||
            !same_name(&r.owner, owner))
            continue;
        if (type == MOTE_DNS_CNAME) {
            take_name(&r.data, owner);
            return true;
        }
        if (answer->count == MOTE_DNS_ADDRESSES)
            continue;
        struct mote_endpoint *to = &answer->at[answer->count++];
        *to = (struct mote_endpoint){.v6 = type == MOTE_DNS_AAAA};
        memcpy(to->ip, r.data.at, bytes);
        found = true;
    }
    return found;
}

/* Whether all records can be read, and those that are looked at hold what
 * their type says: a name to the last byte, an address of its size. */
static bool is_whole(struct message m, unsigned records)
{
    for (unsigned i = 0; i < records && m.ok; i++) {
        struct record r;
        struct mote_dns_name alias;

        take_record(&m, &r);
        const size_t n = (size_t)(r.data.end - r.data.at);
        if (!m.ok || r.class != IN)
            continue;
        if ((r.type == MOTE_DNS_A && n != 4) ||
            (r.type == MOTE_DNS_AAAA && n != 16))
            return false;
        if (r.type != MOTE_DNS_CNAME)
            continue;
        take_name(&r.data, &alias);
        if (!r.data.ok || r.data.at != r.data.end)
            return false;
    }
    return m.ok;
}

enum mote_status mote_dns_read(struct mote_dns_answer *answer,
                               const uint8_t *bytes, size_t n, uint16_t id,
                               const struct mote_dns_name *name,
                               enum mote_dns_type type)
{
    struct message m = {bytes, bytes, bytes + n, true};
    struct mote_dns_name owner;

    answer->count = answer->aliases = 0;
    answer->alias.n = 0;
    const unsigned got_id = take16(&m), flags = take16(&m);
    const unsigned questions = take16(&m), records = take16(&m);
    take(&m, 4); /* other records, which are not needed */
    if (!m.ok || got_id != id || flags >> 11 != 0x10 || questions != 1)
        return MOTE_E_UNKNOWN;
    take_name(&m, &owner);
    const unsigned got_type = take16(&m), got_class = take16(&m);
    if (!m.ok || got_type != (unsigned)type || got_class != IN ||
        !same_name(&owner, name))
        return MOTE_E_UNKNOWN;
    answer->code = flags & 15;
    answer->truncated = flags >> 9 & 1;
    if (answer->truncated || answer->code)
        return MOTE_OK;
    if (!is_whole(m, records))
        return MOTE_E_FORMAT;
    while (!find(m, records, &owner, type, answer)) {
        if (!find(m, records, &owner, MOTE_DNS_CNAME, answer)) {
            if (answer->aliases)
                answer->alias = owner;
            return MOTE_OK;
        }
        if (++answer->aliases > MOTE_DNS_ALIASES)
            return MOTE_E_FORMAT;
    }
    return MOTE_OK;
}
