/*
 * core/function/outside_net.c - see core/function/outside.h
 *
 * trust   MOTE_CA_FILE adds authorities to those compiled in; MOTE_DNS names a
 *         server to resolve names with; AWS_* are those of AWS's own tools
 */
#include "core/function/outside.h"

#include "core/base/environment.h"
#include "core/base/number.h"
#include "core/base/url.h"
#include "net/s3.h"
#include "net/tls_secure.h"
#include "net/tls_sha256.h"

const bool mote_outside_linked = true;

static struct {
    bool begun, s3_begun;
    struct mote_resolver resolver;
    struct mote_trust trust;
    struct mote_tls tls;
    struct mote_secure secure;
    struct mote_fetch fetch;
    struct mote_credentials credentials;
    struct mote_s3 s3;
    struct mote_s3_cursor cursor; /* of the listing under way */
    struct mote_s3_answer answer;
} outside;

/* ------------------------------------------------------------------------
 * Telling
 */
static void say(struct mote_outside_answer *a, struct mote_text text)
{
    const size_t room = sizeof a->words - a->message.n;
    const size_t n = text.n < room ? text.n : room;

    a->message.at = a->words;
    if (n)
        memcpy(a->words + a->message.n, text.at, n);
    a->message.n += n;
}

static void say_uint(struct mote_outside_answer *a, uint64_t value)
{
    char digits[MOTE_UINT_CHARS];
    say(a, (struct mote_text){digits, mote_uint_write(digits, value)});
}

/* "NAME: expected ..., got ..." */
static void say_where(struct mote_outside_answer *a,
                      const struct mote_where *where)
{
    say(a, where->field);
    if (where->field.n)
        say(a, MOTE_TEXT(": "));
    say(a, MOTE_TEXT("expected "));
    say(a, mote_text_of(where->expected));
    if (where->got.n) {
        say(a, MOTE_TEXT(", got "));
        say(a, where->got);
    }
}

/* What the exchange says: the step, and the status or what went wrong. */
static void say_exchange(struct mote_outside_answer *a, enum mote_status s,
                         const struct mote_fetch_answer *http)
{
    say(a, mote_fetch_step_text(http->step));
    say(a, MOTE_TEXT(": "));
    if (http->message.n) {
        say(a, http->message);
    } else if (s == MOTE_E_REFUSED && http->head.status) {
        say(a, MOTE_TEXT("the server answered "));
        say_uint(a, (uint64_t)http->head.status);
    } else {
        say(a, mote_text_of(mote_status_text(s)));
    }
}

static void say_url(struct mote_outside_answer *a, struct mote_text url)
{
    say(a, mote_url_shown(url));
    say(a, MOTE_TEXT(": "));
}

/* ------------------------------------------------------------------------
 * Set-up
 */
static enum mote_status begin(char *const *environment,
                              struct mote_outside_answer *a)
{
    const struct mote_text dns =
        mote_environment(environment, MOTE_TEXT("MOTE_DNS"));
    struct mote_where where = {.row = MOTE_NO_ROW};

    if (outside.begun)
        return MOTE_OK;
    enum mote_status s = mote_resolver_open(&outside.resolver, dns);
    if (s != MOTE_OK) {
        say(a, MOTE_TEXT("MOTE_DNS: expected an address such as 10.0.0.2 or "
                         "10.0.0.2:53, got "));
        say(a, dns);
        return s;
    }
    s = mote_trust_read(&outside.trust, environment, &where);
    if (s != MOTE_OK) {
        if (where.expected)
            say_where(a, &where);
        else
            say(a, mote_text_of(mote_status_text(s)));
        return s;
    }
    mote_tls_begin(&outside.tls, &outside.trust);
    outside.secure = mote_tls_secure(&outside.tls);
    mote_fetch_begin(&outside.fetch, &outside.resolver, &outside.secure);
    outside.begun = true;
    return MOTE_OK;
}

static enum mote_status begin_s3(char *const *environment,
                                 struct mote_outside_answer *a)
{
    struct mote_where where = {.row = MOTE_NO_ROW};

    if (outside.s3_begun)
        return MOTE_OK;
    enum mote_status s =
        mote_credentials_begin(&outside.credentials, environment, &where);
    if (s == MOTE_OK)
        s = mote_s3_begin(&outside.s3, &outside.fetch, &outside.credentials,
                          environment, &where);
    if (s != MOTE_OK)
        say_where(a, &where);
    outside.s3_begun = s == MOTE_OK;
    return s;
}

