/* net/s3.c - see net/s3.h */
#include "net/s3.h"
#include "core/base/number.h"
#include "net/http_write.h"
#include "net/s3_request.h"
#include "net/sigv4.h"

#define BASE64 44 /* characters of a SHA-256 */

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

struct getting {
    const struct mote_s3_get *get;
    const struct mote_sink *sink;
    struct mote_s3_answer *answer;
    bool check;
    uint64_t last; /* byte of a range, as the server says */
    char expected[BASE64];
    struct mote_sha256 hash;
};

/* Takes the digits at the start of *text away. */
static bool take_uint(struct mote_text *text, uint64_t *value)
{
    size_t n = 0;

    while (n < text->n && text->at[n] >= '0' && text->at[n] <= '9')
        n++;
    const enum mote_status s =
        mote_uint_read((struct mote_text){text->at, n}, value);
    text->at += n;
    text->n -= n;
    return s == MOTE_OK;
}

static bool take_text(struct mote_text *text, struct mote_text expected)
{
    if (!mote_text_starts(*text, expected))
        return false;
    text->at += expected.n;
    text->n -= expected.n;
    return true;
}

/* Whether "bytes 2-4/6" is what was asked for, or all there is of it; *last is
 * its last byte. Source: RFC 9110, section 14.4. */
static bool is_range(struct mote_text value, const struct mote_s3_get *get,
                     uint64_t *last)
{
    const uint64_t until = get->first + get->bytes - 1;
    uint64_t first, total;

    if (!take_text(&value, MOTE_TEXT("bytes ")) || !take_uint(&value, &first) ||
        !take_text(&value, MOTE_TEXT("-")) || !take_uint(&value, last) ||
        !take_text(&value, MOTE_TEXT("/")) || first != get->first ||
        *last < first || *last > until)
        return false;
    if (mote_text_equal(value, MOTE_TEXT("*")))
        return *last == until;
    return take_uint(&value, &total) && value.n == 0 && *last < total &&
           (*last == until || *last == total - 1);
}

static enum mote_status get_begin(void *context,
                                  const struct mote_http_head *head)
{
    struct getting *g = context;
    const struct mote_text name = MOTE_TEXT("Content-Range");
    const struct mote_text sum =
        mote_http_field(head, MOTE_TEXT("x-amz-checksum-sha256"));
    const struct mote_text range = mote_http_field(head, name);
    const bool ranged = g->get->bytes != 0;

    if (ranged != (head->status == 206) ||
        (ranged && !is_range(range, g->get, &g->last)))
        return mote_s3_refuse(&g->answer->where, name, range,
                              ranged ? "the range that was asked for"
                                     : "all of the object, and no range");
    g->check = !ranged && sum.n == BASE64; /* others are of parts */
    if (g->check)
        memcpy(g->expected, sum.at, BASE64);
    mote_sha256_begin(&g->hash);
    return g->sink->begin(g->sink->context, head);
}

static enum mote_status get_take(void *context, struct mote_text run)
{
    struct getting *g = context;

    if (g->check)
        mote_sha256_put(&g->hash, run);
    return g->sink->take(g->sink->context, run);
}

static enum mote_status get_end(const struct getting *g)
{
    uint8_t digest[MOTE_SHA256_BYTES];
    char got[BASE64];

    if (g->get->bytes && g->answer->http.bytes != g->last - g->get->first + 1)
        return mote_s3_refuse(&g->answer->where, MOTE_TEXT("Content-Range"),
                              MOTE_TEXT("another number of bytes"),
                              "a body as long as it says");
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
    char query[sizeof "versionId=" + (size_t)3 * MOTE_S3_VERSION];
    struct mote_http_out out = {.at = range, .cap = sizeof range};
    struct mote_http_out version = {.at = query, .cap = sizeof query};
    struct getting getting = {.get = get, .sink = sink, .answer = answer};
    const struct mote_sink through = {&getting, get_begin, get_take};
    struct mote_s3_request r = {
        .method = MOTE_TEXT("GET"),
        .object = get->object,
        .payload = mote_s3_empty_payload,
        .sink = &through,
        .limit = get->limit,
        .deadline_ms = get->deadline_ms,
    };

