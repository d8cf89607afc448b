/* net/sigv4.c - see net/sigv4.h */
#include "net/sigv4.h"

#include <string.h>

/* ------------------------------------------------------------------------
 * Texts in canonical form, a character at a time, -1 at the end. Each is
 * compared and hashed without being written anywhere.
 */
struct canonical {
    const char *at, *end;
    char escaped[2]; /* digits of an escape that has begun */
    int digits;      /* of them left                       */
    bool decode;     /* what is escaped is taken apart first */
    char keep;       /* stays unescaped                    */
};

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int next_escaped(struct canonical *c)
{
    static const char hex[] = "0123456789ABCDEF";

    if (c->digits)
        return c->escaped[2 - c->digits--];
    if (c->at == c->end)
        return -1;
    unsigned char byte = (unsigned char)*c->at++;
    if (c->decode && byte == '%' && c->end - c->at >= 2 &&
        digit_of(c->at[0]) >= 0 && digit_of(c->at[1]) >= 0) {
        byte = (unsigned char)(digit_of(c->at[0]) << 4 | digit_of(c->at[1]));
        c->at += 2;
    }
    if (mote_http_is_unreserved((char)byte) || (c->keep && byte == c->keep))
        return byte;
    c->escaped[0] = hex[byte >> 4];
    c->escaped[1] = hex[byte & 15];
    c->digits = 2;
    return '%';
}

static int next_lower(struct canonical *c)
{
    if (c->at == c->end)
        return -1;
    const unsigned char byte = (unsigned char)*c->at++;
    return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
}

/* -, 0 or + as the canonical form of a stands before, with or behind b's. */
static int compare(struct mote_text a, struct mote_text b,
                   int (*next)(struct canonical *))
{
    struct canonical x = {.at = a.at, .end = a.at + a.n, .decode = true};
    struct canonical y = {.at = b.at, .end = b.at + b.n, .decode = true};
    int p, q;

    do {
        p = next(&x);
        q = next(&y);
    } while (p == q && p >= 0);
    return p - q;
}

static void put(struct mote_sha256 *hash, struct mote_text text)
{
    mote_sha256_put(hash, text);
}

static void put_all(struct mote_sha256 *hash, struct canonical c,
                    int (*next)(struct canonical *))
{
    for (int byte = next(&c); byte >= 0; byte = next(&c)) {
        const char one = (char)byte;
        put(hash, (struct mote_text){&one, 1});
    }
}

/* ------------------------------------------------------------------------
 * The path.
 */
static struct mote_text segment_at(const char *at, const char *end)
{
    const char *from = at;

    while (at < end && *at != '/')
        at++;
    return (struct mote_text){from, (size_t)(at - from)};
}

static bool is_up(struct mote_text segment)
{
    return mote_text_equal(segment, MOTE_TEXT(".."));
}

static bool is_nothing(struct mote_text segment)
{
    return segment.n == 0 || mote_text_equal(segment, MOTE_TEXT("."));
}

/* Whether ".." segments behind a segment take it away again. */
static bool is_left(const char *at, const char *end)
{
    size_t depth = 1;

    while (at < end) {
        const struct mote_text s = segment_at(at, end);
        if (is_up(s) && --depth == 0)
            return true;
        if (!is_up(s) && !is_nothing(s))
            depth++;
        at = s.at + s.n + (s.at + s.n < end);
    }
    return false;
}

static void put_path_part(struct mote_sha256 *hash,
                          const struct mote_sigv4_request *r,
                          struct mote_text part)
{
    if (r->escape)
        put_all(hash,
                (struct canonical){
                    .at = part.at, .end = part.at + part.n, .keep = '/'},
                next_escaped);
    else
        put(hash, part);
}

