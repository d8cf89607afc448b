/* net/s3.c - see net/s3.h */
#include "net/s3.h"
#include "core/base/environment.h"
#include "core/base/number.h"
#include "core/base/version.h"
#include "net/http_write.h"
#include "net/retry.h"
#include "net/sigv4.h"

#include <string.h>
#include <time.h>

#define BASE64 44 /* characters of a SHA-256 */
#define REGIONS 2 /* times that a bucket's region may be corrected */

static enum mote_status refuse(struct mote_where *where, struct mote_text field,
                               struct mote_text got, const char *expected)
{
    where->field = field;
    where->got = got;
    where->expected = expected;
    return MOTE_E_FORMAT;
}

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_region(struct mote_text region)
{
    for (size_t i = 0; i < region.n; i++)
        if (!is_lower_or_digit(region.at[i]) && region.at[i] != '-')
            return false;
    return region.n && region.n <= MOTE_S3_REGION;
}

static void set_region(struct mote_s3 *s3, struct mote_text region)
{
    memcpy(s3->region, region.at, region.n);
    s3->region_bytes = region.n;
}

static struct mote_text region_of(const struct mote_s3 *s3)
{
    return (struct mote_text){s3->region, s3->region_bytes};
}

/* The first of the two names that has a value; *name becomes it. */
static struct mote_text either(char *const *environment, struct mote_text *name,
                               struct mote_text other)
{
    const struct mote_text value = mote_environment(environment, *name);

    if (value.n)
        return value;
    *name = other;
    return mote_environment(environment, other);
}

enum mote_status mote_s3_begin(struct mote_s3 *s3, struct mote_fetch *fetch,
                               struct mote_credentials *credentials,
                               char *const *environment,
                               struct mote_where *where)
{
    struct mote_text region_name = MOTE_TEXT("AWS_REGION"),
                     name = MOTE_TEXT("AWS_ENDPOINT_URL_S3");
    const struct mote_text region =
        either(environment, &region_name, MOTE_TEXT("AWS_DEFAULT_REGION"));
    const struct mote_text endpoint =
        either(environment, &name, MOTE_TEXT("AWS_ENDPOINT_URL"));

    s3->fetch = fetch;
    s3->credentials = credentials;
    s3->endpoint = (struct mote_url){.secure = true};
    s3->path_style = endpoint.n != 0;
    s3->ahead_s = 0;
    set_region(s3, MOTE_TEXT("us-east-1"));
    if (region.n + endpoint.n == 0) {
        (void)refuse(where, MOTE_TEXT("AWS_REGION"), MOTE_TEXT("nothing"),
                     "a region, or AWS_ENDPOINT_URL_S3 to be set");
        return MOTE_E_SCHEMA;
    }
    if (region.n && !is_region(region))
        return refuse(where, region_name, region, "a region as eu-central-1");
    if (region.n)
        set_region(s3, region);
    where->field = name;
    return endpoint.n ? mote_url_parse(&s3->endpoint, endpoint, where)
                      : MOTE_OK;
}

/* ------------------------------------------------------------------------
 * Where a request goes.
 */
static enum mote_status check_object(const struct mote_s3_object *o,
                                     bool with_key, struct mote_where *where)
{
    for (size_t i = 0; i < o->bucket.n; i++)
        if (!is_lower_or_digit(o->bucket.at[i]) && o->bucket.at[i] != '-' &&
            o->bucket.at[i] != '.')
            return refuse(where, MOTE_TEXT("bucket"), o->bucket,
                          "letters a to z, digits, '-' and '.'");
    if (o->bucket.n < 3 || o->bucket.n > 63)
        return refuse(where, MOTE_TEXT("bucket"), o->bucket,
                      "3 to 63 characters");
    if (with_key && (o->key.n == 0 || o->key.n > MOTE_S3_KEY))
        return refuse(where, MOTE_TEXT("key"), o->key, "1 to 1024 bytes");
    return MOTE_OK;
}

/* A bucket with dots would be a host that no certificate is for. */
static bool is_in_path(const struct mote_s3 *s3, struct mote_text bucket)
{
    if (s3->endpoint.host.n)
        return s3->path_style;
    return s3->path_style || memchr(bucket.at, '.', bucket.n) != NULL;
}

