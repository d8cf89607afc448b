/* test/core/test_json.c - JSON in and out. */
#include "test/test.h"
#include "core/base/json_read.h"
#include "core/base/json_write.h"
#include <dirent.h>

/* Reads all of text; what the last call returned. */
static enum mote_status read_all(struct mote_text text, size_t *tokens,
                                 struct mote_where *where)
{
    struct mote_json j;
    struct mote_json_token t;
    enum mote_status s;

    *tokens = 0;
    mote_json_begin(&j, text);
    do {
        s = mote_json_next(&j, &t, where);
        ++*tokens;
    } while (s == MOTE_OK && t.type != MOTE_JSON_DONE);
    return s;
}

static enum mote_status read_guarded(const char *bytes, size_t n)
{
    struct mote_where where = {0};
    size_t tokens;
    const struct mote_text text = {guarded(bytes, n), n};
    const enum mote_status s = read_all(text, &tokens, &where);
    EXPECT(where.offset <= n);
    if (s != MOTE_OK)
        EXPECT(where.expected && *where.expected, "%.*s", (int)n, bytes);
    return s;
}

static const char good[] =
    " {\"a\": [1, -2.5e-3, true, false, null, \"x\\n\\u00e9\\ud83d\\ude00\"],\t"
    "\"\\u0062\" : {}, \"\": [[], {\"c\":\"\xC3\xA9\xF0\x9F\x98\x80\"}]}\r\n";

static void reads_tokens(void)
{
    static const enum mote_json_type types[] = {
        MOTE_JSON_OBJECT, MOTE_JSON_ARRAY,  MOTE_JSON_NUMBER, MOTE_JSON_NUMBER,
        MOTE_JSON_TRUE,   MOTE_JSON_FALSE,  MOTE_JSON_NULL,   MOTE_JSON_STRING,
        MOTE_JSON_END,    MOTE_JSON_OBJECT, MOTE_JSON_END,    MOTE_JSON_ARRAY,
        MOTE_JSON_ARRAY,  MOTE_JSON_END,    MOTE_JSON_OBJECT, MOTE_JSON_STRING,
        MOTE_JSON_END,    MOTE_JSON_END,    MOTE_JSON_END,    MOTE_JSON_DONE,
    };
    struct mote_json j;
    struct mote_where where = {0};

    mote_json_begin(&j, (struct mote_text){good, sizeof good - 1});
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct mote_json_token t;
        EXPECT(mote_json_next(&j, &t, &where) == MOTE_OK, "%zu", i);
        EXPECT(t.type == types[i], "%zu: %d", i, t.type);
        if (i == 1)
            EXPECT(mote_json_key_is(&t, MOTE_TEXT("a")));
        if (i == 3)
            EXPECT(mote_text_equal(t.text, MOTE_TEXT("-2.5e-3")));
        if (i == 7) {
            char out[32];
            const size_t n = mote_json_unescape(out, t.text);
            EXPECT(n == 8 && !memcmp(out, "x\n\xC3\xA9\xF0\x9F\x98\x80", n));
            EXPECT(mote_json_is(t.text, t.escaped,
                                MOTE_TEXT("x\n\xC3\xA9\xF0\x9F\x98\x80")));
            EXPECT(!mote_json_is(t.text, t.escaped,
                                 MOTE_TEXT("x\n\xC3\xA9\xF0\x9F\x98")));
            EXPECT(!mote_json_is(t.text, t.escaped, MOTE_TEXT("x\n")));
        }
        if (i == 9) {
            EXPECT(mote_json_key_is(&t, MOTE_TEXT("b")));
            EXPECT(!mote_json_key_is(&t, MOTE_TEXT("")));
        }
    }
}

static void unescapes_in_place(void)
{
    char text[] = "a\\u0041\\\"\\\\\\/\\b\\f\\n\\r\\t\\uD834\\uDD1E\\u0000z";
    const char want[] = "aA\"\\/\b\f\n\r\t\xF0\x9D\x84\x9E\0z";
    const size_t n =
        mote_json_unescape(text, (struct mote_text){text, sizeof text - 1});
    EXPECT(n == sizeof want - 1 && !memcmp(text, want, n));
}

static void skips(void)
{
    struct mote_json j;
    struct mote_json_token t;
    struct mote_where where = {0};

    mote_json_begin(&j, MOTE_TEXT("[{\"a\":[1,{}]},2,\"x\"]"));
    EXPECT(mote_json_next(&j, &t, &where) == MOTE_OK);
    EXPECT(mote_json_next(&j, &t, &where) == MOTE_OK);
    EXPECT(mote_json_skip(&j, &t, &where) == MOTE_OK);
    EXPECT(mote_json_next(&j, &t, &where) == MOTE_OK);
    EXPECT(t.type == MOTE_JSON_NUMBER);
    EXPECT(mote_json_skip(&j, &t, &where) == MOTE_OK);
    EXPECT(mote_json_next(&j, &t, &where) == MOTE_OK);
    EXPECT(t.type == MOTE_JSON_STRING);
    mote_json_begin(&j, MOTE_TEXT("[[1,[2}]"));
    EXPECT(mote_json_next(&j, &t, &where) == MOTE_OK);
    EXPECT(mote_json_next(&j, &t, &where) == MOTE_OK);
    EXPECT(mote_json_skip(&j, &t, &where) == MOTE_E_FORMAT);
    EXPECT(where.offset == 6);
}