static void put_path(struct mote_sha256 *hash,
                     const struct mote_sigv4_request *r)
{
    const char *end = r->path.at + r->path.n;
    bool any = false;

    if (!r->normal) {
        put_path_part(hash, r, r->path.n ? r->path : MOTE_TEXT("/"));
        return;
    }
    for (const char *at = r->path.at; at < end;) {
        const struct mote_text s = segment_at(at, end);
        at = s.at + s.n + (s.at + s.n < end);
        if (is_nothing(s) || is_up(s) || is_left(at, end))
            continue;
        put(hash, MOTE_TEXT("/"));
        put_path_part(hash, r, s);
        any = true;
    }
    if (!any || end[-1] == '/')
        put(hash, MOTE_TEXT("/"));
}

/* ------------------------------------------------------------------------
 * Parameters and fields: names and values, in order.
 */
struct pairs {
    struct mote_http_field of[MOTE_SIGV4_FIELDS];
    size_t count;
};

/* Puts a pair where it belongs among those before it; what is equal stays in
 * the order it came. */
static enum mote_status add(struct pairs *pairs, struct mote_http_field pair,
                            int (*next)(struct canonical *), bool by_value)
{
    size_t i = pairs->count;

    if (i == MOTE_SIGV4_FIELDS)
        return MOTE_E_SPACE;
    for (; i > 0; i--) {
        const struct mote_http_field *before = &pairs->of[i - 1];
        int order = compare(before->name, pair.name, next);
        if (order == 0 && by_value)
            order = compare(before->value, pair.value, next);
        if (order <= 0)
            break;
        pairs->of[i] = *before;
    }
    pairs->of[i] = pair;
    pairs->count++;
    return MOTE_OK;
}

static enum mote_status put_query(struct mote_sha256 *hash,
                                  struct mote_text query)
{
    struct pairs pairs = {.count = 0};
    const char *at = query.at, *end = query.at + query.n;

    while (at < end) {
        struct mote_http_field pair = {{at, 0}, {at, 0}};
        while (at < end && *at != '&' && *at != '=')
            at++;
        pair.name.n = (size_t)(at - pair.name.at);
        if (at < end && *at == '=')
            at++;
        pair.value.at = at;
        while (at < end && *at != '&')
            at++;
        pair.value.n = (size_t)(at - pair.value.at);
        at += at < end;
        if (pair.name.n + pair.value.n == 0)
            continue;
        const enum mote_status s = add(&pairs, pair, next_escaped, true);
        if (s != MOTE_OK)
            return s;
    }
    for (size_t i = 0; i < pairs.count; i++) {
        const struct mote_text name = pairs.of[i].name,
                               value = pairs.of[i].value;
        if (i)
            put(hash, MOTE_TEXT("&"));
        put_all(hash,
                (struct canonical){
                    .at = name.at, .end = name.at + name.n, .decode = true},
                next_escaped);
        put(hash, MOTE_TEXT("="));
        put_all(hash,
                (struct canonical){
                    .at = value.at, .end = value.at + value.n, .decode = true},
                next_escaped);
    }
    return MOTE_OK;
}

/* A value without blanks around it, and one for each run of them inside. */
static void put_value(struct mote_sha256 *hash, struct mote_text value)
{
    bool begun = false, blank = false;

    for (size_t i = 0; i < value.n; i++) {
        const char c = value.at[i];
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            blank = begun;
            continue;
        }
        if (blank)
            put(hash, MOTE_TEXT(" "));
        put(hash, (struct mote_text){value.at + i, 1});
        begun = true;
        blank = false;
    }
}

static bool same_name(const struct pairs *fields, size_t i)
{
    return i > 0 && i < fields->count &&
           compare(fields->of[i - 1].name, fields->of[i].name, next_lower) == 0;
}

static void put_fields(struct mote_sha256 *hash, const struct pairs *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct mote_text name = fields->of[i].name;
        if (same_name(fields, i)) {
            put(hash, MOTE_TEXT(","));
        } else {
            put_all(hash,
                    (struct canonical){.at = name.at, .end = name.at + name.n},
                    next_lower);
            put(hash, MOTE_TEXT(":"));
        }
        put_value(hash, fields->of[i].value);
        if (!same_name(fields, i + 1))
            put(hash, MOTE_TEXT("\n"));
    }
}