/* The server's URL; its host is written to s3->host. */
static enum mote_status place(struct mote_s3 *s3, struct mote_text bucket,
                              struct mote_url *url)
{
    struct mote_http_out host = {.at = s3->host, .cap = sizeof s3->host};

    *url = s3->endpoint;
    if (!is_in_path(s3, bucket)) {
        mote_http_put(&host, bucket);
        mote_http_put(&host, MOTE_TEXT("."));
    }
    if (s3->endpoint.host.n) {
        const size_t name = host.n + s3->endpoint.host.n;
        mote_http_put(&host, s3->endpoint.at);
        url->at = mote_http_written(&host);
        url->host = (struct mote_text){s3->host, name};
    } else {
        mote_http_put(&host, MOTE_TEXT("s3."));
        mote_http_put(&host, region_of(s3));
        mote_http_put(&host, MOTE_TEXT(".amazonaws.com"));
        if (mote_text_starts(region_of(s3), MOTE_TEXT("cn-")))
            mote_http_put(&host, MOTE_TEXT(".cn"));
        url->at = url->host = mote_http_written(&host);
        url->port = 443;
    }
    return host.full ? MOTE_E_SPACE : MOTE_OK;
}

/* ------------------------------------------------------------------------
 * One request, as often as it takes.
 */
struct request {
    struct mote_text method;
    struct mote_s3_object object;     /* key empty: the bucket itself */
    struct mote_text query;           /* escaped                      */
    struct mote_http_field fields[4]; /* more that are sent and signed */
    size_t count;
    struct mote_text body;
    const char *payload; /* [MOTE_SHA256_HEX] of the body        */
    const struct mote_sink *sink;
    uint64_t limit, deadline_ms;
};

static void add_field(struct request *r, struct mote_text name,
                      struct mote_text value)
{
    if (value.n)
        r->fields[r->count++] = (struct mote_http_field){name, value};
}

/* What stands in a head must not end a line of it. */
static enum mote_status check_fields(const struct request *r,
                                     struct mote_where *where)
{
    for (size_t i = 0; i < r->count; i++)
        for (size_t k = 0; k < r->fields[i].value.n; k++) {
            const unsigned char c = (unsigned char)r->fields[i].value.at[k];
            if (c < 0x20 || c >= 0x7F)
                return refuse(where, r->fields[i].name, r->fields[i].value,
                              "printable ASCII");
        }
    return MOTE_OK;
}

static void put_path(struct mote_http_out *out, const struct mote_s3 *s3,
                     const struct mote_s3_object *object)
{
    struct mote_text base = s3->endpoint.path;

    while (base.n && base.at[base.n - 1] == '/')
        base.n--;
    mote_http_put(out, base);
    mote_http_put(out, MOTE_TEXT("/"));
    if (is_in_path(s3, object->bucket)) {
        mote_http_put(out, object->bucket);
        if (object->key.n)
            mote_http_put(out, MOTE_TEXT("/"));
    }
    mote_http_put_escaped(out, object->key, '/');
}

/* Writes the head to s3->head, signed as of now. */
static enum mote_status write_head(struct mote_s3 *s3, const struct request *r,
                                   const struct mote_url *url,
                                   struct mote_http_out *out)
{
    const struct mote_credentials *who = s3->credentials;
    struct mote_http_field fields[sizeof r->fields / sizeof *r->fields + 4];
    struct mote_sigv4 by = {who->key_id,   who->secret,     who->token,
                            region_of(s3), MOTE_TEXT("s3"), ""};
    size_t count = 0;

    mote_time_write_basic(by.date, (int64_t)time(NULL) + s3->ahead_s);
    *out = (struct mote_http_out){.at = s3->head, .cap = sizeof s3->head};
    mote_http_put(out, r->method);
    mote_http_put(out, MOTE_TEXT(" "));
    const size_t from = out->n;
    put_path(out, s3, &r->object);
    const struct mote_text path = {s3->head + from, out->n - from};
    if (r->query.n)
        mote_http_put(out, MOTE_TEXT("?"));
    mote_http_put(out, r->query);
    mote_http_put(out, MOTE_TEXT(" HTTP/1.1\r\n"));

