/* net/xml.c - see net/xml.h */
#include "net/xml.h"
#include "core/base/utf8.h"

enum xml_state {               /* what the next byte belongs to       */
                 TEXT,         /* between tags                        */
                 REFERENCE,    /* behind '&'                          */
                 TAG,          /* behind '<'                          */
                 NAME,         /* of an element that opens            */
                 ATTRIBUTES,   /* behind it                           */
                 ATTRIBUTE,    /* a quoted value                      */
                 EMPTY,        /* behind a '/' that ends a tag        */
                 CLOSE,        /* name of an element that ends        */
                 CLOSE_BLANKS, /* behind it                           */
                 INSTRUCTION,  /* behind "<?", up to "?>"             */
                 DECLARATION,  /* behind "<!"                         */
                 COMMENT,      /* behind "<!--", up to "-->"          */
                 CDATA,        /* behind "<![CDATA[", up to "]]>"     */
};

void mote_xml_begin(struct mote_xml *xml,
                    enum mote_status (*ended)(void *context,
                                              const struct mote_xml_element *e),
                    void *context)
{
    *xml = (struct mote_xml){.ended = ended, .context = context, .whole = true};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_name(char c)
{
    const char letter = c | 0x20;

    return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') ||
           c == ':' || c == '_' || c == '-' || c == '.' || (c & 0x80);
}

static void put_value(struct mote_xml *x, char c)
{
    if (x->value_bytes == sizeof x->value)
        x->whole = false;
    else
        x->value[x->value_bytes++] = c;
}

/* Characters stand in elements; around the root only blanks do. */
static enum mote_status text(struct mote_xml *x, char c)
{
    if (x->depth == 0)
        return is_blank(c) ? MOTE_OK : MOTE_E_FORMAT;
    put_value(x, c);
    return MOTE_OK;
}

static enum mote_status open_element(struct mote_xml *x)
{
    if (x->depth == 0 && x->rooted)
        return MOTE_E_FORMAT; /* a second root */
    if (x->depth == MOTE_XML_DEPTH)
        return MOTE_E_DEPTH;
    x->name_bytes[x->depth++] = 0;
    x->rooted = x->leaf = x->whole = true;
    x->value_bytes = 0;
    return MOTE_OK;
}

static struct mote_text name_at(const struct mote_xml *x, unsigned depth)
{
    return (struct mote_text){x->names[depth], x->name_bytes[depth]};
}

static enum mote_status end_element(struct mote_xml *x)
{
    struct mote_xml_element e = {.whole = x->whole};

    x->depth--;
    e.name = name_at(x, x->depth);
    if (x->depth)
        e.parent = name_at(x, x->depth - 1u);
    if (x->leaf)
        e.value = (struct mote_text){x->value, x->value_bytes};
    const enum mote_status s = x->ended(x->context, &e);
    x->leaf = false;
    x->whole = true;
    x->value_bytes = 0;
    return s;
}

/* One more character of a name that has room for MOTE_XML_NAME. */
static enum mote_status put_name(char *name, uint8_t *bytes, char c)
{
    if (*bytes == MOTE_XML_NAME)
        return MOTE_E_FORMAT;
    name[(*bytes)++] = c;
    return MOTE_OK;
}

/* "#38", "#x26": any character that UTF-8 has; S3's keys hold such that XML
 * itself does not allow. */
static enum mote_status put_numbered(struct mote_xml *x,
                                     struct mote_text digits)
{
    const bool hex = digits.n && *digits.at == 'x';
    uint32_t code = 0;
    char bytes[4];

    if (digits.n == hex)
        return MOTE_E_FORMAT;
    for (size_t i = hex; i < digits.n; i++) {
        const char c = digits.at[i], letter = c | 0x20;
        if (c >= '0' && c <= '9')
            code = code * (hex ? 16 : 10) + (uint32_t)(c - '0');
        else if (hex && letter >= 'a' && letter <= 'f')
            code = code * 16 + (uint32_t)(letter - 'a' + 10);
        else
            return MOTE_E_FORMAT;
        if (code > 0x10FFFF)
            return MOTE_E_FORMAT;
    }
    if (code >= 0xD800 && code < 0xE000)
        return MOTE_E_FORMAT;
    const size_t n = mote_utf8_encode(code, bytes);
    for (size_t i = 0; i < n; i++)
        put_value(x, bytes[i]);
    return MOTE_OK;
}

static enum mote_status put_reference(struct mote_xml *x)
{
    static const struct {
        struct mote_text name;
        char is;
    } known[] = {
        {MOTE_TEXT("amp"), '&'},   {MOTE_TEXT("lt"), '<'},
        {MOTE_TEXT("gt"), '>'},    {MOTE_TEXT("quot"), '"'},
        {MOTE_TEXT("apos"), '\''},
    };
    const struct mote_text name = {x->reference, x->reference_bytes};

    if (x->depth == 0)
        return MOTE_E_FORMAT;
    if (name.n && *name.at == '#')
        return put_numbered(x, (struct mote_text){name.at + 1, name.n - 1});
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (mote_text_equal(known[i].name, name)) {
            put_value(x, known[i].is);
            return MOTE_OK;
        }
    return MOTE_E_FORMAT;
}

/* Behind "<!": only comments and, inside of elements, CDATA. */
static enum mote_status declaration(struct mote_xml *x, char c)
{
    static const struct mote_text cdata = MOTE_TEXT("[CDATA["),
                                  comment = MOTE_TEXT("--");
    if (x->matched == 0)
        x->quote = (uint8_t)c;
    const struct mote_text *expected = x->quote == '-' ? &comment : &cdata;
    if (c != expected->at[x->matched])
        return MOTE_E_FORMAT;
    if (++x->matched < expected->n)
        return MOTE_OK;
    x->matched = 0;
    x->state = expected == &comment ? COMMENT : CDATA;
    return x->state == CDATA && x->depth == 0 ? MOTE_E_FORMAT : MOTE_OK;
}

/* Whether c ends what ends like "-->", of which x->matched have been seen:
 * two of the same, then '>'. */
static bool ends_with(struct mote_xml *x, char c)
{
    if (c == '>' && x->matched == 2) {
        x->matched = 0;
        x->state = TEXT;
        return true;
    }
    return false;
}

static void comment(struct mote_xml *x, char c)
{
    if (ends_with(x, c))
        return;
    x->matched = c == '-' ? (uint8_t)(x->matched < 2 ? x->matched + 1 : 2) : 0;
}

/* What looked like its end and was not is text. */
static void cdata(struct mote_xml *x, char c)
{
    if (ends_with(x, c))
        return;
    if (c == ']') {
        if (x->matched == 2)
            put_value(x, ']');
        else
            x->matched++;
        return;
    }
    for (; x->matched; x->matched--)
        put_value(x, ']');
    put_value(x, c);
}

static enum mote_status tag(struct mote_xml *x, char c)
{
    switch (c) {
    case '/':
        x->state = CLOSE;
        x->close_bytes = 0;
        return x->depth ? MOTE_OK : MOTE_E_FORMAT;
    case '?':
        x->state = INSTRUCTION;
        x->matched = 0;
        return MOTE_OK;
    case '!':
        x->state = DECLARATION;
        x->matched = 0;
        return MOTE_OK;
    }
    if (!is_name(c))
        return MOTE_E_FORMAT;
    x->state = NAME;
    const enum mote_status s = open_element(x);
    return s == MOTE_OK ? put_name(x->names[x->depth - 1],
                                   &x->name_bytes[x->depth - 1], c)
                        : s;
}

static enum mote_status attributes(struct mote_xml *x, char c)
{
    switch (c) {
    case '>':
        x->state = TEXT;
        return MOTE_OK;
    case '/':
        x->state = EMPTY;
        return MOTE_OK;
    case '"':
    case '\'':
        x->state = ATTRIBUTE;
        x->quote = (uint8_t)c;
        return MOTE_OK;
    case '<':
        return MOTE_E_FORMAT;
    }
    return MOTE_OK;
}

static enum mote_status close(struct mote_xml *x, char c)
{
    if (x->state == CLOSE && is_name(c))
        return put_name(x->close, &x->close_bytes, c);
    if (is_blank(c)) {
        x->state = CLOSE_BLANKS;
        return MOTE_OK;
    }
    x->state = TEXT;
    if (c != '>' ||
        !mote_text_equal((struct mote_text){x->close, x->close_bytes},
                         name_at(x, x->depth - 1u)))
        return MOTE_E_FORMAT;
    return end_element(x);
}

static enum mote_status step(struct mote_xml *x, char c)
{
    switch ((enum xml_state)x->state) {
    case TEXT:
        if (c != '<' && c != '&')
            return text(x, c);
        x->state = c == '<' ? TAG : REFERENCE;
        x->reference_bytes = 0;
        return MOTE_OK;
    case REFERENCE:
        if (c == ';') {
            x->state = TEXT;
            return put_reference(x);
        }
        if (x->reference_bytes == sizeof x->reference)
            return MOTE_E_FORMAT;
        x->reference[x->reference_bytes++] = c;
        return MOTE_OK;
    case TAG:
        return tag(x, c);
    case NAME:
        if (is_name(c))
            return put_name(x->names[x->depth - 1],
                            &x->name_bytes[x->depth - 1], c);
        if (!is_blank(c) && c != '/' && c != '>')
            return MOTE_E_FORMAT;
        x->state = ATTRIBUTES;
        return attributes(x, c);
    case ATTRIBUTES:
        return attributes(x, c);
    case ATTRIBUTE:
        if (c == (char)x->quote)
            x->state = ATTRIBUTES;
        return c == '<' ? MOTE_E_FORMAT : MOTE_OK;
    case EMPTY:
        x->state = TEXT;
        return c == '>' ? end_element(x) : MOTE_E_FORMAT;
    case CLOSE:
    case CLOSE_BLANKS:
        return close(x, c);
    case INSTRUCTION:
        if (c == '>' && x->matched)
            x->state = TEXT;
        x->matched = c == '?';
        return MOTE_OK;
    case DECLARATION:
        return declaration(x, c);
    case COMMENT:
        comment(x, c);
        return MOTE_OK;
    case CDATA:
        cdata(x, c);
        return MOTE_OK;
    }
    return MOTE_E_FORMAT;
}

enum mote_status mote_xml_take(struct mote_xml *xml, struct mote_text run)
{
    enum mote_status s = MOTE_OK;

    for (size_t i = 0; s == MOTE_OK && i < run.n; i++)
        s = step(xml, run.at[i]);
    return s;
}

enum mote_status mote_xml_end(const struct mote_xml *xml)
{
    return xml->rooted && xml->depth == 0 && xml->state == TEXT ? MOTE_OK
                                                                : MOTE_E_FORMAT;
}
