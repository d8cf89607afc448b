/* test/net/test_url.c - URLs, dates, pauses and what heads are written with. */
#include "test/test.h"
#include "net/http.h"
#include "net/http_write.h"
#include "net/retry.h"
#include "net/stream.h"
#include "net/url.h"
#include <time.h>

static struct mote_text guarded_text(const char *text)
{
    const size_t n = strlen(text);
    return (struct mote_text){guarded(text, n), n};
}

static bool is(struct mote_text text, const char *expected)
{
    return mote_text_equal(text, mote_text_of(expected));
}

static void reads_urls(void)
{
    static const struct {
        const char *in, *host, *at, *path, *target;
        unsigned port;
        bool secure;
    } good[] = {
        {"http://a", "a", "a", "", "", 80, false},
        {"HTTPS://A.b/", "A.b", "A.b", "/", "/", 443, true},
        {"http://a:8080/b?c=d#e", "a", "a:8080", "/b", "/b?c=d", 8080, false},
        {"http://a?b", "a", "a", "", "?b", 80, false},
        {"http://a#b?c", "a", "a", "", "", 80, false},
        {"https://[::1]:4/x", "[::1]", "[::1]:4", "/x", "/x", 4, true},
        {"https://[2001:db8::1]", "[2001:db8::1]", "[2001:db8::1]", "", "", 443,
         true},
        {"http://1.2.3.4/a//b/../c%20", "1.2.3.4", "1.2.3.4", "/a//b/../c%20",
         "/a//b/../c%20", 80, false},
        {"http://a/b:c@d", "a", "a", "/b:c@d", "/b:c@d", 80, false},
    };
    static const char *const bad[] = {
        "",
        "a",
        "http",
        "http:",
        "http:/a",
        "http://",
        "http:///a",
        "ftp://a/",
        "http://a:/",
        "http://a:0/",
        "http://a:65536",
        "http://a:1x/",
        "http://:80",
        "http://a b/",
        "http://a/ ",
        "http://a/\x7F",
        "http://a/\xC3\xA9",
        "http://u@a/",
        "http://u:p@a/",
        "http://[::1",
        "http://[]/",
        "http://[a/]",
        "http://[::1]x/",
        "http://a\r\nb/",
        "http://a/\r\nX: y",
    };
    struct mote_url url;
    struct mote_where where;
    char host[300];

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        EXPECT(mote_url_parse(&url, guarded_text(good[i].in), &where) ==
                   MOTE_OK,
               "%s", good[i].in);
        EXPECT(is(url.host, good[i].host) && is(url.at, good[i].at) &&
                   is(url.path, good[i].path) &&
                   is(url.target, good[i].target) && url.port == good[i].port &&
                   url.secure == good[i].secure,
               "%s", good[i].in);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        where.expected = NULL;
        EXPECT(mote_url_parse(&url, guarded_text(bad[i]), &where) ==
                       MOTE_E_FORMAT &&
                   where.expected,
               "%s", bad[i]);
    }
    for (size_t n = MOTE_URL_HOST - 1; n <= MOTE_URL_HOST + 1; n++) {
        memset(host, 'a', sizeof host);
        memcpy(host, "http://", 7);
        EXPECT((mote_url_parse(&url, (struct mote_text){host, 7 + n}, &where) ==
                MOTE_OK) == (n <= MOTE_URL_HOST));
    }
}

static void follows(void)
{
    struct mote_url from, to;
    struct mote_where where;

    mote_url_parse(&from, MOTE_TEXT("http://a:81/x?y"), &where);
    EXPECT(mote_url_follow(&to, &from, MOTE_TEXT("/z?1#2"), &where) == MOTE_OK);
    EXPECT(is(to.host, "a") && to.port == 81 && is(to.target, "/z?1"));
    EXPECT(mote_url_same_server(&from, &to));
    EXPECT(mote_url_follow(&to, &from, MOTE_TEXT("https://A/z"), &where) ==
           MOTE_OK);
    EXPECT(to.secure && !mote_url_same_server(&from, &to));
    EXPECT(mote_url_follow(&to, &from, MOTE_TEXT("http://A:81"), &where) ==
               MOTE_OK &&
           mote_url_same_server(&from, &to));
    EXPECT(mote_url_follow(&to, &from, MOTE_TEXT("//b/"), &where) ==
           MOTE_E_FORMAT);
    EXPECT(mote_url_follow(&to, &from, MOTE_TEXT("z"), &where) ==
           MOTE_E_FORMAT);
    EXPECT(mote_url_follow(&to, &from, MOTE_TEXT("/a b"), &where) ==
           MOTE_E_FORMAT);
}