    fields[count++] = (struct mote_http_field){MOTE_TEXT("Host"), url->at};
    fields[count++] = (struct mote_http_field){MOTE_TEXT("x-amz-date"),
                                               {by.date, sizeof by.date}};
    fields[count++] = (struct mote_http_field){
        MOTE_TEXT("x-amz-content-sha256"), {r->payload, MOTE_SHA256_HEX}};
    if (who->token.n)
        fields[count++] = (struct mote_http_field){
            MOTE_TEXT("x-amz-security-token"), who->token};
    memcpy(fields + count, r->fields, r->count * sizeof *fields);
    count += r->count;
    for (size_t i = 0; i < count; i++)
        mote_http_put_field(out, fields[i].name, fields[i].value);

    const struct mote_sigv4_request signed_part = {
        .method = r->method,
        .path = path,
        .query = r->query,
        .fields = fields,
        .count = count,
        .payload = {r->payload, MOTE_SHA256_HEX},
    };
    mote_http_put(out, MOTE_TEXT("Authorization: "));
    const enum mote_status s = mote_sigv4_authorize(&by, &signed_part, out);
    mote_http_put(out, MOTE_TEXT("\r\n"));
    mote_http_put_field(out, MOTE_TEXT("User-Agent"),
                        MOTE_TEXT("mote/" MOTE_VERSION));
    if (r->body.n || mote_text_equal(r->method, MOTE_TEXT("PUT"))) {
        mote_http_put(out, MOTE_TEXT("Content-Length: "));
        mote_http_put_uint(out, r->body.n);
        mote_http_put(out, MOTE_TEXT("\r\n"));
    }
    mote_http_put(out, MOTE_TEXT("\r\n"));
    return s == MOTE_OK && out->full ? MOTE_E_SPACE : s;
}

static enum mote_status send(struct mote_s3 *s3, const struct request *r,
                             struct mote_s3_answer *a)
{
    struct mote_http_out head;
    struct mote_url url;

    a->http.step = MOTE_FETCH_PREPARE;
    a->http.head.status = 0;
    enum mote_status s = mote_credentials_ready(
        s3->credentials, s3->fetch, r->deadline_ms, &a->http, &a->where);
    if (s != MOTE_OK)
        return s;
    a->http.step = MOTE_FETCH_PREPARE;
    s = place(s3, r->object.bucket, &url);
    if (s == MOTE_OK)
        s = write_head(s3, r, &url, &head);
    if (s != MOTE_OK)
        return s;
    const struct mote_fetch_request request = {
        .url = &url,
        .head = mote_http_written(&head),
        .body = r->body,
        .limit = r->limit,
        .deadline_ms = r->deadline_ms,
        .sink = r->sink,
    };
    s = mote_fetch_exchange(s3->fetch, &request, &a->http);
    explicit_bzero(s3->head, head.n);
    return s;
}

/* ------------------------------------------------------------------------
 * What an answer says besides its status.
 */
struct error {
    struct mote_s3_answer *answer;
    struct mote_text region;
    size_t used; /* of answer->words */
};

static struct mote_text keep(struct error *e, struct mote_text value)
{
    struct mote_s3_answer *a = e->answer;
    const size_t room = sizeof a->words - e->used;
    const struct mote_text kept = {a->words + e->used,
                                   value.n < room ? value.n : room};

    if (kept.n)
        memcpy(a->words + e->used, value.at, kept.n);
    e->used += kept.n;
    return kept;
}

static enum mote_status error_element(void *context,
                                      const struct mote_xml_element *element)
{
    struct error *e = context;
    struct mote_s3_answer *a = e->answer;

    if (!mote_text_equal(element->parent, MOTE_TEXT("Error")))
        return MOTE_OK;
    if (mote_text_equal(element->name, MOTE_TEXT("Code")))
        a->code = keep(e, element->value);
    if (mote_text_equal(element->name, MOTE_TEXT("Message")))
        a->message = keep(e, element->value);
    if (mote_text_equal(element->name, MOTE_TEXT("RequestId")))
        a->request_id = keep(e, element->value);
    if (mote_text_equal(element->name, MOTE_TEXT("Region")))
        e->region = keep(e, element->value);
    return MOTE_OK;
}