/* "host;x-amz-date", written to out or hashed. */
static void write_names(struct mote_http_out *out, struct mote_sha256 *hash,
                        const struct pairs *fields, struct mote_text between)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct mote_text name = fields->of[i].name;
        struct canonical c = {.at = name.at, .end = name.at + name.n};

        if (same_name(fields, i))
            continue;
        if (i && hash)
            put(hash, between);
        if (i && out)
            mote_http_put(out, between);
        for (int byte = next_lower(&c); byte >= 0; byte = next_lower(&c)) {
            const char one = (char)byte;
            if (hash)
                put(hash, (struct mote_text){&one, 1});
            if (out)
                mote_http_put(out, (struct mote_text){&one, 1});
        }
    }
}

static enum mote_status order_fields(struct pairs *fields,
                                     const struct mote_sigv4_request *r)
{
    enum mote_status s = MOTE_OK;

    fields->count = 0;
    for (size_t i = 0; s == MOTE_OK && i < r->count; i++)
        s = add(fields, r->fields[i], next_lower, false);
    return s;
}

/* ------------------------------------------------------------------------ */

static struct mote_text day_of(const struct mote_sigv4 *by)
{
    return (struct mote_text){by->date, 8};
}

/* day/region/service/aws4_request */
static void put_scope(struct mote_http_out *out, const struct mote_sigv4 *by,
                      struct mote_text slash)
{
    mote_http_put(out, day_of(by));
    mote_http_put(out, slash);
    mote_http_put(out, by->region);
    mote_http_put(out, slash);
    mote_http_put(out, by->service);
    mote_http_put(out, slash);
    mote_http_put(out, MOTE_TEXT("aws4_request"));
}

/* The key of a day, region and service. "AWS4" and the secret are one key:
 * the longest secret in use has 40 characters, and what is longer than a block
 * is hashed by HMAC itself, so they are put together here. */
static enum mote_status derive_key(const struct mote_sigv4 *by,
                                   uint8_t key[MOTE_SHA256_BYTES])
{
    char secret[4 + 256];

    if (by->secret.n > sizeof secret - 4)
        return MOTE_E_SPACE;
    memcpy(secret, "AWS4", 4);
    if (by->secret.n)
        memcpy(secret + 4, by->secret.at, by->secret.n);
    mote_hmac_sha256(key, secret, 4 + by->secret.n, day_of(by));
    explicit_bzero(secret, sizeof secret);
    mote_hmac_sha256(key, key, MOTE_SHA256_BYTES, by->region);
    mote_hmac_sha256(key, key, MOTE_SHA256_BYTES, by->service);
    mote_hmac_sha256(key, key, MOTE_SHA256_BYTES, MOTE_TEXT("aws4_request"));
    return MOTE_OK;
}

static enum mote_status hash_request(const struct mote_sigv4_request *r,
                                     char hex[MOTE_SHA256_HEX])
{
    struct mote_sha256 hash;
    struct pairs fields;
    uint8_t digest[MOTE_SHA256_BYTES];

    enum mote_status s = order_fields(&fields, r);
    mote_sha256_begin(&hash);
    put(&hash, r->method);
    put(&hash, MOTE_TEXT("\n"));
    put_path(&hash, r);
    put(&hash, MOTE_TEXT("\n"));
    if (s == MOTE_OK)
        s = put_query(&hash, r->query);
    if (s != MOTE_OK)
        return s;
    put(&hash, MOTE_TEXT("\n"));
    put_fields(&hash, &fields);
    put(&hash, MOTE_TEXT("\n"));
    write_names(NULL, &hash, &fields, MOTE_TEXT(";"));
    put(&hash, MOTE_TEXT("\n"));
    put(&hash, r->payload);
    mote_sha256_end(&hash, digest);
    mote_sha256_hex(hex, digest);
    return MOTE_OK;
}

enum mote_status mote_sigv4_sign(const struct mote_sigv4 *by,
                                 const struct mote_sigv4_request *request,
                                 struct mote_sigv4_signature *signature)
{
    char text[256]; /* what is signed: of known length but region, service */
    struct mote_http_out out = {.at = text, .cap = sizeof text};
    uint8_t key[MOTE_SHA256_BYTES];

