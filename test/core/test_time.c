/* test/core/test_time.c - points in time read and written, against the C
 * library's calendar. */
#include <time.h>

#include "core/base/time.h"
#include "test/test.h"

#define YEAR_1 INT64_C(-62135596800)
#define YEAR_10000 INT64_C(253402300800)

static enum mote_status read_text(const char *text, int64_t *seconds)
{
    const size_t n = strlen(text);
    return mote_time_read((struct mote_text){guarded(text, n), n}, seconds);
}

static void expect_round_trip(int64_t seconds)
{
    char ours[MOTE_TIME_CHARS + 1] = "", theirs[32];
    const time_t t = (time_t)seconds;
    struct tm tm;
    int64_t back = 0;

    mote_time_write(ours, seconds);
    gmtime_r(&t, &tm);
    snprintf(theirs, sizeof theirs, "%04d-%02d-%02dT%02d:%02d:%02dZ",
             tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
             tm.tm_min, tm.tm_sec);
    EXPECT(strcmp(ours, theirs) == 0, "%lld: %s, the C library says %s",
           (long long)seconds, ours, theirs);
    EXPECT(read_text(ours, &back) == MOTE_OK && back == seconds, "%s", ours);
}

static void the_basic_form(void)
{
    for (int64_t t = YEAR_1; t < YEAR_10000; t += 86400 * 97 + 7919) {
        char ours[MOTE_TIME_BASIC_CHARS + 1] = "", theirs[32];
        struct tm tm;

        mote_time_write_basic(ours, t);
        gmtime_r(&(time_t){(time_t)t}, &tm);
        snprintf(theirs, sizeof theirs, "%04d%02d%02dT%02d%02d%02dZ",
                 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                 tm.tm_min, tm.tm_sec);
        EXPECT(strcmp(ours, theirs) == 0, "%s, not %s", ours, theirs);
    }
}

static void every_day_of_the_calendar(void)
{
    for (int64_t t = YEAR_1; t < YEAR_10000; t += 86400)
        expect_round_trip(t + (t / 86400 * 7919 % 86400 + 86400) % 86400);
    expect_round_trip(YEAR_1);
    expect_round_trip(YEAR_10000 - 1);
    EXPECT(!mote_time_is_writable(YEAR_1 - 1));
    EXPECT(mote_time_is_writable(YEAR_1));
    EXPECT(mote_time_is_writable(YEAR_10000 - 1));
    EXPECT(!mote_time_is_writable(YEAR_10000));
}

static void forms(void)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } cases[] = {
        {"1970-01-01", 0},
        {"1970-01-01T00:00Z", 0},
        {"1970-01-01 00:00", 0},
        {"1970-01-01T00:00:01", 1},
        {"1970-01-01T00:00:01.999999999Z", 1},
        {"1970-01-01T01:00:00+01:00", 0},
        {"1970-01-01T01:00:00+0100", 0},
        {"1969-12-31T19:00:00-05:00", 0},
        {"1970-01-01T05:45+05:45", 0},
        {"2016-02-29T12:00:00Z", 1456747200},
        {"2000-02-29", 951782400},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t seconds = -1;
        EXPECT(read_text(cases[i].text, &seconds) == MOTE_OK &&
                   seconds == cases[i].seconds,
               "%s: %lld", cases[i].text, (long long)seconds);
    }
}

static void refusals(void)
{
    static const char *const texts[] = {
        "",
        "2019",
        "2019-06",
        "2019-6-1",
        "2019-13-01",
        "2019-00-01",
        "2019-02-29",
        "1900-02-29",
        "2019-04-31",
        "2019-01-00",
        "0000-01-01",
        "2019-06-01T",
        "2019-06-01T24:00",
        "2019-06-01T12",
        "2019-06-01T12:60",
        "2019-06-01T12:00:60",
        "2019-06-01T12:00:00.",
        "2019-06-01T12:00:00z",
        "2019-06-01T12:00:00+1",
        "2019-06-01T12:00:00+01:60",
        "2019-06-01T12:00:00Z ",
        "2019-06-01Z",
        " 2019-06-01",
        "2019/06/01",
        "+019-06-01",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t seconds;
        EXPECT(read_text(texts[i], &seconds) == MOTE_E_FORMAT, "%s", texts[i]);
    }
}

/* Whatever a time is cut to is another time or none, and nothing is read
 * beyond its end. */
static void every_truncation(void)
{
    const char *text = "2019-06-01T12:34:56.789+01:30";

    for (size_t n = 0; n <= strlen(text); n++) {
        int64_t seconds;
        const enum mote_status s =
            mote_time_read((struct mote_text){guarded(text, n), n}, &seconds);
        EXPECT(s == MOTE_OK || s == MOTE_E_FORMAT, "%zu", n);
    }
}

static const struct test_case cases[] = {
    {"the basic form", the_basic_form},
    {"every day of the calendar", every_day_of_the_calendar},
    {"forms", forms},
    {"refusals", refusals},
    {"every truncation", every_truncation},
};
TEST_MAIN(cases)