static void refuses(void)
{
    static const struct {
        const char *text;
        size_t offset;
    } cases[] = {
        {"", 0},
        {" ", 1},
        {"[1,]", 3},
        {"[1 2]", 3},
        {"[,1]", 1},
        {"{\"a\"}", 4},
        {"{\"a\":}", 5},
        {"{\"a\":1,}", 7},
        {"{a:1}", 1},
        {"[1]]", 3},
        {"nul", 0},
        {"nulll", 4},
        {"NaN", 0},
        {"-", 1},
        {"01", 1},
        {"1.", 2},
        {"1e", 2},
        {"+1", 0},
        {"\"\\x\"", 1},
        {"\"\\u12G4\"", 1},
        {"\"\\ud800\"", 1},
        {"\"\\udc00\"", 1},
        {"\"\\ud800\\u0041\"", 1},
        {"\"a\nb\"", 2},
        {"\"\xFF\"", 1},
        {"\"\xC0\x80\"", 1},
        {"\"\xED\xA0\x80\"", 1},
        {"\"\xF4\x90\x80\x80\"", 1},
        {"\"abc", 4},
        {"\"abc\\", 5},
        {"[1}", 2},
        {"{\"a\":1]", 6},
        {"\xEF\xBB\xBF[]", 0},
        {"1 1", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t n = strlen(cases[i].text);
        struct mote_where where = {0};
        size_t tokens;
        const enum mote_status s = read_all(
            (struct mote_text){guarded(cases[i].text, n), n}, &tokens, &where);
        EXPECT(s == MOTE_E_FORMAT, "%s", cases[i].text);
        EXPECT(where.offset == cases[i].offset, "%s: at %zu", cases[i].text,
               where.offset);
    }
}

static void refuses_every_truncation(void)
{
    const size_t n = strlen(good);
    for (size_t cut = 0; cut < n - 2; cut++) /* the last two are blanks */
        EXPECT(read_guarded(good, cut) == MOTE_E_FORMAT, "%zu", cut);
    EXPECT(read_guarded(good, n) == MOTE_OK);
}

static void limits_depth(void)
{
    char text[2 * MOTE_JSON_DEPTH + 2];
    for (size_t levels = MOTE_JSON_DEPTH; levels <= MOTE_JSON_DEPTH + 1;
         levels++) {
        memset(text, '[', levels);
        memset(text + levels, ']', levels);
        const enum mote_status s = read_guarded(text, 2 * levels);
        EXPECT(s == (levels > MOTE_JSON_DEPTH ? MOTE_E_DEPTH : MOTE_OK));
    }
}

/* JSONTestSuite: y_ accepted, n_ refused, i_ either way but no crash. The one
 * y_ or i_ deeper than our limit would show up here. */
static void follows_the_test_suite(void)
{
    const char *data = getenv("MOTE_DATA");
    char folder[4096];
    if (!data || !*data)
        SKIP("MOTE_DATA does not name the folder of outside test data");
    snprintf(folder, sizeof folder, "%s/json/test_parsing", data);
    DIR *dir = opendir(folder);
    if (!dir)
        SKIP("no JSONTestSuite in MOTE_DATA");

    static char bytes[1 << 20];
    unsigned files = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        char path[8192];
        if (!strstr(e->d_name, ".json"))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        FILE *f = fopen(path, "rb");
        const size_t n = f ? fread(bytes, 1, sizeof bytes, f) : 0;
        if (f)
            fclose(f);
        const enum mote_status s = read_guarded(bytes, n);
        files++;
        if (e->d_name[0] == 'y')
            EXPECT(s == MOTE_OK, "%s", e->d_name);
        if (e->d_name[0] == 'n')
            EXPECT(s != MOTE_OK, "%s", e->d_name);
        /* of the undecided ones: bad UTF-8 and lone surrogates are refused */
        if (strstr(e->d_name, "surrogate") || strstr(e->d_name, "UTF"))
            EXPECT(e->d_name[0] != 'i' || s == MOTE_E_FORMAT, "%s", e->d_name);
    }
    closedir(dir);
    EXPECT(files >= 300, "%u files", files);
}

