/* test/net/test_tls_sigv4.c - signatures, against the requests that AWS's own
 * library is tested with. */
#include "test/test.h"
#include "core/base/json_read.h"
#include "core/base/number.h"
#include "core/base/time.h"
#include "net/sigv4.h"
#include <dirent.h>

#define CASES 38 /* folders of the suite */

struct file {
    char bytes[8192];
    struct mote_text text;
};

static bool read_file(struct file *file, const char *folder, const char *name)
{
    char path[1024];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *in = fopen(path, "rb");
    if (!in)
        return false;
    const size_t n = fread(file->bytes, 1, sizeof file->bytes, in);
    fclose(in);
    file->text = (struct mote_text){file->bytes, n};
    return n < sizeof file->bytes;
}

/* What a case's context.json says. */
struct context {
    struct mote_sigv4 by;
    bool normal, sign_body, late_token;
    uint64_t expires_s;
};

static bool read_context(struct context *c, struct mote_text text)
{
    struct mote_json json;
    struct mote_json_token t;
    struct mote_where where;
    int64_t seconds;

    *c = (struct context){0};
    mote_json_begin(&json, text);
    while (mote_json_next(&json, &t, &where) == MOTE_OK &&
           t.type != MOTE_JSON_DONE) {
        const bool is = t.type == MOTE_JSON_TRUE;
#define KEY(name) mote_json_key_is(&t, MOTE_TEXT(name))
        if (KEY("access_key_id"))
            c->by.key_id = t.text;
        if (KEY("secret_access_key"))
            c->by.secret = t.text;
        if (KEY("token"))
            c->by.token = t.text;
        if (KEY("region"))
            c->by.region = t.text;
        if (KEY("service"))
            c->by.service = t.text;
        if (KEY("normalize"))
            c->normal = is;
        if (KEY("sign_body"))
            c->sign_body = is;
        if (KEY("omit_session_token"))
            c->late_token = is;
        if (KEY("expiration_in_seconds"))
            mote_uint_read(t.text, &c->expires_s);
        if (KEY("timestamp")) {
            if (mote_time_read(t.text, &seconds) != MOTE_OK)
                return false;
            mote_time_write_basic(c->by.date, seconds);
        }
#undef KEY
    }
    return t.type == MOTE_JSON_DONE;
}

/* The request as it lies in the file: lines end in LF, some are folded. */
struct request {
    struct mote_sigv4_request r;
    struct mote_http_field fields[MOTE_SIGV4_FIELDS];
    struct mote_text body;
};

static struct mote_text line_of(const char *at, const char *end)
{
    const char *from = at;

    while (at < end && *at != '\n')
        at++;
    return (struct mote_text){from, (size_t)(at - from)};
}

static void read_request(struct request *q, struct mote_text text)
{
    const char *end = text.at + text.n;
    struct mote_text line = line_of(text.at, end);
    const char *blank = memchr(line.at, ' ', line.n);
    const char *stop = line.at + line.n - strlen(" HTTP/1.1");
    const char *mark = memchr(blank, '?', (size_t)(stop - blank));

    *q = (struct request){0};
    q->r.method = (struct mote_text){line.at, (size_t)(blank - line.at)};
    blank++;
    q->r.path =
        (struct mote_text){blank, (size_t)((mark ? mark : stop) - blank)};
    if (mark)
        q->r.query = (struct mote_text){mark + 1, (size_t)(stop - mark - 1)};
    for (const char *at = line.at + line.n + 1; at < end;
         at = line.at + line.n + 1) {
        line = line_of(at, end);
        if (line.n == 0) {
            q->body.at = at + (at < end);
            q->body.n = (size_t)(end - q->body.at);
            break;
        }
        struct mote_http_field *f = &q->fields[q->r.count];
        if (*line.at == ' ') { /* goes on with the value before */
            f[-1].value.n = (size_t)(line.at + line.n - f[-1].value.at);
            continue;
        }
        const char *colon = memchr(line.at, ':', line.n);
        f->name = (struct mote_text){line.at, (size_t)(colon - line.at)};
        f->value = (struct mote_text){colon + 1,
                                      (size_t)(line.at + line.n - colon - 1)};
        q->r.count++;
    }
    q->r.fields = q->fields;
    q->r.escape = true;
}

