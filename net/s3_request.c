/* net/s3_request.c - see net/s3_request.h */
#include "net/s3_request.h"
#include "core/base/environment.h"
#include "core/base/version.h"
#include "net/http_write.h"
#include "net/retry.h"
#include "net/sigv4.h"

#include <string.h>
#include <time.h>

#define REGIONS 2 /* times that a bucket's region may be corrected */

const char mote_s3_empty_payload[] = "e3b0c44298fc1c149afbf4c8996fb924"
                                     "27ae41e4649b934ca495991b7852b855";

enum mote_status mote_s3_refuse(struct mote_where *where,
                                struct mote_text field, struct mote_text got,
                                const char *expected)
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
        (void)mote_s3_refuse(where, MOTE_TEXT("AWS_REGION"),
                             MOTE_TEXT("nothing"),
                             "a region, or AWS_ENDPOINT_URL_S3 to be set");
        return MOTE_E_SCHEMA;
    }
    if (region.n && !is_region(region))
        return mote_s3_refuse(where, region_name, region,
                              "a region as eu-central-1");
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
            return mote_s3_refuse(where, MOTE_TEXT("bucket"), o->bucket,
                                  "letters a to z, digits, '-' and '.'");
    if (o->bucket.n < 3 || o->bucket.n > 63)
        return mote_s3_refuse(where, MOTE_TEXT("bucket"), o->bucket,
                              "3 to 63 characters");
    if (with_key && (o->key.n == 0 || o->key.n > MOTE_S3_KEY))
        return mote_s3_refuse(where, MOTE_TEXT("key"), o->key,
                              "1 to 1024 bytes");
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
void mote_s3_request_field(struct mote_s3_request *r, struct mote_text name,
                           struct mote_text value)
{
    if (value.n)
        r->fields[r->count++] = (struct mote_http_field){name, value};
}

/* What stands in a head must not end a line of it. */
static enum mote_status check_fields(const struct mote_s3_request *r,
                                     struct mote_where *where)
{
    for (size_t i = 0; i < r->count; i++)
        for (size_t k = 0; k < r->fields[i].value.n; k++) {
            const unsigned char c = (unsigned char)r->fields[i].value.at[k];
            if (c < 0x20 || c >= 0x7F)
                return mote_s3_refuse(where, r->fields[i].name,
                                      r->fields[i].value, "printable ASCII");
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
static enum mote_status write_head(struct mote_s3 *s3,
                                   const struct mote_s3_request *r,
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

static enum mote_status send(struct mote_s3 *s3,
                             const struct mote_s3_request *r,
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

void mote_s3_answer_begin(struct mote_s3_answer *a)
{
    a->http.step = MOTE_FETCH_PREPARE;
    a->http.head.status = 0;
    a->http.message = (struct mote_text){0};
    a->tries = 0;
    a->code = a->message = a->request_id = a->etag = (struct mote_text){0};
}

enum mote_status mote_s3_request_run(struct mote_s3 *s3,
                                     const struct mote_s3_request *r,
                                     struct mote_s3_answer *a)
{
    struct mote_retry retry = {.deadline_ms = r->deadline_ms};
    struct corrections made = {0};
    enum mote_status s;

    mote_s3_answer_begin(a);
    s = check_object(&r->object, !r->lists, &a->where);
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
