/* test/net/test_http.c - heads and bodies, byte by byte. */
#include "test/test.h"
#include "net/address.h"
#include "net/http.h"

static struct mote_text guarded_text(const char *bytes, size_t n)
{
    return (struct mote_text){guarded(bytes, n), n};
}

static void parses_responses(void)
{
    static const struct {
        const char *name, *in;
        enum mote_status status;
        int code;
    } cases[] = {
        {"next event", "HTTP/1.1 200 OK\r\nDeadline: 1\r\n\r\n", MOTE_OK, 200},
        {"no reason", "HTTP/1.1 202\r\n\r\n", MOTE_OK, 202},
        {"empty reason", "HTTP/1.1 202 \r\n\r\n", MOTE_OK, 202},
        {"1.0", "HTTP/1.0 404 Not Found\r\nA:\r\n\r\n", MOTE_OK, 404},
        {"high reason", "HTTP/1.1 500 \xC3\xA9\r\n\r\n", MOTE_OK, 500},
        {"bare LF", "HTTP/1.1 200 OK\n\n", MOTE_E_FORMAT, 0},
        {"two-digit code", "HTTP/1.1 20 OK\r\n\r\n", MOTE_E_FORMAT, 0},
        {"four-digit code", "HTTP/1.1 2000 OK\r\n\r\n", MOTE_E_FORMAT, 0},
        {"code 000", "HTTP/1.1 000 OK\r\n\r\n", MOTE_E_FORMAT, 0},
        {"HTTP/2", "HTTP/2.0 200 OK\r\n\r\n", MOTE_E_FORMAT, 0},
        {"1.2", "HTTP/1.2 200 OK\r\n\r\n", MOTE_E_FORMAT, 0},
        {"lower case", "http/1.1 200 OK\r\n\r\n", MOTE_E_FORMAT, 0},
        {"no colon", "HTTP/1.1 200 OK\r\nA\r\n\r\n", MOTE_E_FORMAT, 0},
        {"no name", "HTTP/1.1 200 OK\r\n: b\r\n\r\n", MOTE_E_FORMAT, 0},
        {"blank before colon", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
         MOTE_E_FORMAT, 0},
        {"folded", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", MOTE_E_FORMAT, 0},
        {"NUL in value", NULL, MOTE_E_FORMAT, 0},
        {"CR in value", "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", MOTE_E_FORMAT, 0},
        {"garbage", "\x16\x03\x01", MOTE_E_FORMAT, 0},
    };
    static const char with_nul[] = "HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n";
    struct mote_http_head head;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *in = cases[i].in ? cases[i].in : with_nul;
        const size_t n = cases[i].in ? strlen(in) : sizeof with_nul - 1;
        enum mote_status s =
            mote_http_parse_response(&head, guarded_text(in, n));
        EXPECT(s == cases[i].status, "%s: %d", cases[i].name, s);
        if (s != MOTE_OK)
            continue;
        EXPECT(head.status == cases[i].code && head.bytes == n, "%s",
               cases[i].name);
        /* and every cut of a good head asks for more, none is half accepted */
        for (size_t cut = 0; cut < n; cut++)
            EXPECT(mote_http_parse_response(&head, guarded_text(in, cut)) ==
                       MOTE_E_AGAIN,
                   "%s at %zu", cases[i].name, cut);
    }
}

static void parses_requests(void)
{
    static const struct {
        const char *in;
        enum mote_status status;
    } cases[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", MOTE_OK},
        {"POST /a?b=%20 HTTP/1.0\r\n\r\n", MOTE_OK},
        {"GET  / HTTP/1.1\r\n\r\n", MOTE_E_FORMAT},
        {" / HTTP/1.1\r\n\r\n", MOTE_E_FORMAT},
        {"GET /\r\n\r\n", MOTE_E_FORMAT},
        {"GE(T / HTTP/1.1\r\n\r\n", MOTE_E_FORMAT},
    };
    struct mote_http_head head;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t n = strlen(cases[i].in);
        EXPECT(mote_http_parse_request(&head, guarded_text(cases[i].in, n)) ==
                   cases[i].status,
               "%s", cases[i].in);
        for (size_t cut = 0; cases[i].status == MOTE_OK && cut < n; cut++)
            EXPECT(mote_http_parse_request(
                       &head, guarded_text(cases[i].in, cut)) == MOTE_E_AGAIN);
    }
    mote_http_parse_request(&head, MOTE_TEXT("PUT /x HTTP/1.1\r\n\r\n"));
    EXPECT(mote_text_equal(head.method, MOTE_TEXT("PUT")));
    EXPECT(mote_text_equal(head.target, MOTE_TEXT("/x")));
}

