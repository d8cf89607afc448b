/*
 * test/core/test_tokenizer.c - sections of text: taken or refused as they
 * should be, and giving the ids that the package `tokenizers` gives.
 *
 * in   test/golden/text/, written by test/golden/text.py
 */
#include "core/model/tokenizer.h"
#include "test/test.h"

#define FOLDER "test/golden/text/"
#define SECTION_MAX 65536
#define TEXT_MAX 65536
#define IDS_MAX 8192

struct section {
    size_t n;
    uint64_t bytes[SECTION_MAX / 8];
};

static char *read_all(const char *path, size_t *n)
{
    static char text[1 << 18];
    char name[256];
    snprintf(name, sizeof name, FOLDER "%s", path);
    FILE *file = fopen(name, "rb");

    EXPECT(file, "%s", name);
    *n = file ? fread(text, 1, sizeof text - 1, file) : 0;
    EXPECT(*n < sizeof text - 1, "%s is too long", name);
    text[*n] = '\0';
    if (file)
        fclose(file);
    return text;
}

static void read_section(struct section *s, const char *path)
{
    const char *bytes = read_all(path, &s->n);
    memcpy(s->bytes, bytes, s->n);
}

/* Its first n bytes, aligned; the next page cannot be read. */
static const uint8_t *placed(const struct section *s, size_t n)
{
    return (const uint8_t *)guarded(s->bytes, (n + 7) & ~(size_t)7);
}

static enum mote_status open_first(struct mote_tokenizer *t,
                                   const struct section *s, size_t n,
                                   struct mote_where *where)
{
    enum mote_status status;

    *where = (struct mote_where){.row = MOTE_NO_ROW};
    status = mote_tokenizer_open(t, placed(s, n), n, where);
    return status == MOTE_OK ? mote_tokenizer_prove(t, where) : status;
}

static const char *name_of(enum mote_status status)
{
    return status == MOTE_OK          ? "OK"
           : status == MOTE_E_FORMAT  ? "FORMAT"
           : status == MOTE_E_UNKNOWN ? "UNKNOWN"
                                      : "?";
}

static void takes_and_refuses(void)
{
    static struct section s;
    static char cases[8192];
    struct mote_tokenizer t;
    struct mote_where where;
    size_t n, count = 0;

    memcpy(cases, read_all("cases.tsv", &n), sizeof cases);
    for (char *line = strtok(cases, "\n"); line; line = strtok(NULL, "\n")) {
        char *expected = strchr(line, '\t');
        *expected++ = '\0';
        read_section(&s, line);
        const enum mote_status status = open_first(&t, &s, s.n, &where);
        EXPECT(!strcmp(name_of(status), expected), "%s: %s", line,
               mote_status_text(status));
        EXPECT(status == MOTE_OK || (where.expected && where.field.n == 4),
               "%s says nothing", line);
        count++;
    }
    EXPECT(count > 50, "%zu cases", count);
}

static void refuses_every_cut(void)
{
    static struct section s;
    struct mote_tokenizer t;
    struct mote_where where;

    read_section(&s, "good/uncased.text");
    EXPECT(open_first(&t, &s, s.n, &where) == MOTE_OK);
    for (size_t n = 0; n < s.n; n++) {
        EXPECT(open_first(&t, &s, n, &where) == MOTE_E_FORMAT, "%zu", n);
        /* and a head that knows how long it is */
        if (n >= 48) {
            const uint64_t before = s.bytes[0];
            s.bytes[0] = (uint32_t)before | (uint64_t)n << 32;
            EXPECT(open_first(&t, &s, n, &where) == MOTE_E_FORMAT, "%zu", n);
            s.bytes[0] = before;
        }
    }
}

/* Any one byte changed: refused, or read without a step outside. */
static void survives_every_byte(void)
{
    static struct section s;
    static int32_t ids[64];
    const char text[] =
        "The cat's playing tokenization, \xe4\xbd\xa0 caf\xc3\xa9";
    uint64_t random = 1;
    size_t taken = 0;
    bool cut;

    read_section(&s, "good/cased.text");
    for (size_t i = 0; i < s.n; i++) {
        struct mote_tokenizer t;
        struct mote_where where;
        uint8_t *byte = (uint8_t *)s.bytes + i;
        const uint8_t before = *byte;
        *byte ^= 1u << test_random(&random) % 8;
        if (open_first(&t, &s, s.n, &where) == MOTE_OK) {
            taken++;
            const uint32_t n =
                mote_tokenizer_encode(&t, mote_text_of(text), ids, 64, &cut);
            for (uint32_t k = 0; k < n; k++)
                EXPECT(ids[k] >= 0, "byte %zu", i);
        }
        *byte = before;
    }
    EXPECT(taken < s.n / 4, "%zu of %zu", taken, s.n);
}

struct line {
    const char *name, *text, *ids;
    uint32_t cap;
    bool cut;
};

static bool next_line(char **at, struct line *l)
{
    char *fields[5];

    for (int i = 0; i < 5; i++) {
        fields[i] = *at;
        *at += strcspn(*at, i < 4 ? "\t" : "\n");
        if (!**at)
            return false;
        *(*at)++ = '\0';
    }
    *l = (struct line){fields[0], fields[3], fields[4],
                       (uint32_t)atoi(fields[1]), !strcmp(fields[2], "cut")};
    return true;
}