/* ------------------------------------------------------------------------
 * Requests
 */
static uint64_t deadline(const struct mote_outside_request *r)
{
    const uint64_t most = mote_now_ms() + 900000; /* a function's longest */

    return r->deadline_ms
               ? mote_deadline_of(r->deadline_ms, MOTE_OUTSIDE_SPARE_MS)
               : most;
}

/* False: not an s3:// URL. */
static bool object_of(struct mote_text url, struct mote_s3_object *object)
{
    const struct mote_text scheme = MOTE_TEXT("s3://");

    if (!mote_text_starts(url, scheme))
        return false;
    url.at += scheme.n;
    url.n -= scheme.n;
    const char *slash = memchr(url.at, '/', url.n);
    const size_t n = slash ? (size_t)(slash - url.at) : url.n;
    object->bucket = (struct mote_text){url.at, n};
    object->key = (struct mote_text){url.at + n + (slash != NULL),
                                     url.n - n - (slash != NULL)};
    return true;
}

static enum mote_status sink_begin(void *context,
                                   const struct mote_http_head *head)
{
    const struct mote_outside_request *r = context;
    struct mote_text length =
        mote_http_field(head, MOTE_TEXT("content-length"));
    uint64_t bytes = 0;

    if (mote_uint_read(length, &bytes) != MOTE_OK)
        bytes = 0;
    return r->begin(r->context, bytes);
}

static enum mote_status sink_take(void *context, struct mote_text run)
{
    const struct mote_outside_request *r = context;
    return r->take(r->context, run);
}

static void keep_etag(struct mote_outside_answer *a, struct mote_text etag)
{
    a->etag_bytes = etag.n <= sizeof a->etag ? etag.n : 0;
    if (a->etag_bytes)
        memcpy(a->etag, etag.at, a->etag_bytes);
}

static void say_s3(struct mote_outside_answer *a, enum mote_status s)
{
    const struct mote_s3_answer *from = &outside.answer;

    if ((s == MOTE_E_FORMAT || s == MOTE_E_SCHEMA) && from->where.expected) {
        say_where(a, &from->where);
        return;
    }
    say_exchange(a, s, &from->http);
    if (from->code.n) {
        say(a, MOTE_TEXT(" "));
        say(a, from->code);
    }
    if (from->request_id.n) {
        say(a, MOTE_TEXT(", request "));
        say(a, from->request_id);
    }
}

static enum mote_status get_object(const struct mote_outside_request *r,
                                   const struct mote_s3_object *object,
                                   const struct mote_sink *sink,
                                   struct mote_outside_answer *a)
{
    const struct mote_s3_get get = {
        .object = *object,
        .version = r->version,
        .if_match = r->match,
        .if_none_match = r->unless,
        .limit = r->limit,
        .deadline_ms = deadline(r),
    };
    enum mote_status s = begin_s3(r->environment, a);

    if (s != MOTE_OK)
        return s;
    outside.answer.where.expected = NULL;
    s = mote_s3_get(&outside.s3, &get, sink, &outside.answer);
    if (s != MOTE_OK)
        say_s3(a, s);
    a->unchanged = s == MOTE_OK && outside.answer.http.head.status == 304;
    keep_etag(a, outside.answer.etag);
    return s;
}

/* "NAME: ETAG" as a line of a head, behind n bytes of others; none without an
 * ETag, or where there is no room. */
static size_t put_condition(char *lines, size_t cap, size_t n,
                            struct mote_text name, struct mote_text etag)
{
    const size_t more = name.n + 2 + etag.n + 2;

    if (etag.n == 0 || more > cap - n)
        return n;
    memcpy(lines + n, name.at, name.n);
    memcpy(lines + n + name.n, ": ", 2);
    memcpy(lines + n + name.n + 2, etag.at, etag.n);
    memcpy(lines + n + more - 2, "\r\n", 2);
    return n + more;
}

static enum mote_status get_page(const struct mote_outside_request *r,
                                 const struct mote_sink *sink,
                                 struct mote_outside_answer *a)
{
    struct mote_fetch_answer *http = &outside.answer.http;
    struct mote_where where = {.row = MOTE_NO_ROW};
    char lines[2 * (MOTE_OUTSIDE_ETAG + 32)];
    size_t n =
        put_condition(lines, sizeof lines, 0, MOTE_TEXT("If-Match"), r->match);