/* Fills code, message, request_id and etag; what the body of an error says
 * goes before what the head says. region: the bucket's, or empty. */
static struct mote_text read_error(struct mote_s3_answer *a)
{
    struct error e = {.answer = a};
    struct mote_xml xml;
    const struct mote_http_head *head = &a->http.head;

    a->code = a->message = a->request_id = a->etag = (struct mote_text){0};
    if (head->status == 0)
        return e.region;
    if (head->status / 100 != 2) {
        mote_xml_begin(&xml, error_element, &e);
        (void)mote_xml_take(&xml, a->http.kept); /* whatever it is worth */
    }
    if (a->request_id.n == 0)
        a->request_id =
            keep(&e, mote_http_field(head, MOTE_TEXT("x-amz-request-id")));
    if (head->status / 100 == 2 || head->status == 304)
        a->etag = keep(&e, mote_http_field(head, MOTE_TEXT("ETag")));
    if (e.region.n == 0)
        e.region = mote_http_field(head, MOTE_TEXT("x-amz-bucket-region"));
    return e.region;
}

static bool has_code(const struct mote_s3_answer *a, struct mote_text code)
{
    return mote_text_equal(a->code, code);
}

/* Corrections still open to a request: each helps once, or is no help. */
struct corrections {
    unsigned regions;
    bool clock, credentials;
};

static bool correct_region(struct mote_s3 *s3, struct mote_text region,
                           struct corrections *made)
{
    if (!is_region(region) || mote_text_equal(region, region_of(s3)) ||
        made->regions == REGIONS)
        return false;
    made->regions++;
    set_region(s3, region);
    return true;
}

static bool correct_clock(struct mote_s3 *s3, const struct mote_s3_answer *a,
                          struct corrections *made)
{
    int64_t theirs;

    if (made->clock ||
        mote_http_date(mote_http_field(&a->http.head, MOTE_TEXT("Date")),
                       &theirs) != MOTE_OK)
        return false;
    const int64_t ahead = theirs - (int64_t)time(NULL);
    const int64_t more = ahead - s3->ahead_s;
    if (more > -MOTE_S3_SKEW_S && more < MOTE_S3_SKEW_S)
        return false;
    s3->ahead_s = ahead;
    return made->clock = true;
}

static bool renew_credentials(struct mote_s3 *s3,
                              const struct mote_s3_answer *a,
                              struct corrections *made)
{
    if (made->credentials || s3->credentials->uri.n == 0 ||
        !has_code(a, MOTE_TEXT("ExpiredToken")))
        return false;
    s3->credentials->key_id = (struct mote_text){0};
    return made->credentials = true;
}

/* Whether the answer tells what to do otherwise, at once. */
static bool correct(struct mote_s3 *s3, const struct mote_s3_answer *a,
                    struct mote_text region, struct corrections *made)
{
    switch (a->http.head.status) {
    case 301:
    case 307:
        return correct_region(s3, region, made);
    case 400:
        return correct_region(s3, region, made) ||
               renew_credentials(s3, a, made);
    case 403:
        return correct_clock(s3, a, made) || correct_region(s3, region, made) ||
               renew_credentials(s3, a, made);
    }
    return false;
}

static bool may_pass(enum mote_status s, const struct mote_s3_answer *a)
{
    return mote_fetch_may_pass(s, &a->http) ||
           (s == MOTE_OK &&
            (has_code(a, MOTE_TEXT("RequestTimeout")) ||
             has_code(a, MOTE_TEXT("OperationAborted")) ||
             has_code(a, MOTE_TEXT("SlowDown")) ||
             has_code(a, MOTE_TEXT("ConditionalRequestConflict"))));
}

static void begin_answer(struct mote_s3_answer *a)
{
    a->http.step = MOTE_FETCH_PREPARE;
    a->http.head.status = 0;
    a->http.message = (struct mote_text){0};
    a->tries = 0;
    a->code = a->message = a->request_id = a->etag = (struct mote_text){0};
}