static void reads_dates(void)
{
    static const char good[] = "Sun, 06 Nov 1994 08:49:37 GMT";
    static const char *const bad[] = {
        "",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 32 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GM",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 29 Feb 1995 08:49:37 GMT",
    };
    int64_t at;

    EXPECT(mote_http_date(guarded_text(good), &at) == MOTE_OK &&
           at == 784111777);
    EXPECT(mote_http_date(guarded_text("Thu, 01 Jan 1970 00:00:00 GMT"), &at) ==
               MOTE_OK &&
           at == 0);
    EXPECT(mote_http_date(guarded_text("Thu, 29 Feb 2024 23:59:59 GMT"), &at) ==
               MOTE_OK &&
           at == 1709251199);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        EXPECT(mote_http_date(guarded_text(bad[i]), &at) == MOTE_E_FORMAT, "%s",
               bad[i]);
}

static void writes_heads(void)
{
    char text[64];
    static const char expected[] = "a b%2F%c3%A9x: 18446744073709551615\r\n";

    for (size_t cap = 0; cap <= sizeof text; cap++) {
        struct mote_http_out out = {.at = guarded(text, cap), .cap = cap};
        mote_http_put(&out, MOTE_TEXT("a b"));
        mote_http_put_escaped(&out, MOTE_TEXT("/"), 0);
        mote_http_put(&out, MOTE_TEXT("%c3"));
        mote_http_put_escaped(&out, MOTE_TEXT("\xA9x"), 0);
        mote_http_put(&out, MOTE_TEXT(": "));
        mote_http_put_uint(&out, UINT64_MAX);
        mote_http_put(&out, MOTE_TEXT("\r\n"));
        EXPECT(out.full == (cap < sizeof expected - 1), "%zu", cap);
        if (!out.full)
            EXPECT(is(mote_http_written(&out), expected));
    }
    struct mote_http_out out = {.at = text, .cap = sizeof text};
    mote_http_put_escaped(&out, MOTE_TEXT("a/b-._~ \x7F"), '/');
    EXPECT(is(mote_http_written(&out), "a/b-._~%20%7F"));
}

static void pauses(void)
{
    static const uint64_t bounds[] = {100, 200, 400, 800, 1600, 3200, 5000};
    struct mote_retry retry = {.deadline_ms = mote_now_ms() + 60000};

    for (unsigned tries = 1; tries <= 7; tries++)
        EXPECT(mote_retry_bound_ms(tries) == bounds[tries - 1]);
    EXPECT(mote_retry_bound_ms(1000000) == MOTE_RETRY_BOUND_MS);
    const uint64_t start = mote_now_ms();
    EXPECT(mote_retry_again(&retry, 30) && retry.tries == 1);
    EXPECT(mote_now_ms() - start >= 29);
    EXPECT(!mote_retry_again(&retry, 60000)); /* no time for it */
    retry.tries = MOTE_RETRY_TRIES - 1;
    EXPECT(!mote_retry_again(&retry, 0));
    retry = (struct mote_retry){.deadline_ms = 1};
    EXPECT(!mote_retry_again(&retry, 0));
}

static void knows_deadlines(void)
{
    struct timespec wall;

    clock_gettime(CLOCK_REALTIME, &wall);
    const uint64_t unix_ms = (uint64_t)wall.tv_sec * 1000;
    EXPECT(mote_deadline_of(unix_ms - 5000, 0) == 1);
    EXPECT(mote_deadline_of(unix_ms + 5000, 8000) == 1);
    const uint64_t at = mote_deadline_of(unix_ms + 60000, 1000);
    EXPECT(at > mote_now_ms() + 50000 && at < mote_now_ms() + 60001);
}

static const struct test_case cases[] = {
    {"reads URLs", reads_urls},   {"follows", follows},
    {"reads dates", reads_dates}, {"writes heads", writes_heads},
    {"pauses", pauses},           {"knows deadlines", knows_deadlines},
};

TEST_MAIN(cases)