    n = put_condition(lines, sizeof lines, n, MOTE_TEXT("If-None-Match"),
                      r->unless);
    const enum mote_status s =
        mote_fetch_get(&outside.fetch, r->url, (struct mote_text){lines, n},
                       r->limit, deadline(r), sink, http, &where);
    a->unchanged = s == MOTE_E_REFUSED && http->head.status == 304;
    if (a->unchanged)
        return MOTE_OK;
    if (s == MOTE_E_FORMAT && where.expected)
        say_where(a, &where);
    else if (s != MOTE_OK)
        say_exchange(a, s, http);
    else
        keep_etag(a, mote_http_field(&http->head, MOTE_TEXT("etag")));
    return s;
}

enum mote_status mote_outside_get(const struct mote_outside_request *request,
                                  struct mote_outside_answer *answer)
{
    const struct mote_sink sink = {(void *)(uintptr_t)request, sink_begin,
                                   sink_take};
    struct mote_s3_object object;

    answer->unchanged = false;
    answer->message.n = answer->etag_bytes = 0;
    say_url(answer, request->url);
    const enum mote_status s = begin(request->environment, answer);
    if (s != MOTE_OK)
        return s;
    return object_of(request->url, &object)
               ? get_object(request, &object, &sink, answer)
               : get_page(request, &sink, answer);
}

/* An object of no bytes whose key ends in a slash is a folder, as S3's console
 * makes them. */
static enum mote_status each_object(void *context,
                                    const struct mote_s3_entry *entry)
{
    const struct mote_outside_request *r = context;

    if (entry->bytes == 0 && entry->key.at[entry->key.n - 1] == '/')
        return MOTE_OK;
    return r->take(r->context, entry->key);
}

enum mote_status mote_outside_list(const struct mote_outside_request *request,
                                   bool *more,
                                   struct mote_outside_answer *answer)
{
    struct mote_s3_object below = {0};
    enum mote_status s = MOTE_E_FORMAT;

    answer->message.n = answer->etag_bytes = 0;
    say_url(answer, request->url);
    if (!object_of(request->url, &below)) {
        say(answer, MOTE_TEXT("expected s3://BUCKET/PREFIX"));
        return s;
    }
    s = begin(request->environment, answer);
    if (s == MOTE_OK)
        s = begin_s3(request->environment, answer);
    if (s != MOTE_OK)
        return s;
    const struct mote_s3_list list = {
        .bucket = below.bucket,
        .prefix = below.key,
        .deadline_ms = deadline(request),
        .context = (void *)(uintptr_t)request,
        .each = each_object,
    };
    if (!*more)
        outside.cursor = (struct mote_s3_cursor){.more = false};
    outside.answer.where.expected = NULL;
    s = request->begin(request->context, 0);
    if (s == MOTE_OK)
        s = mote_s3_list(&outside.s3, &list, &outside.cursor, &outside.answer);
    if (s != MOTE_OK)
        say_s3(answer, s);
    *more = s == MOTE_OK && outside.cursor.more;
    return s;
}

enum mote_status mote_outside_put(const struct mote_outside_request *request,
                                  struct mote_text type, struct mote_text body,
                                  struct mote_outside_answer *answer)
{
    struct mote_s3_put put = {
        .type = type,
        .body = body,
        .deadline_ms = deadline(request),
    };

    answer->message.n = answer->etag_bytes = 0;
    say_url(answer, request->url);
    if (!object_of(request->url, &put.object)) {
        say(answer, MOTE_TEXT("expected s3://BUCKET/KEY"));
        return MOTE_E_FORMAT;
    }
    enum mote_status s = begin(request->environment, answer);
    if (s == MOTE_OK)
        s = begin_s3(request->environment, answer);
    if (s != MOTE_OK)
        return s;
    outside.answer.where.expected = NULL;
    s = mote_s3_put(&outside.s3, &put, &outside.answer);
    if (s != MOTE_OK)
        say_s3(answer, s);
    else
        keep_etag(answer, outside.answer.etag);
    return s;
}

void mote_outside_sha256(struct mote_text bytes, char hex[64])
{
    uint8_t digest[MOTE_SHA256_BYTES];
    struct mote_sha256 hash;

    mote_sha256_begin(&hash);
    mote_sha256_put(&hash, bytes);
    mote_sha256_end(&hash, digest);
    mote_sha256_hex(hex, digest);
}