static void finds_fields(void)
{
    struct mote_http_head head;

    EXPECT(mote_http_parse_response(
               &head,
               MOTE_TEXT("HTTP/1.1 200 OK\r\nlambda-runtime-ID: \t a b \t\r\n"
                         "EMPTY:\r\nlambda-Runtime-Id: second\r\n\r\n")) ==
           MOTE_OK);
    EXPECT(
        mote_text_equal(mote_http_field(&head, MOTE_TEXT("Lambda-Runtime-Id")),
                        MOTE_TEXT("a b")));
    EXPECT(mote_http_field(&head, MOTE_TEXT("Empty")).n == 0);
    EXPECT(mote_http_field(&head, MOTE_TEXT("Absent")).n == 0);
}

/* A field that breaks off, or its format, is none: its value was once what the
 * memory held before. */
static void leaves_out_half_fields(void)
{
    static const struct {
        const char *in;
        enum mote_status status;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\na: b\r\nhalf", MOTE_E_AGAIN},
        {"HTTP/1.1 200 OK\r\na: b\r\nhalf: c", MOTE_E_AGAIN},
        {"HTTP/1.1 200 OK\r\na: b\r\nhalf@: c\r\n\r\n", MOTE_E_FORMAT},
        {"HTTP/1.1 200 OK\r\na: b\r\nhalf: \1\r\n\r\n", MOTE_E_FORMAT},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mote_http_head head;
        memset(&head, 0xFF, sizeof head);
        EXPECT(mote_http_parse_response(&head, mote_text_of(cases[i].in)) ==
                   cases[i].status,
               "%zu", i);
        EXPECT(head.count == 1, "%zu", i);
        EXPECT(mote_http_field(&head, MOTE_TEXT("half")).n == 0, "%zu", i);
    }
}

static void limits_fields(void)
{
    char text[4096];
    struct mote_http_head head;

    for (int count = MOTE_HTTP_FIELDS; count <= MOTE_HTTP_FIELDS + 1; count++) {
        size_t n = (size_t)snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\n");
        for (int i = 0; i < count; i++)
            n += (size_t)snprintf(text + n, sizeof text - n, "A%d: b\r\n", i);
        n += (size_t)snprintf(text + n, sizeof text - n, "\r\n");
        EXPECT(mote_http_parse_response(&head, guarded_text(text, n)) ==
               (count > MOTE_HTTP_FIELDS ? MOTE_E_FORMAT : MOTE_OK));
    }
}

static void knows_connections(void)
{
    static const struct {
        const char *in;
        bool keeps;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\n\r\n", true},
        {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", false},
        {"HTTP/1.1 200 OK\r\nconnection: Foo, CLOSE\r\n\r\n", false},
        {"HTTP/1.1 200 OK\r\nConnection: closed\r\n\r\n", true},
        {"HTTP/1.0 200 OK\r\n\r\n", false},
        {"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n", true},
    };
    struct mote_http_head head;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mote_http_parse_response(&head, mote_text_of(cases[i].in));
        EXPECT(mote_http_keeps_alive(&head) == cases[i].keeps, "%s",
               cases[i].in);
    }
}

/* Head and body in one text, the body taken in pieces of `step` bytes. */
static enum mote_status read_body(const char *in, size_t n, size_t step,
                                  char *out, size_t *length, bool *done)
{
    struct mote_http_head head;
    struct mote_http_body body;
    size_t at;

    *length = 0;
    *done = false;
    EXPECT(mote_http_parse_response(&head, (struct mote_text){in, n}) ==
           MOTE_OK);
    enum mote_status s = mote_http_body_begin(&body, &head);
    for (at = head.bytes; s == MOTE_OK && at < n && !body.done;) {
        const size_t piece = n - at < step ? n - at : step;
        const struct mote_text raw = guarded_text(in + at, piece);
        size_t used;
        struct mote_text payload;
        s = mote_http_body_take(&body, raw, &used, &payload);
        if (s != MOTE_OK)
            break;
        EXPECT(used > 0 && used <= piece && payload.n <= used);
        memcpy(out + *length, payload.at, payload.n);
        *length += payload.n;
        at += used;
    }
    *done = mote_http_body_may_end(&body);
    return s;
}