static void hash_of(struct mote_text text, char hex[MOTE_SHA256_HEX])
{
    struct mote_sha256 hash;
    uint8_t digest[MOTE_SHA256_BYTES];

    mote_sha256_begin(&hash);
    mote_sha256_put(&hash, text);
    mote_sha256_end(&hash, digest);
    mote_sha256_hex(hex, digest);
}

static void add_field(struct request *q, struct mote_text name,
                      struct mote_text value)
{
    q->fields[q->r.count++] = (struct mote_http_field){name, value};
}

/* The value of Authorization in a signed request. */
static struct mote_text authorization_in(struct mote_text text)
{
    const char *at = strstr(text.at, "\nAuthorization:") + 15;
    return line_of(at, text.at + text.n);
}

static void check_header(const char *folder, struct context c, struct request q)
{
    static struct file canonical, signature, signed_request;
    char hex[MOTE_SHA256_HEX], payload[MOTE_SHA256_HEX], text[2048];
    struct mote_sigv4_signature got;
    struct mote_http_out out = {.at = text, .cap = sizeof text};

    if (!read_file(&canonical, folder, "header-canonical-request.txt") ||
        !read_file(&signature, folder, "header-signature.txt") ||
        !read_file(&signed_request, folder, "header-signed-request.txt")) {
        EXPECT(false, "%s", folder);
        return;
    }
    signed_request.bytes[signed_request.text.n] = '\0';
    hash_of(q.body, payload);
    q.r.payload = (struct mote_text){payload, sizeof payload};
    add_field(&q, MOTE_TEXT("X-Amz-Date"),
              (struct mote_text){c.by.date, sizeof c.by.date});
    if (c.by.token.n && !c.late_token)
        add_field(&q, MOTE_TEXT("X-Amz-Security-Token"), c.by.token);
    if (c.sign_body)
        add_field(&q, MOTE_TEXT("x-amz-content-sha256"), q.r.payload);
    q.r.fields = q.fields;
    EXPECT(mote_sigv4_sign(&c.by, &q.r, &got) == MOTE_OK, "%s", folder);
    hash_of(canonical.text, hex);
    EXPECT(memcmp(hex, got.canonical, sizeof hex) == 0, "%s", folder);
    EXPECT(memcmp(signature.bytes, got.hex, sizeof got.hex) == 0, "%s", folder);
    EXPECT(mote_sigv4_authorize(&c.by, &q.r, &out) == MOTE_OK, "%s", folder);
    EXPECT(mote_text_equal(mote_http_written(&out),
                           authorization_in(signed_request.text)),
           "%s", folder);
    for (size_t cap = 0; cap < out.n; cap++) {
        struct mote_http_out less = {.at = text, .cap = cap};
        EXPECT(mote_sigv4_authorize(&c.by, &q.r, &less) == MOTE_E_SPACE, "%s",
               folder);
    }
}

static void check_query(const char *folder, struct context c, struct request q)
{
    static struct file canonical, signature;
    char hex[MOTE_SHA256_HEX], payload[MOTE_SHA256_HEX], text[4096];
    struct mote_http_out out = {.at = text, .cap = sizeof text};
    struct mote_sigv4_signature got;
    struct mote_sigv4 by = c.by;

    if (!read_file(&canonical, folder, "query-canonical-request.txt") ||
        !read_file(&signature, folder, "query-signature.txt")) {
        EXPECT(false, "%s", folder);
        return;
    }
    if (c.late_token)
        by.token = (struct mote_text){0};
    hash_of(q.body, payload);
    q.r.payload = (struct mote_text){payload, sizeof payload};
    q.r.fields = q.fields;
    EXPECT(mote_sigv4_presign(&by, &q.r, (uint32_t)c.expires_s, &out) ==
               MOTE_OK,
           "%s", folder);
    EXPECT(out.n > sizeof got.hex &&
               memcmp(text + out.n - sizeof got.hex, signature.bytes,
                      sizeof got.hex) == 0,
           "%s", folder);
    /* and without the signature, that query is what was signed */
    q.r.query = (struct mote_text){text, out.n - strlen("&X-Amz-Signature=") -
                                             sizeof got.hex};
    EXPECT(mote_sigv4_sign(&by, &q.r, &got) == MOTE_OK, "%s", folder);
    hash_of(canonical.text, hex);
    EXPECT(memcmp(hex, got.canonical, sizeof hex) == 0, "%s", folder);
}

