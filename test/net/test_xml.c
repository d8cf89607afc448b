/* test/net/test_xml.c - the XML of S3, in runs of every size and cut anywhere.
 */
#include "test/test.h"
#include "net/xml.h"

/* What was told, as "parent/name=value;". */
static struct {
    char at[8192];
    size_t n;
    unsigned cut; /* values that were not whole */
} told;

static enum mote_status ended(void *context, const struct mote_xml_element *e)
{
    (void)context;
    told.cut += !e->whole;
    told.n += (size_t)snprintf(told.at + told.n, sizeof told.at - told.n,
                               "%.*s/%.*s=%.*s;", (int)e->parent.n,
                               e->parent.at, (int)e->name.n, e->name.at,
                               (int)e->value.n, e->value.n ? e->value.at : "");
    return told.n < sizeof told.at ? MOTE_OK : MOTE_E_SPACE;
}

/* in as runs of `step` bytes, each before a page without access. */
static enum mote_status read_in(const char *in, size_t n, size_t step)
{
    struct mote_xml xml;
    enum mote_status s = MOTE_OK;

    told.n = told.cut = 0;
    mote_xml_begin(&xml, ended, NULL);
    for (size_t at = 0; s == MOTE_OK && at < n; at += step) {
        const size_t run = n - at < step ? n - at : step;
        s = mote_xml_take(&xml, (struct mote_text){guarded(in + at, run), run});
    }
    return s == MOTE_OK ? mote_xml_end(&xml) : s;
}

static const struct {
    const char *in, *told; /* told NULL: refused */
} documents[] = {
    {"<a/>", "/a=;"},
    {"<a></a>", "/a=;"},
    {"<a>x</a>", "/a=x;"},
    {" \r\n<a\n>x</a >\t", "/a=x;"},
    {"<?xml version=\"1.0\"?><a>x</a><!-- - -- x --><?y?>", "/a=x;"},
    {"<a b='1>2' c=\"/>'\"><d/> <e>y</e></a>", "a/d=;a/e=y;/a=;"},
    {"<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x1F30A;&#x1;</a>",
     "/a=<>&\"'A\xF0\x9F\x8C\x8A\x01;"},
    {"<a><![CDATA[<b>&amp;]]]]><![CDATA[>]]x]]></a>", "/a=<b>&amp;]]>]]x;"},
    {"<a>x<!-- no -->y</a>", "/a=xy;"},
    {"<a.b-c:d_1>x</a.b-c:d_1>", "/a.b-c:d_1=x;"},
    {"<a><b><c>1</c></b><b><c>2</c></b></a>", "b/c=1;a/b=;b/c=2;a/b=;/a=;"},
    {"<a>&#xD7FF;&#xE000;&#x10FFFF;</a>",
     "/a=\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF;"},
    {"", NULL},
    {"  ", NULL},
    {"x", NULL},
    {"<a>", NULL},
    {"<a", NULL},
    {"</a>", NULL},
    {"<a></b>", NULL},
    {"<a></a", NULL},
    {"<a></ a>", NULL},
    {"<a></a b>", NULL},
    {"<a/><b/>", NULL},
    {"<a/>x", NULL},
    {"<a/>&amp;", NULL},
    {"<a><b></a></b>", NULL},
    {"<a>&b;</a>", NULL},
    {"<a>&;</a>", NULL},
    {"<a>&amp</a>", NULL},
    {"<a>&#;</a>", NULL},
    {"<a>&#x;</a>", NULL},
    {"<a>&#1a;</a>", NULL},
    {"<a>&#x110000;</a>", NULL},
    {"<a>&#xD800;</a>", NULL},
    {"<a>&#99999999;</a>", NULL},
    {"<a>&#000000000000000001;</a>", NULL},
    {"<a b=\"<\"/>", NULL},
    {"<a <b/>/>", NULL},
    {"<a/ >", NULL},
    {"< a/>", NULL},
    {"<>", NULL},
    {"<a\"/>", NULL},
    {"<!DOCTYPE a><a/>", NULL},
    {"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", NULL},
    {"<![CDATA[x]]><a/>", NULL},
    {"<a><![CDATX[x]]></a>", NULL},
    {"<a><![CDATA[x]]</a>", NULL},
    {"<a><!- x --></a>", NULL},
    {"<a><!-- x -></a>", NULL},
    {"<a><? x</a>", NULL},
};

static void reads(void)
{
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        const char *in = documents[i].in, *expected = documents[i].told;
        const size_t n = strlen(in);
        for (size_t step = 1; step <= n + 1; step++) {
            const enum mote_status s = read_in(in, n, step);
            EXPECT((s == MOTE_OK) == (expected != NULL), "%s: %d", in, s);
            if (s == MOTE_OK)
                EXPECT(told.n == strlen(expected) &&
                           memcmp(told.at, expected, told.n) == 0,
                       "%s: %.*s", in, (int)told.n, told.at);
        }
    }
}

/* No beginning of a document is one, but for blanks and such behind it. */
static void misses_what_is_cut(void)
{
    for (size_t i = 0; documents[i].told; i++) {
        const char *in = documents[i].in;
        const char *end = strstr(in, "</a") ? strstr(in, "</a") : in;
        for (size_t cut = 0; cut <= (size_t)(end - in); cut++)
            EXPECT(read_in(in, cut, 3) == MOTE_E_FORMAT, "%s at %zu", in, cut);
    }
}

static void has_bounds(void)
{
    char text[MOTE_XML_VALUE + 200];

    for (size_t n = MOTE_XML_VALUE - 1; n <= MOTE_XML_VALUE + 1; n++) {
        memcpy(text, "<a>", 3);
        memset(text + 3, 'x', n);
        memcpy(text + 3 + n, "</a>", 4);
        EXPECT(read_in(text, n + 7, 100) == MOTE_OK);
        EXPECT(told.cut == (n > MOTE_XML_VALUE), "%zu", n);
        EXPECT(told.n == (n < MOTE_XML_VALUE ? n : MOTE_XML_VALUE) + 4);
    }
    for (size_t n = MOTE_XML_NAME - 1; n <= MOTE_XML_NAME + 1; n++) {
        text[0] = '<';
        memset(text + 1, 'a', n);
        memcpy(text + 1 + n, "/>", 2);
        EXPECT((read_in(text, n + 3, 7) == MOTE_OK) == (n <= MOTE_XML_NAME));
    }
    for (size_t depth = MOTE_XML_DEPTH - 1; depth <= MOTE_XML_DEPTH + 1;
         depth++) {
        for (size_t i = 0; i < depth; i++) {
            memcpy(text + 3 * i, "<a>", 3);
            memcpy(text + 3 * depth + 4 * i, "</a>", 4);
        }
        EXPECT(read_in(text, 7 * depth, 5) ==
               (depth <= MOTE_XML_DEPTH ? MOTE_OK : MOTE_E_DEPTH));
    }
}

static enum mote_status stops(void *context, const struct mote_xml_element *e)
{
    (void)e;
    return ++*(unsigned *)context == 2 ? MOTE_E_STOP : MOTE_OK;
}

static void stops_when_told(void)
{
    struct mote_xml xml;
    unsigned calls = 0;

    mote_xml_begin(&xml, stops, &calls);
    EXPECT(mote_xml_take(&xml, MOTE_TEXT("<a><b/><c/><d/></a>")) ==
           MOTE_E_STOP);
    EXPECT(calls == 2);
}

static const struct test_case cases[] = {
    {"reads", reads},
    {"misses what is cut", misses_what_is_cut},
    {"has bounds", has_bounds},
    {"stops when told", stops_when_told},
};

TEST_MAIN(cases)