#define HEAD "HTTP/1.1 200 OK\r\n"
#define CHUNKED HEAD "Transfer-Encoding: chunked\r\n\r\n"

static void reads_bodies(void)
{
    static const struct {
        const char *in, *body;
    } cases[] = {
        {HEAD "Content-Length: 5\r\n\r\nhello", "hello"},
        {HEAD "Content-Length: 0\r\n\r\n", ""},
        {HEAD "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "hello"},
        {HEAD "\r\nuntil the end", "until the end"},
        {CHUNKED "5\r\nhello\r\n0\r\n\r\n", "hello"},
        {CHUNKED "1\r\nh\r\n4\r\nello\r\n0\r\n\r\n", "hello"},
        {CHUNKED "00a\r\n0123456789\r\nA;x=\"1\"\r\n0123456789\r\n0\r\n"
                 "Trailer: 1\r\nOther: 2\r\n\r\n",
         "01234567890123456789"},
        {CHUNKED "5 \r\nhello\r\n000;last\r\n\r\n", "hello"},
        {CHUNKED "0\r\n\r\n", ""},
        {"HTTP/1.1 204 No Content\r\n\r\n", ""},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", ""},
    };
    char out[64];
    size_t length;
    bool done;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t n = strlen(cases[i].in);
        for (size_t step = 1; step <= n; step++) {
            EXPECT(read_body(cases[i].in, n, step, out, &length, &done) ==
                   MOTE_OK);
            EXPECT(done && length == strlen(cases[i].body) &&
                       !memcmp(out, cases[i].body, length),
                   "%s by %zu", cases[i].in, step);
        }
        /* a cut body is right so far, and never complete */
        struct mote_http_head head;
        mote_http_parse_response(&head, mote_text_of(cases[i].in));
        const bool ends =
            mote_http_field(&head, MOTE_TEXT("Content-Length")).n ||
            mote_http_field(&head, MOTE_TEXT("Transfer-Encoding")).n;
        for (size_t cut = head.bytes; ends && cut < n; cut++) {
            EXPECT(read_body(cases[i].in, cut, 7, out, &length, &done) ==
                   MOTE_OK);
            EXPECT(!done, "%s cut at %zu", cases[i].in, cut);
        }
    }
}

static void refuses_bodies(void)
{
    static const char *const cases[] = {
        HEAD "Content-Length: -1\r\n\r\n",
        HEAD "Content-Length: +1\r\n\r\n",
        HEAD "Content-Length: 1x\r\n\r\n",
        HEAD "Content-Length:\r\n\r\n",
        HEAD "Content-Length: 18446744073709551616\r\n\r\n",
        HEAD "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        HEAD "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n",
        HEAD "Transfer-Encoding: identity\r\n\r\n",
        HEAD "Transfer-Encoding:\r\n\r\n",
        HEAD "Content-Length: 1\r\nTransfer-Encoding:\r\n\r\n",
        HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n",
        CHUNKED "zz\r\n",
        CHUNKED "\r\n",
        CHUNKED "-5\r\nhello",
        CHUNKED "5\nhello",
        CHUNKED "5\rhello",
        CHUNKED "10000000000000000\r\n",
        CHUNKED "FFFFFFFFFFFFFFFFF\r\n",
        CHUNKED "5\r\nhelloX",
        CHUNKED "5\r\nhello\rX",
        CHUNKED "5\r\nhello\r\nX",
        CHUNKED "5;a\x01\r\nhello\r\n",
        CHUNKED "0\r\nA: b\nC",
        CHUNKED "0\r\n\rX",
    };
    char out[64];
    size_t length;
    bool done;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t step = 1; step < 40; step += 13)
            EXPECT(read_body(cases[i], strlen(cases[i]), step, out, &length,
                             &done) == MOTE_E_FORMAT,
                   "%s", cases[i]);
}