static void signs_as_the_suite(void)
{
    char folder[512];
    const char *data = getenv("MOTE_DATA");
    unsigned cases = 0;

    if (!data || !*data)
        SKIP("MOTE_DATA does not name the folder of outside test data");
    snprintf(folder, sizeof folder, "%s/sigv4", data);
    DIR *dir = opendir(folder);
    if (!dir)
        SKIP("no SigV4 suite in MOTE_DATA");
    for (struct dirent *e; (e = readdir(dir));) {
        static struct file context, request;
        struct context c;
        struct request q;

        snprintf(folder, sizeof folder, "%s/sigv4/%s", data, e->d_name);
        if (e->d_name[0] == '.' || !read_file(&context, folder, "context.json"))
            continue;
        EXPECT(read_file(&request, folder, "request.txt"), "%s", folder);
        EXPECT(read_context(&c, context.text), "%s", folder);
        read_request(&q, request.text);
        q.r.normal = c.normal;
        check_header(folder, c, q);
        check_query(folder, c, q);
        cases++;
    }
    closedir(dir);
    EXPECT(cases == CASES, "%u", cases);
}

/* RFC 4231, test case 2, and RFC 6234's "abc". */
static void hashes(void)
{
    uint8_t digest[MOTE_SHA256_BYTES];
    char hex[MOTE_SHA256_HEX];

    mote_hmac_sha256(digest, "Jefe", 4,
                     MOTE_TEXT("what do ya want for nothing?"));
    mote_sha256_hex(hex, digest);
    EXPECT(memcmp(hex,
                  "5bdcc146bf60754e6a042426089575c7"
                  "5a003f089d2739839dec58b964ec3843",
                  sizeof hex) == 0);
    hash_of(MOTE_TEXT("abc"), hex);
    EXPECT(memcmp(hex,
                  "ba7816bf8f01cfea414140de5dae2223"
                  "b00361a396177a9cb410ff61f20015ad",
                  sizeof hex) == 0);
}

static void limits(void)
{
    struct mote_http_field fields[MOTE_SIGV4_FIELDS + 1];
    char query[4 * (MOTE_SIGV4_FIELDS + 1)], secret[300];
    struct mote_sigv4 by = {.secret = {secret, 1}};
    struct mote_sigv4_signature got;
    struct mote_sigv4_request r = {.path = MOTE_TEXT("/"), .fields = fields};

    memset(secret, 's', sizeof secret);
    mote_time_write_basic(by.date, 0);
    EXPECT(memcmp(by.date, "19700101T000000Z", sizeof by.date) == 0);
    for (size_t i = 0; i <= MOTE_SIGV4_FIELDS; i++) {
        fields[i] = (struct mote_http_field){MOTE_TEXT("A"), MOTE_TEXT("b")};
        memcpy(query + 4 * i, "a=b&", 4);
    }
    for (size_t more = 0; more < 2; more++) {
        const enum mote_status expected = more ? MOTE_E_SPACE : MOTE_OK;
        r.count = MOTE_SIGV4_FIELDS + more;
        r.query = (struct mote_text){0};
        EXPECT(mote_sigv4_sign(&by, &r, &got) == expected);
        r.count = 0;
        r.query = (struct mote_text){query, 4 * (MOTE_SIGV4_FIELDS + more)};
        EXPECT(mote_sigv4_sign(&by, &r, &got) == expected);
        r.query = (struct mote_text){0};
        by.secret.n = 256 + more;
        EXPECT(mote_sigv4_sign(&by, &r, &got) == expected);
        by.secret.n = 1;
    }
}

static const struct test_case cases[] = {
    {"hashes", hashes},
    {"signs as the suite", signs_as_the_suite},
    {"limits", limits},
};

TEST_MAIN(cases)