static enum mote_status run(struct mote_s3 *s3, const struct request *r,
                            struct mote_s3_answer *a)
{
    struct mote_retry retry = {.deadline_ms = r->deadline_ms};
    struct corrections made = {0};
    enum mote_status s;

    begin_answer(a);
    s = check_object(&r->object, r->query.n == 0, &a->where);
    if (s == MOTE_OK)
        s = check_fields(r, &a->where);
    if (s != MOTE_OK)
        return s;
    for (;;) {
        a->tries++;
        s = send(s3, r, a);
        const struct mote_text region = read_error(a);
        if (s == MOTE_OK &&
            (a->http.head.status / 100 == 2 || a->http.head.status == 304))
            return MOTE_OK;
        if (s == MOTE_OK && correct(s3, a, region, &made))
            continue;
        if (!may_pass(s, a) ||
            !mote_retry_again(&retry, mote_fetch_retry_after_ms(&a->http)))
            break;
    }
    if (s == MOTE_OK)
        a->http.step = MOTE_FETCH_STATUS;
    return s == MOTE_OK ? MOTE_E_REFUSED : s;
}

/* ------------------------------------------------------------------------
 * Bodies and their SHA-256.
 */
static void to_base64(char out[BASE64], const uint8_t digest[MOTE_SHA256_BYTES])
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqr"
        "stuvwxyz0123456789+/";
    uint32_t bits = 0;

    for (size_t i = 0, n = 0; i < MOTE_SHA256_BYTES + 1; i++) {
        bits = bits << 8 | (i < MOTE_SHA256_BYTES ? digest[i] : 0u);
        for (int at = 18; i % 3 == 2 && at >= 0; at -= 6)
            out[n++] = alphabet[bits >> at & 63];
    }
    out[BASE64 - 1] = '='; /* 32 bytes: the last third is none */
}

static const char empty_payload[] = "e3b0c44298fc1c149afbf4c8996fb924"
                                    "27ae41e4649b934ca495991b7852b855";

struct getting {
    const struct mote_sink *sink;
    bool ranged, check;
    char expected[BASE64];
    struct mote_sha256 hash;
};

static enum mote_status get_begin(void *context,
                                  const struct mote_http_head *head)
{
    struct getting *g = context;
    const struct mote_text sum =
        mote_http_field(head, MOTE_TEXT("x-amz-checksum-sha256"));

    if (g->ranged != (head->status == 206))
        return MOTE_E_FORMAT;
    g->check = !g->ranged && sum.n == BASE64; /* others are of parts */
    if (g->check)
        memcpy(g->expected, sum.at, BASE64);
    mote_sha256_begin(&g->hash);
    return g->sink->begin(g->sink->context, head);
}

static enum mote_status get_take(void *context, struct mote_text run_of_bytes)
{
    struct getting *g = context;

    if (g->check)
        mote_sha256_put(&g->hash, run_of_bytes);
    return g->sink->take(g->sink->context, run_of_bytes);
}

static enum mote_status get_end(const struct getting *g)
{
    uint8_t digest[MOTE_SHA256_BYTES];
    char got[BASE64];

    if (!g->check)
        return MOTE_OK;
    mote_sha256_end(&g->hash, digest);
    to_base64(got, digest);
    return memcmp(got, g->expected, BASE64) == 0 ? MOTE_OK : MOTE_E_DAMAGED;
}

enum mote_status mote_s3_get(struct mote_s3 *s3, const struct mote_s3_get *get,
                             const struct mote_sink *sink,
                             struct mote_s3_answer *answer)
{
    char range[sizeof "bytes=-" + 2 * MOTE_UINT_CHARS];
    struct mote_http_out out = {.at = range, .cap = sizeof range};
    struct getting getting = {.sink = sink, .ranged = get->bytes != 0};
    const struct mote_sink through = {&getting, get_begin, get_take};
    struct request r = {
        .method = MOTE_TEXT("GET"),
        .object = get->object,
        .payload = empty_payload,
        .sink = &through,
        .limit = get->limit,
        .deadline_ms = get->deadline_ms,
    };

