/* test/core/test_csv.c - records of comma-separated values, whole and in every
 * two pieces. */
#include "core/base/csv.h"
#include "test/test.h"

/* What a text reads as: fields in brackets, records on lines, and how it ended:
 * "." well, "!" not. The text comes in pieces, the first `cut` bytes long. */
static void read_pieces(const char *text, size_t n, size_t cut, char separator,
                        char *out, size_t cap)
{
    char buffer[64];
    struct mote_csv csv;
    enum mote_status s = MOTE_E_AGAIN;

    mote_csv_begin(&csv, separator, buffer, sizeof buffer);
    *out = '\0';
    for (size_t at = 0, end = cut; s == MOTE_E_AGAIN || s == MOTE_OK;) {
        size_t used = 0;
        if (at == end && end < n)
            end = n;
        if (at < end)
            s = mote_csv_take(
                &csv,
                (struct mote_text){guarded(text + at, end - at), end - at},
                &used);
        else
            s = mote_csv_end(&csv);
        at += used;
        for (uint32_t i = 0; s == MOTE_OK && i < csv.count; i++) {
            const struct mote_text f = mote_csv_field(&csv, i);
            const size_t m = strlen(out);
            snprintf(out + m, cap - m, "[%.*s]", (int)f.n, f.at);
        }
        const bool over = s == MOTE_E_AGAIN && at == n && used == 0;
        const size_t m = strlen(out);
        snprintf(out + m, cap - m, "%s",
                 s == MOTE_OK        ? "\n"
                 : over              ? "."
                 : s == MOTE_E_AGAIN ? ""
                                     : "!");
        if (over)
            break;
    }
}

static const struct {
    const char *text, *read;
    char separator;
} cases_read[] = {
    {"", ".", ','},
    {"\n\r\n\n", ".", ','},
    {"a", "[a]\n.", ','},
    {"a,b\nc,d\n", "[a][b]\n[c][d]\n.", ','},
    {"a,b\r\nc,d", "[a][b]\n[c][d]\n.", ','},
    {"\xEF\xBB\xBF"
     "a;b\n",
     "[a][b]\n.", ';'},
    {",\n", "[][]\n.", ','},
    {"a,\n", "[a][]\n.", ','},
    {"\"\"\n", "[]\n.", ','},
    {"\"\"\r\n\r\n\"\"", "[]\n[]\n.", ','},
    {"\"a,b\",\"c\"\"d\"\n", "[a,b][c\"d]\n.", ','},
    {"\"a\nb\",c\n", "[a\nb][c]\n.", ','},
    {"a b, c\n", "[a b][ c]\n.", ','},
    {"\"a\"b\n", "!", ','},
    {"a\"b\n", "!", ','},
    {"\"a", "!", ','},
    {"a\rb", "!", ','},
    {"\xEF\xBD\x86,b", "[\xEF\xBD\x86][b]\n.", ','},

    {"a\tb\n", "[a][b]\n.", '\t'},
    {"a\r", "[a]\n.", ','},
};

static void reads(void)
{
    for (size_t i = 0; i < sizeof cases_read / sizeof *cases_read; i++) {
        const size_t n = strlen(cases_read[i].text);
        for (size_t cut = 0; cut <= n; cut++) {
            char out[256];
            read_pieces(cases_read[i].text, n, cut, cases_read[i].separator,
                        out, sizeof out);
            EXPECT(strcmp(out, cases_read[i].read) == 0,
                   "case %zu cut at %zu: %s", i, cut, out);
        }
    }
}

static void limits(void)
{
    char long_one[66], many[MOTE_CSV_FIELDS + 1], out[2048];

    memset(long_one, 'x', sizeof long_one);
    read_pieces(long_one, 64, 10, ',', out, sizeof out);
    EXPECT(out[0] == '[' && out[strlen(out) - 1] == '.');
    read_pieces(long_one, 65, 10, ',', out, sizeof out);
    EXPECT(strcmp(out, "!") == 0, "%s", out);
    memset(many, ',', sizeof many);
    read_pieces(many, MOTE_CSV_FIELDS - 1, 1, ',', out, sizeof out);
    EXPECT(strlen(out) == 2 * MOTE_CSV_FIELDS + 2, "%zu", strlen(out));
    read_pieces(many, MOTE_CSV_FIELDS, 1, ',', out, sizeof out);
    EXPECT(strcmp(out, "!") == 0);
}

static const struct test_case cases[] = {
    {"reads, in every two pieces", reads},
    {"limits", limits},
};
TEST_MAIN(cases)
