/* test/core/test_number.c - numbers read and written, against the C library,
 * whose strtod and printf are correctly rounded at any length. */
#include "test/test.h"
#include "core/base/number.h"
#include "core/base/pow10.h"

static double read_or_die(const char *text)
{
    double value = 0;
    const size_t n = strlen(text);
    const enum mote_status s =
        mote_f64_read((struct mote_text){guarded(text, n), n}, &value);
    EXPECT(s == MOTE_OK || s == MOTE_E_RANGE, "%s: status %d", text, s);
    return value;
}

static bool same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void check_read(const char *text)
{
    const double ours = read_or_die(text), theirs = strtod(text, NULL);
    EXPECT(same(ours, theirs), "%.60s: %a, strtod says %a", text, ours, theirs);
}

static void reads_known(void)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "1",
        "-1",
        "0.1",
        "1e0",
        "1E+2",
        "1e-2",
        "123456789012345678901234567890",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "2.2250738585072011e-308", /* once hung a popular reader */
        "2.2250738585072014e-308",
        "4.9e-324",
        "2.4703282292062327e-324", /* just under half the smallest */
        "2.4703282292062328e-324",
        "1e-400",
        "1e400",
        "-1e999999999999999999999",
        "1e-999999999999999999999",
        "0e999999999999",
        "9007199254740993", /* 2^53 + 1: a tie */
        "9007199254740993.0000000000000000000000000000000000000000000001",
        "9007199254740992.9999999999999999999999999999999999999999999999",
        "5e-1",
        "3.5e0",
        "0.5000000000000000000000000000000000000000000000000000000001",
        "1.00000000000000011102230246251565404236316680908203125", /* tie */
        "1.00000000000000011102230246251565404236316680908203124",
        "1.00000000000000011102230246251565404236316680908203126",
        "6.02214076e23",
        "0.000000000000000000000000000000000000000000000000000000000001",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        check_read(texts[i]);
}

static void reads_range(void)
{
    double value = 0;
    EXPECT(mote_f64_read(MOTE_TEXT("1e309"), &value) == MOTE_E_RANGE);
    EXPECT(value > 1.7e308);
    EXPECT(mote_f64_read(MOTE_TEXT("-1.7976931348623159e308"), &value) ==
           MOTE_E_RANGE);
    EXPECT(value < -1.7e308);
    EXPECT(mote_f64_read(MOTE_TEXT("1e-999"), &value) == MOTE_OK && value == 0);
}

static void refuses_other_grammar(void)
{
    static const char *const texts[] = {
        "",         "-",     "+1",   ".5",    "1.",           "01",  "-01",
        "1e",       "1e+",   "1.e5", "NaN",   "nan",          "inf", "-inf",
        "Infinity", "0x10",  " 1",   "1 ",    "1,",           "1_0", "1e5.5",
        "--1",      "1e--5", "e5",   "1.5.5", "\xEF\xBC\x91",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const size_t n = strlen(texts[i]);
        double value;
        EXPECT(mote_f64_read((struct mote_text){guarded(texts[i], n), n},
                             &value) == MOTE_E_FORMAT,
               "%s", texts[i]);
    }
}

/* Every truncation of a long number is a number or refused, never overread. */
static void reads_truncated(void)
{
    static const char text[] = "-123456789012345678901234.567890e-12";
    for (size_t n = 0; n < sizeof text; n++) {
        char copy[sizeof text] = {0}, *end;
        double value;
        memcpy(copy, text, n);
        const double theirs = strtod(copy, &end);
        const enum mote_status s =
            mote_f64_read((struct mote_text){guarded(text, n), n}, &value);
        if (s == MOTE_OK)
            EXPECT(*end == 0 && same(value, theirs), "%s", copy);
    }
}