    if (get->version.n > MOTE_S3_VERSION)
        return mote_s3_refuse(&answer->where, MOTE_TEXT("version"),
                              get->version, "at most 1024 bytes");
    if (get->version.n) {
        mote_http_put(&version, MOTE_TEXT("versionId="));
        mote_http_put_escaped(&version, get->version, 0);
        r.query = mote_http_written(&version);
    }
    if (get->bytes) {
        mote_http_put(&out, MOTE_TEXT("bytes="));
        mote_http_put_uint(&out, get->first);
        mote_http_put(&out, MOTE_TEXT("-"));
        mote_http_put_uint(&out, get->first + get->bytes - 1);
        mote_s3_request_field(&r, MOTE_TEXT("Range"), mote_http_written(&out));
    } else {
        mote_s3_request_field(&r, MOTE_TEXT("x-amz-checksum-mode"),
                              MOTE_TEXT("ENABLED"));
    }
    mote_s3_request_field(&r, MOTE_TEXT("If-Match"), get->if_match);
    mote_s3_request_field(&r, MOTE_TEXT("If-None-Match"), get->if_none_match);
    const enum mote_status s = mote_s3_request_run(s3, &r, answer);
    return s == MOTE_OK && answer->http.head.status != 304 ? get_end(&getting)
                                                           : s;
}

/* ------------------------------------------------------------------------
 * A conditional put that was made again.
 */
struct comparison {
    struct mote_text left; /* of what was put */
    const struct mote_s3_put *put;
};

static enum mote_status compare_begin(void *context,
                                      const struct mote_http_head *head)
{
    struct comparison *c = context;

    (void)head;
    c->left = c->put->body;
    return MOTE_OK;
}

static enum mote_status compare_take(void *context, struct mote_text run)
{
    struct comparison *c = context;

    if (!take_text(&c->left, run))
        return MOTE_E_REFUSED;
    return MOTE_OK;
}

/* The object that met the condition is what an earlier try wrote, or another's:
 * then the answer is the refusal again. */
static enum mote_status read_back(struct mote_s3 *s3,
                                  const struct mote_s3_put *put,
                                  struct mote_s3_answer *answer)
{
    const unsigned tries = answer->tries;
    struct comparison comparison = {.put = put};
    const struct mote_sink sink = {&comparison, compare_begin, compare_take};
    const struct mote_s3_get get = {
        .object = put->object,
        .limit = put->body.n,
        .deadline_ms = put->deadline_ms,
    };
    const enum mote_status s = mote_s3_get(s3, &get, &sink, answer);

    answer->tries += tries;
    if (s == MOTE_OK && comparison.left.n == 0)
        return MOTE_OK;
    answer->code = MOTE_TEXT("PreconditionFailed");
    answer->http.head.status = 412;
    answer->http.step = MOTE_FETCH_STATUS;
    return MOTE_E_REFUSED;
}

enum mote_status mote_s3_put(struct mote_s3 *s3, const struct mote_s3_put *put,
                             struct mote_s3_answer *answer)
{
    char hex[MOTE_SHA256_HEX], sum[BASE64];
    uint8_t digest[MOTE_SHA256_BYTES];
    struct mote_sha256 hash;
    struct mote_s3_request r = {
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
    mote_s3_request_field(&r, MOTE_TEXT("x-amz-checksum-sha256"),
                          (struct mote_text){sum, sizeof sum});
    mote_s3_request_field(&r, MOTE_TEXT("Content-Type"), put->type);
    if (put->if_absent)
        mote_s3_request_field(&r, MOTE_TEXT("If-None-Match"), MOTE_TEXT("*"));
    const enum mote_status s = mote_s3_request_run(s3, &r, answer);
    return put->if_absent && s == MOTE_E_REFUSED && answer->tries > 1 &&
                   answer->http.head.status == 412
               ? read_back(s3, put, answer)
               : s;
}