    if (get->bytes) {
        mote_http_put(&out, MOTE_TEXT("bytes="));
        mote_http_put_uint(&out, get->first);
        mote_http_put(&out, MOTE_TEXT("-"));
        mote_http_put_uint(&out, get->first + get->bytes - 1);
        add_field(&r, MOTE_TEXT("Range"), mote_http_written(&out));
    } else {
        add_field(&r, MOTE_TEXT("x-amz-checksum-mode"), MOTE_TEXT("ENABLED"));
    }
    add_field(&r, MOTE_TEXT("If-Match"), get->if_match);
    add_field(&r, MOTE_TEXT("If-None-Match"), get->if_none_match);
    const enum mote_status s = run(s3, &r, answer);
    return s == MOTE_OK && answer->http.head.status != 304 ? get_end(&getting)
                                                           : s;
}

enum mote_status mote_s3_put(struct mote_s3 *s3, const struct mote_s3_put *put,
                             struct mote_s3_answer *answer)
{
    char hex[MOTE_SHA256_HEX], sum[BASE64];
    uint8_t digest[MOTE_SHA256_BYTES];
    struct mote_sha256 hash;
    struct request r = {
        .method = MOTE_TEXT("PUT"),
        .object = put->object,
        .body = put->body,
        .payload = hex,
        .deadline_ms = put->deadline_ms,
    };

    mote_sha256_begin(&hash);
    mote_sha256_put(&hash, put->body);
    mote_sha256_end(&hash, digest);
    mote_sha256_hex(hex, digest);
    to_base64(sum, digest);
    add_field(&r, MOTE_TEXT("x-amz-checksum-sha256"),
              (struct mote_text){sum, sizeof sum});
    add_field(&r, MOTE_TEXT("Content-Type"), put->type);
    if (put->if_absent)
        add_field(&r, MOTE_TEXT("If-None-Match"), MOTE_TEXT("*"));
    return run(s3, &r, answer);
}

/* ------------------------------------------------------------------------
 * Listing.
 */
struct page {
    const struct mote_s3_list *list;
    struct mote_xml xml;
    bool again;     /* this page came before, at least in part */
    bool truncated; /* another page follows                    */
    bool whole;     /* no text of the entry was too long       */
    uint64_t bytes;
    size_t key_n, etag_n, modified_n, last_n, token_n;
    char key[MOTE_S3_KEY], etag[128], modified[32];
    char last[MOTE_S3_KEY];     /* key given out before */
    char token[MOTE_XML_VALUE]; /* of the page that follows */
};

static void copy(struct page *p, char *to, size_t room, size_t *n,
                 struct mote_text value)
{
    if (value.n > room)
        p->whole = false;
    *n = value.n > room ? 0 : value.n;
    if (*n)
        memcpy(to, value.at, *n);
}