/* Doubles near which rounding is hardest: half way points, printed in full. */
static void reads_halfway(void)
{
    uint64_t seed = 1;
    static char text[1200];

    for (uint64_t i = 0; i < test_count(20000, 2000000); i++) {
        const uint64_t bits = test_random(&seed) & 0x7FFFFFFFFFFFFFFF;
        double down, up;
        memcpy(&down, &bits, 8);
        const uint64_t above = bits + 1;
        memcpy(&up, &above, 8);
        if (!(up - up == 0))
            continue;
        /* the long double (64-bit mantissa) holds the mean exactly, as long
         * as its own exponent range is the wider one */
        if (sizeof(long double) < 10 || __LDBL_MANT_DIG__ < 54)
            SKIP("long double is no wider than double here");
        const long double mean = ((long double)down + up) / 2;
        int n = snprintf(text, sizeof text, "%.*Le", i % 3 ? 800 : 17, mean);
        if (i % 3 == 2) { /* a hair above: the last figure of many */
            char *e = strchr(text, 'e');
            e[-1] = '1';
        }
        EXPECT(n < (int)sizeof text);
        check_read(text);
    }
}

static void reads_random_digits(void)
{
    uint64_t seed = 2;
    char text[900];

    for (uint64_t i = 0; i < test_count(300000, 20000000); i++) {
        const uint64_t r = test_random(&seed);
        const int digits = 1 + (int)(r % (i % 100 ? 24 : 800));
        int n = 0;
        text[n++] = (char)('1' + r / 1000 % 9);
        text[n++] = '.';
        uint64_t more = test_random(&seed);
        for (int d = 0; d < digits; d++) {
            text[n++] = (char)('0' + more % 10);
            more = more / 10 ? more / 10 : test_random(&seed);
        }
        snprintf(text + n, 20, "e%d", (int)(r >> 32) % 345);
        check_read(text);
    }
}

static void writes_known(void)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.0, "0"},
        {-0.0, "-0.0"},
        {1, "1"},
        {-1, "-1"},
        {0.1, "0.1"},
        {100, "100"},
        {1e20, "100000000000000000000"},
        {123456789012345680000.0, "123456789012345680000"},
        {1e21, "1e21"},
        {0.000001, "0.000001"},
        {0.0000001, "1e-7"},
        {1.5e-7, "1.5e-7"},
        {5e-324, "5e-324"},
        {1.7976931348623157e308, "1.7976931348623157e308"},
        {-2.2250738585072014e-308, "-2.2250738585072014e-308"},
        {-0.0000012345678901234567, "-0.0000012345678901234567"},
        {9007199254740993.0, "9007199254740992"},
        {0.30000000000000004, "0.30000000000000004"},
        {2e-44, "2e-44"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[MOTE_F64_CHARS + 1] = {0};
        const size_t n = mote_f64_write(out, cases[i].value);
        EXPECT(n == strlen(cases[i].text) && !strcmp(out, cases[i].text),
               "%s, want %s", out, cases[i].text);
    }
    char out[MOTE_F64_CHARS];
    EXPECT(mote_f64_write(out, 0.0 / 0.0) == 0);
    EXPECT(mote_f64_write(out, 1.0 / 0.0) == 0);
    EXPECT(mote_f32_write(out, -1.0f / 0.0f) == 0);
}

/* Length in figures of the shortest text that reads back, found by trying. */
static int fewest_digits(double value, bool narrow)
{
    char text[40];
    for (int digits = 1; digits < 18; digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, value);
        if (narrow ? strtof(text, NULL) == (float)value
                   : strtod(text, NULL) == value)
            return digits;
    }
    return 18;
}

static int count_digits(const char *text)
{
    int count = 0, zeros = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (count == 0 && *text == '0'))
            continue;
        count++;
        zeros = *text == '0' ? zeros + 1 : 0;
    }
    return count - zeros;
}

static void check_write(double value, bool narrow)
{
    char text[MOTE_F64_CHARS + 1] = {0};
    const size_t n = narrow ? mote_f32_write(text, (float)value)
                            : mote_f64_write(text, value);

    EXPECT(n > 0 && n <= MOTE_F64_CHARS, "%a", value);
    if (narrow)
        EXPECT(strtof(text, NULL) == (float)value, "%s for %a", text, value);
    else
        EXPECT(same(strtod(text, NULL), value), "%s for %a", text, value);
    EXPECT(count_digits(text) <= fewest_digits(value, narrow), "%s for %a",
           text, value);
    /* what %.17g-style printing gives at that length is the closest; where
     * ours has as many figures it must be that one or read back nearer */
    if (!narrow)
        EXPECT(same(read_or_die(text), value), "%s", text);
}