static struct mote_text of_hex(const char *hex)
{
    static char bytes[TEXT_MAX];
    size_t n = 0;
    unsigned byte;

    for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
        bytes[n++] = (char)byte;
    return (struct mote_text){guarded(bytes, n), n};
}

static void expect_ids(const struct line *l, const int32_t *ids, uint32_t n)
{
    char *at = (char *)l->ids;

    for (uint32_t i = 0; i < n; i++)
        EXPECT(strtol(at, &at, 10) == ids[i], "%s: id %u of %s is %d", l->name,
               i, l->text, ids[i]);
    EXPECT(!*at, "%s: more than %u ids of %s", l->name, n, l->text);
}

static void gives_the_ids(void)
{
    static struct section s;
    static char lines[1 << 18];
    static int32_t ids[IDS_MAX];
    char *at = lines, name[64] = "", path[128];
    struct mote_tokenizer t;
    struct mote_where where;
    struct line l;
    size_t n, count = 0;
    bool cut;

    memcpy(lines, read_all("ids.tsv", &n), sizeof lines);
    for (; next_line(&at, &l); count++) {
        if (strcmp(name, l.name)) {
            snprintf(name, sizeof name, "%s", l.name);
            snprintf(path, sizeof path, "good/%s.text", name);
            read_section(&s, path);
        }
        /* again, because guarded bytes do not last */
        EXPECT(open_first(&t, &s, s.n, &where) == MOTE_OK, "%s", name);
        int32_t *to = (int32_t *)guarded(ids, l.cap * sizeof *ids);
        const uint32_t found =
            mote_tokenizer_encode(&t, of_hex(l.text), to, l.cap, &cut);
        EXPECT(found <= l.cap && cut == l.cut, "%s: %s", l.name, l.text);
        expect_ids(&l, to, found);
    }
    EXPECT(count > 200, "%zu lines", count);
}

/* What is left of two texts of so many ids, a letter each. */
static void shares_the_room_of_pairs(void)
{
    static const struct {
        uint32_t a, b, cap, left_a, left_b;
    } cases[] = {
        {0, 0, 3, 0, 0},  {3, 2, 8, 3, 2},  {3, 2, 7, 2, 2},  {3, 2, 3, 0, 0},
        {9, 2, 8, 3, 2},  {2, 9, 8, 2, 3},  {9, 8, 8, 3, 2},  {8, 9, 8, 2, 3},
        {9, 9, 8, 2, 3},  {9, 9, 9, 3, 3},  {1, 90, 4, 0, 1}, {90, 1, 4, 1, 0},
        {0, 90, 9, 0, 6}, {90, 0, 9, 6, 0}, {5, 5, 12, 4, 5},
    };
    static struct section s;
    char many[256];
    struct mote_tokenizer t;
    struct mote_where where;

    for (size_t i = 0; i < sizeof many; i++)
        many[i] = i % 2 ? ' ' : '.';
    read_section(&s, "good/uncased.text");
    EXPECT(open_first(&t, &s, s.n, &where) == MOTE_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int32_t ids[16], types[16];
        bool cut;
        const uint32_t n = mote_tokenizer_encode_pair(
            &t, (struct mote_text){many, 2 * cases[i].a},
            (struct mote_text){many, 2 * cases[i].b}, ids, types, cases[i].cap,
            &cut);
        uint32_t first = 0;
        while (first < n && types[first] == 0)
            first++;
        EXPECT(n == cases[i].left_a + cases[i].left_b + 3 &&
                   first == cases[i].left_a + 2,
               "case %zu: %u and %u", i, first, n - first);
        EXPECT(cut == (cases[i].a + cases[i].b + 3 > cases[i].cap), "case %zu",
               i);
        EXPECT(ids[0] == 2 && ids[first - 1] == 3 && ids[n - 1] == 3,
               "case %zu", i);
    }
}

/* Marks that sort before all others, one after another: what would take a
 * sort without a bound quadratic time. */
static void takes_linear_time_for_marks(void)
{
    static struct section s;
    static char text[1 << 21];
    const char *marks[] = {"\xf0\x9d\x85\xad", "\xf0\x9d\x85\xa5"};
    int32_t ids[4];
    struct mote_tokenizer t;
    struct mote_where where;
    size_t n = 0;
    bool cut;

    for (size_t i = 0; n < sizeof text; i++, n += 4)
        memcpy(text + n, marks[i > sizeof text / 8], 4);
    read_section(&s, "good/uncased.text");
    EXPECT(open_first(&t, &s, s.n, &where) == MOTE_OK);
    EXPECT(mote_tokenizer_encode(&t, (struct mote_text){text, n}, ids, 4,
                                 &cut) == 3);
    EXPECT(ids[1] == 1 && !cut);
}

static const struct test_case cases[] = {
    {"takes and refuses", takes_and_refuses},
    {"refuses every cut", refuses_every_cut},
    {"survives every byte", survives_every_byte},
    {"gives the ids", gives_the_ids},
    {"shares the room of pairs", shares_the_room_of_pairs},
    {"takes linear time for marks", takes_linear_time_for_marks},
};

TEST_MAIN(cases)