static int compare(struct mote_text a, struct mote_text b)
{
    const int order = memcmp(a.at, b.at, a.n < b.n ? a.n : b.n);
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

/* After a page that broke off its keys come again: those that were given out
 * before are not given out twice. */
static enum mote_status give_out(struct page *p)
{
    const struct mote_s3_entry entry = {
        .key = {p->key, p->key_n},
        .etag = {p->etag, p->etag_n},
        .modified = {p->modified, p->modified_n},
        .bytes = p->bytes,
    };

    if (!p->whole || p->key_n == 0)
        return MOTE_E_FORMAT;
    if (p->again && p->last_n &&
        compare(entry.key, (struct mote_text){p->last, p->last_n}) <= 0)
        return MOTE_OK;
    memcpy(p->last, p->key, p->key_n);
    p->last_n = p->key_n;
    return p->list->each(p->list->context, &entry);
}

static enum mote_status list_element(void *context,
                                     const struct mote_xml_element *e)
{
    struct page *p = context;

    if (mote_text_equal(e->parent, MOTE_TEXT("Contents"))) {
        p->whole = p->whole && e->whole;
        if (mote_text_equal(e->name, MOTE_TEXT("Key")))
            copy(p, p->key, sizeof p->key, &p->key_n, e->value);
        else if (mote_text_equal(e->name, MOTE_TEXT("ETag")))
            copy(p, p->etag, sizeof p->etag, &p->etag_n, e->value);
        else if (mote_text_equal(e->name, MOTE_TEXT("LastModified")))
            copy(p, p->modified, sizeof p->modified, &p->modified_n, e->value);
        else if (mote_text_equal(e->name, MOTE_TEXT("Size")))
            return mote_uint_read(e->value, &p->bytes);
        return MOTE_OK;
    }
    if (!mote_text_equal(e->parent, MOTE_TEXT("ListBucketResult")))
        return MOTE_OK;
    if (mote_text_equal(e->name, MOTE_TEXT("Contents"))) {
        const enum mote_status s = give_out(p);
        p->whole = true;
        p->key_n = p->etag_n = p->modified_n = 0;
        return s;
    }
    if (mote_text_equal(e->name, MOTE_TEXT("IsTruncated")))
        p->truncated = mote_text_equal(e->value, MOTE_TEXT("true"));
    if (mote_text_equal(e->name, MOTE_TEXT("NextContinuationToken"))) {
        p->whole = p->whole && e->whole;
        copy(p, p->token, sizeof p->token, &p->token_n, e->value);
    }
    return MOTE_OK;
}

static enum mote_status list_begin(void *context,
                                   const struct mote_http_head *head)
{
    struct page *p = context;

    (void)head;
    p->whole = true;
    p->truncated = false;
    p->key_n = p->etag_n = p->modified_n = p->token_n = 0;
    mote_xml_begin(&p->xml, list_element, p);
    return MOTE_OK;
}

/* A page that breaks off has set `again` before it comes another time. */
static enum mote_status list_take(void *context, struct mote_text run_of_bytes)
{
    struct page *p = context;
    const enum mote_status s = mote_xml_take(&p->xml, run_of_bytes);

    p->again = true;
    return s;
}

static void put_list_query(struct mote_http_out *out,
                           const struct mote_s3_list *list,
                           struct mote_text token)
{
    out->n = 0;
    if (token.n) {
        mote_http_put(out, MOTE_TEXT("continuation-token="));
        mote_http_put_escaped(out, token, 0);
        mote_http_put(out, MOTE_TEXT("&"));
    }
    mote_http_put(out, MOTE_TEXT("list-type=2"));
    if (list->page) {
        mote_http_put(out, MOTE_TEXT("&max-keys="));
        mote_http_put_uint(out, list->page);
    }
    mote_http_put(out, MOTE_TEXT("&prefix="));
    mote_http_put_escaped(out, list->prefix, 0);
}

enum mote_status mote_s3_list(struct mote_s3 *s3,
                              const struct mote_s3_list *list,
                              struct mote_s3_answer *answer)
{
    /* each byte of prefix and token may become three */
    char query[3 * (MOTE_S3_KEY + MOTE_XML_VALUE) + 128];
    struct page page = {.list = list};
    const struct mote_sink sink = {&page, list_begin, list_take};
    struct mote_http_out out = {.at = query, .cap = sizeof query};
    struct request r = {
        .method = MOTE_TEXT("GET"),
        .object = {.bucket = list->bucket},
        .payload = empty_payload,
        .sink = &sink,
        .limit = UINT64_MAX,
        .deadline_ms = list->deadline_ms,
    };
    enum mote_status s;

    begin_answer(answer);
    if (list->prefix.n > MOTE_S3_KEY)
        return refuse(&answer->where, MOTE_TEXT("prefix"), list->prefix,
                      "at most 1024 bytes");
    do {
        put_list_query(&out, list,
                       (struct mote_text){page.token, page.token_n});
        page.again = false;
        r.query = mote_http_written(&out);
        s = run(s3, &r, answer);
        if (s == MOTE_OK)
            s = mote_xml_end(&page.xml);
        if (s == MOTE_OK && (!page.whole || (page.truncated && !page.token_n)))
            s = MOTE_E_FORMAT;
    } while (s == MOTE_OK && page.truncated);
    return s;
}