static void writes_shortest(void)
{
    uint64_t seed = 3;

    for (uint64_t i = 0; i < test_count(100000, 10000000); i++) {
        uint64_t bits = test_random(&seed);
        if (i % 7 == 0)
            bits &= 0xFFF0000000000000; /* powers of two: uneven neighbours */
        if (i % 11 == 0)
            bits &= 0x800FFFFFFFFFFFFF; /* denormals */
        double value;
        memcpy(&value, &bits, 8);
        if (value - value == 0 && value != 0)
            check_write(value, false);
        const uint32_t half = (uint32_t)(bits >> 32);
        float narrow;
        memcpy(&narrow, &half, 4);
        if (narrow - narrow == 0 && narrow != 0)
            check_write(narrow, true);
    }
}

static void writes_closest(void)
{
    /* 2^-44 and neighbours have two shortest candidates; the nearer wins */
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {5e-324, "5e-324"},
        {9.5367431640625e-7, "9.5367431640625e-7"},
        {1.8014398509481984e16, "18014398509481984"},
        {2.0769187434139310514121985316880e34, "2.076918743413931e34"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[MOTE_F64_CHARS + 1] = {0};
        mote_f64_write(out, cases[i].value);
        EXPECT(!strcmp(out, cases[i].text), "%s, want %s", out, cases[i].text);
    }
    char out[MOTE_F64_CHARS + 1] = {0};
    mote_f32_write(out, 16777216.0f);
    EXPECT(!strcmp(out, "16777216"), "%s", out);
}

static void integers(void)
{
    static const uint64_t values[] = {0, 1, 9, 10, 18446744073709551615u};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char out[MOTE_UINT_CHARS], text[32];
        const size_t n = mote_uint_write(out, values[i]);
        uint64_t back = 7;
        EXPECT((int)n == snprintf(text, sizeof text, "%llu",
                                  (unsigned long long)values[i]));
        EXPECT(!memcmp(out, text, n));
        EXPECT(mote_uint_read((struct mote_text){out, n}, &back) == MOTE_OK &&
               back == values[i]);
    }
    uint64_t v;
    EXPECT(mote_uint_read(MOTE_TEXT(""), &v) == MOTE_E_FORMAT);
    EXPECT(mote_uint_read(MOTE_TEXT("-1"), &v) == MOTE_E_FORMAT);
    EXPECT(mote_uint_read(MOTE_TEXT("1 "), &v) == MOTE_E_FORMAT);
    EXPECT(mote_uint_read(MOTE_TEXT("18446744073709551616"), &v) ==
           MOTE_E_RANGE);
}

/* The packed table against big-integer arithmetic of another kind: 10^e from
 * 10^(e-1) in 192 bits, checked where the exact value is known. */
static void powers_are_monotone_and_exact(void)
{
    const struct mote_pow10 one = mote_pow10(0), ten = mote_pow10(1);
    EXPECT(one.high == (uint64_t)1 << 63 && one.low == 0);
    EXPECT(ten.high == 0xA000000000000000u && ten.low == 0);
    for (int e = 0; e <= 27; e++) { /* 10^27 has 63 significant bits */
        unsigned __int128 value = 1;
        for (int i = 0; i < e; i++)
            value *= 10;
        while (!(value >> 127))
            value <<= 1;
        const struct mote_pow10 p = mote_pow10(e);
        EXPECT(p.high == (uint64_t)(value >> 64) && p.low == (uint64_t)value,
               "10^%d", e);
    }
    for (int e = MOTE_POW10_MIN; e <= MOTE_POW10_MAX; e++)
        EXPECT(mote_pow10(e).high >> 63, "10^%d", e);
}

static const struct test_case cases[] = {
    {"reads known numbers as strtod", reads_known},
    {"reads out of range", reads_range},
    {"refuses other grammars", refuses_other_grammar},
    {"reads every truncation", reads_truncated},
    {"reads half way points", reads_halfway},
    {"reads random digits", reads_random_digits},
    {"writes known numbers", writes_known},
    {"writes the shortest that reads back", writes_shortest},
    {"writes the closest of the shortest", writes_closest},
    {"integers", integers},
    {"powers of ten", powers_are_monotone_and_exact},
};
TEST_MAIN(cases)