static struct mote_text write_document(struct mote_json_out *o, char *buffer,
                                       size_t cap)
{
    mote_json_out_begin(o, buffer, cap);
    mote_json_put_open(o, '{');
    mote_json_put_member(o, MOTE_TEXT("q\"\\\n\x01\x7F"),
                         MOTE_TEXT("\xC3\xA9\xFFz\xF0\x9F\x98"));
    mote_json_put_key(o, MOTE_TEXT("list"));
    mote_json_put_open(o, '[');
    mote_json_put_uint(o, 7);
    mote_json_put_f64(o, 0.1);
    mote_json_put_f32(o, 0.1f);
    mote_json_put_f64(o, 0.0 / 0.0);
    mote_json_put_f32(o, 1.0f / 0.0f);
    mote_json_put_bool(o, true);
    mote_json_put_null(o);
    mote_json_put_open(o, '{');
    mote_json_put_close(o, '}');
    mote_json_put_raw(o, MOTE_TEXT("[1,\n2]"));
    mote_json_put_close(o, ']');
    mote_json_put_key(o, MOTE_TEXT("body"));
    mote_json_put_embedded(o, true);
    mote_json_put_open(o, '{');
    mote_json_put_member(o, MOTE_TEXT("t"), MOTE_TEXT("a\"b\\c\td"));
    mote_json_put_key(o, MOTE_TEXT("r"));
    mote_json_put_raw(o, MOTE_TEXT("{\"x\" :\n\"y\"}"));
    mote_json_put_close(o, '}');
    mote_json_put_embedded(o, false);
    mote_json_put_key(o, MOTE_TEXT("end"));
    mote_json_put_bool(o, false);
    mote_json_put_close(o, '}');
    return (struct mote_text){o->at, o->n};
}

static const char document[] =
    "{\"q\\\"\\\\\\n\\u0001\x7F\":\"\xC3\xA9\xEF\xBF\xBDz"
    "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\","
    "\"list\":[7,0.1,0.1,null,null,true,null,{},[1,\n2]],"
    "\"body\":\"{\\\"t\\\":\\\"a\\\\\\\"b\\\\\\\\c\\\\td\\\","
    "\\\"r\\\":{\\\"x\\\" : \\\"y\\\"}}\",\"end\":false}";

static void writes(void)
{
    char buffer[512], body[128];
    struct mote_json_out o;
    const struct mote_text text = write_document(&o, buffer, sizeof buffer);

    EXPECT(!o.full);
    EXPECT(mote_text_equal(text, mote_text_of(document)), "%.*s", (int)text.n,
           text.at);

    /* what was embedded is a document again once it is unescaped */
    struct mote_json j;
    struct mote_json_token t;
    struct mote_where where = {0};
    mote_json_begin(&j, text);
    do {
        EXPECT(mote_json_next(&j, &t, &where) == MOTE_OK);
    } while (!mote_json_key_is(&t, MOTE_TEXT("body")));
    const size_t n = mote_json_unescape(body, t.text);
    EXPECT(mote_text_equal(
               (struct mote_text){body, n},
               MOTE_TEXT("{\"t\":\"a\\\"b\\\\c\\td\",\"r\":{\"x\" : \"y\"}}")),
           "%.*s", (int)n, body);
}

static void writes_within_any_buffer(void)
{
    const size_t n = sizeof document - 1;
    for (size_t cap = 0; cap <= n; cap++) {
        char *buffer = guarded(document, cap);
        struct mote_json_out o;
        write_document(&o, buffer, cap);
        EXPECT(o.full == (cap < n), "%zu", cap);
        EXPECT(o.n <= cap && !memcmp(buffer, document, o.n), "%zu", cap);
    }
}

/* The vectors of RFC 4648, section 10, and every bit of a byte. */
static void writes_base64(void)
{
    static const struct {
        struct mote_text bytes, want;
    } vectors[] = {
        {MOTE_TEXT(""), MOTE_TEXT("\"\"")},
        {MOTE_TEXT("f"), MOTE_TEXT("\"Zg==\"")},
        {MOTE_TEXT("fo"), MOTE_TEXT("\"Zm8=\"")},
        {MOTE_TEXT("foo"), MOTE_TEXT("\"Zm9v\"")},
        {MOTE_TEXT("foob"), MOTE_TEXT("\"Zm9vYg==\"")},
        {MOTE_TEXT("fooba"), MOTE_TEXT("\"Zm9vYmE=\"")},
        {MOTE_TEXT("foobar"), MOTE_TEXT("\"Zm9vYmFy\"")},
        {MOTE_TEXT("\xFB\xEF\xFF\x00\x10\x83"), MOTE_TEXT("\"++//ABCD\"")},
    };

    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const struct mote_text want = vectors[i].want;
        const char *bytes = guarded(vectors[i].bytes.at, vectors[i].bytes.n);
        for (size_t cap = 0; cap <= want.n; cap++) {
            char out[16];
            struct mote_json_out o;
            mote_json_out_begin(&o, out, cap);
            mote_json_put_base64(&o, bytes, vectors[i].bytes.n);
            EXPECT(o.full == (cap < want.n), "%zu: %zu", i, cap);
            EXPECT(!memcmp(out, want.at, o.n), "%zu: %zu", i, cap);
        }
    }
}

static const struct test_case cases[] = {
    {"reads tokens", reads_tokens},
    {"unescapes in place", unescapes_in_place},
    {"skips", skips},
    {"refuses, and says where", refuses},
    {"refuses every truncation", refuses_every_truncation},
    {"limits depth", limits_depth},
    {"follows JSONTestSuite", follows_the_test_suite},
    {"writes", writes},
    {"writes within any buffer", writes_within_any_buffer},
    {"writes base64", writes_base64},
};
TEST_MAIN(cases)