/* What nobody reads must not go on for ever. */
static void bounds_overhead(void)
{
    static const char *const endless[] = {
        CHUNKED "1;aaaaaaaa", CHUNKED "0\r\naaaaaaaa", CHUNKED "00000000"};
    for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
        struct mote_http_head head;
        struct mote_http_body body;
        struct mote_text payload;
        size_t used, given = 0;
        const struct mote_text in = mote_text_of(endless[i]);

        mote_http_parse_response(&head, in);
        EXPECT(mote_http_body_begin(&body, &head) == MOTE_OK);
        EXPECT(mote_http_body_take(
                   &body,
                   (struct mote_text){in.at + head.bytes, in.n - head.bytes},
                   &used, &payload) == MOTE_OK);
        while (given < 1 << 20 &&
               mote_http_body_take(&body,
                                   (struct mote_text){in.at + in.n - 1, 1},
                                   &used, &payload) == MOTE_OK)
            given++;
        EXPECT(given > 1000 && given < 1 << 16, "%zu", given);
    }
}

static void parses_addresses(void)
{
    static const struct {
        const char *in, *host, *prefix;
        uint8_t ip[4];
        uint16_t port;
    } good[] = {
        {"127.0.0.1:9001", "127.0.0.1:9001", "", {127, 0, 0, 1}, 9001},
        {"169.254.100.1:9001",
         "169.254.100.1:9001",
         "",
         {169, 254, 100, 1},
         9001},
        {"localhost:1", "localhost:1", "", {127, 0, 0, 1}, 1},
        {"http://127.0.0.1:65535/.rt/f",
         "127.0.0.1:65535",
         "/.rt/f",
         {127, 0, 0, 1},
         65535},
        {"http://127.0.0.1:80/", "127.0.0.1:80", "", {127, 0, 0, 1}, 80},
    };
    static const char *const bad[] = {
        "",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1:x",
        "127.0.0:1",
        "127.0.0.256:1",
        "127.0.0.1.1:1",
        "1.2.3.:1",
        "a.b.c.d:1",
        "example.com:80",
        "[::1]:80",
        ":80",
        "https://127.0.0.1:1",
        "127.0.0.1:1/a b",
        "127.0.0.0001:1",
        "http://",
        "http:///x",
    };
    struct mote_address a;
    struct mote_where where = {0};
    char longer[MOTE_ADDRESS_MAX + 32];

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const size_t n = strlen(good[i].in);
        EXPECT(mote_address_parse(&a, guarded_text(good[i].in, n), &where) ==
                   MOTE_OK,
               "%s", good[i].in);
        EXPECT(!memcmp(a.ip, good[i].ip, 4) && a.port == good[i].port);
        EXPECT(mote_text_equal(a.host, mote_text_of(good[i].host)));
        EXPECT(mote_text_equal(a.prefix, mote_text_of(good[i].prefix)), "%s",
               good[i].in);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        EXPECT(mote_address_parse(&a, guarded_text(bad[i], strlen(bad[i])),
                                  &where) == MOTE_E_FORMAT &&
                   where.expected,
               "%s", bad[i]);
    memset(longer, 'a', sizeof longer);
    memcpy(longer, "127.0.0.1:1/", 12);
    EXPECT(mote_address_parse(&a, (struct mote_text){longer, MOTE_ADDRESS_MAX},
                              &where) == MOTE_OK);
    EXPECT(mote_address_parse(&a,
                              (struct mote_text){longer, MOTE_ADDRESS_MAX + 1},
                              &where) == MOTE_E_FORMAT);
}

static const struct test_case cases[] = {
    {"parses responses", parses_responses},
    {"parses requests", parses_requests},
    {"finds fields", finds_fields},
    {"leaves out half fields", leaves_out_half_fields},
    {"limits fields", limits_fields},
    {"knows connections", knows_connections},
    {"reads bodies in any pieces", reads_bodies},
    {"refuses bodies", refuses_bodies},
    {"bounds what nobody reads", bounds_overhead},
    {"parses addresses", parses_addresses},
};
TEST_MAIN(cases)