    enum mote_status s = hash_request(request, signature->canonical);
    if (s == MOTE_OK)
        s = derive_key(by, key);
    if (s != MOTE_OK)
        return s;
    mote_http_put(&out, MOTE_TEXT("AWS4-HMAC-SHA256\n"));
    mote_http_put(&out, (struct mote_text){by->date, sizeof by->date});
    mote_http_put(&out, MOTE_TEXT("\n"));
    put_scope(&out, by, MOTE_TEXT("/"));
    mote_http_put(&out, MOTE_TEXT("\n"));
    mote_http_put(&out, (struct mote_text){signature->canonical,
                                           sizeof signature->canonical});
    mote_hmac_sha256(key, key, sizeof key, mote_http_written(&out));
    mote_sha256_hex(signature->hex, key);
    explicit_bzero(key, sizeof key);
    return out.full ? MOTE_E_SPACE : MOTE_OK;
}

enum mote_status mote_sigv4_authorize(const struct mote_sigv4 *by,
                                      const struct mote_sigv4_request *request,
                                      struct mote_http_out *out)
{
    struct mote_sigv4_signature signature;
    struct pairs fields;

    enum mote_status s = mote_sigv4_sign(by, request, &signature);
    if (s == MOTE_OK)
        s = order_fields(&fields, request);
    if (s != MOTE_OK)
        return s;
    mote_http_put(out, MOTE_TEXT("AWS4-HMAC-SHA256 Credential="));
    mote_http_put(out, by->key_id);
    mote_http_put(out, MOTE_TEXT("/"));
    put_scope(out, by, MOTE_TEXT("/"));
    mote_http_put(out, MOTE_TEXT(", SignedHeaders="));
    write_names(out, NULL, &fields, MOTE_TEXT(";"));
    mote_http_put(out, MOTE_TEXT(", Signature="));
    mote_http_put(out, (struct mote_text){signature.hex, sizeof signature.hex});
    return out->full ? MOTE_E_SPACE : MOTE_OK;
}

enum mote_status mote_sigv4_presign(const struct mote_sigv4 *by,
                                    const struct mote_sigv4_request *request,
                                    uint32_t expires_s,
                                    struct mote_http_out *out)
{
    struct mote_sigv4_request r = *request;
    struct mote_sigv4_signature signature;
    struct pairs fields;

    enum mote_status s = order_fields(&fields, request);
    if (s != MOTE_OK)
        return s;
    mote_http_put(out, request->query);
    if (request->query.n)
        mote_http_put(out, MOTE_TEXT("&"));
    mote_http_put(out, MOTE_TEXT("X-Amz-Algorithm=AWS4-HMAC-SHA256"
                                 "&X-Amz-Credential="));
    mote_http_put_escaped(out, by->key_id, 0);
    mote_http_put(out, MOTE_TEXT("%2F"));
    put_scope(out, by, MOTE_TEXT("%2F"));
    mote_http_put(out, MOTE_TEXT("&X-Amz-Date="));
    mote_http_put(out, (struct mote_text){by->date, sizeof by->date});
    mote_http_put(out, MOTE_TEXT("&X-Amz-Expires="));
    mote_http_put_uint(out, expires_s);
    if (by->token.n) {
        mote_http_put(out, MOTE_TEXT("&X-Amz-Security-Token="));
        mote_http_put_escaped(out, by->token, 0);
    }
    mote_http_put(out, MOTE_TEXT("&X-Amz-SignedHeaders="));
    write_names(out, NULL, &fields, MOTE_TEXT("%3B"));
    r.query = mote_http_written(out);
    s = out->full ? MOTE_E_SPACE : mote_sigv4_sign(by, &r, &signature);
    if (s != MOTE_OK)
        return s;
    mote_http_put(out, MOTE_TEXT("&X-Amz-Signature="));
    mote_http_put(out, (struct mote_text){signature.hex, sizeof signature.hex});
    return out->full ? MOTE_E_SPACE : MOTE_OK;
}
