/* net/http.c - see net/http.h */
#include "net/http.h"
#include "core/base/number.h"
#include "core/base/time.h"

/* What is left to parse; a parser moves `at` past what it has understood. */
struct input {
    const char *at, *end;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* tchar of RFC 9110: what names, methods and such are made of. */
static bool is_token(char c)
{
    static const char others[] = "-_.!#$%&'*+^`|~";

    if (is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
        return true;
    for (size_t i = 0; i < sizeof others - 1; i++)
        if (c == others[i])
            return true;
    return false;
}

/* Anything that may stand in a value: visible, blank, or above ASCII. */
static bool is_value(char c)
{
    const unsigned char byte = (unsigned char)c;
    return (byte >= 0x20 && byte != 0x7F) || byte == '\t';
}

static enum mote_status expect(struct input *in, struct mote_text literal)
{
    for (size_t i = 0; i < literal.n; i++, in->at++) {
        if (in->at == in->end)
            return MOTE_E_AGAIN;
        if (*in->at != literal.at[i])
            return MOTE_E_FORMAT;
    }
    return MOTE_OK;
}

/* The run of bytes that `accepts` likes; AGAIN when it may go on. */
static enum mote_status take_run(struct input *in, bool (*accepts)(char),
                                 struct mote_text *run)
{
    run->at = in->at;
    while (in->at < in->end && accepts(*in->at))
        in->at++;
    run->n = (size_t)(in->at - run->at);
    return in->at == in->end ? MOTE_E_AGAIN : MOTE_OK;
}

static enum mote_status parse_version(struct input *in, int *minor)
{
    const enum mote_status s = expect(in, MOTE_TEXT("HTTP/1."));
    if (s != MOTE_OK)
        return s;
    if (in->at == in->end)
        return MOTE_E_AGAIN;
    if (*in->at != '0' && *in->at != '1')
        return MOTE_E_FORMAT;
    *minor = *in->at++ - '0';
    return MOTE_OK;
}

static enum mote_status parse_field(struct input *in,
                                    struct mote_http_field *field)
{
    enum mote_status s = take_run(in, is_token, &field->name);
    if (s != MOTE_OK)
        return s;
    if (field->name.n == 0 || *in->at != ':')
        return MOTE_E_FORMAT;
    in->at++;
    s = take_run(in, is_value, &field->value);
    if (s != MOTE_OK)
        return s;
    struct mote_text *v = &field->value;
    while (v->n && (*v->at == ' ' || *v->at == '\t'))
        v->at++, v->n--;
    while (v->n && (v->at[v->n - 1] == ' ' || v->at[v->n - 1] == '\t'))
        v->n--;
    return expect(in, MOTE_TEXT("\r\n"));
}

static enum mote_status parse_fields(struct input *in,
                                     struct mote_http_head *head,
                                     struct mote_text text)
{
    for (;;) {
        if (in->at == in->end)
            return MOTE_E_AGAIN;
        if (*in->at == '\r') {
            const enum mote_status s = expect(in, MOTE_TEXT("\r\n"));
            head->bytes = (size_t)(in->at - text.at);
            return s;
        }
        if (head->count == MOTE_HTTP_FIELDS)
            return MOTE_E_FORMAT;
        const enum mote_status s = parse_field(in, &head->fields[head->count]);
        if (s != MOTE_OK)
            return s;
        head->count++;
    }
}

enum mote_status mote_http_parse_response(struct mote_http_head *head,
                                          struct mote_text text)
{
    struct input in = {text.at, text.at + text.n};
    struct mote_text code, reason;

    head->count = 0;
    head->method = head->target = (struct mote_text){0};
    enum mote_status s = parse_version(&in, &head->minor);
    if (s == MOTE_OK)
        s = expect(&in, MOTE_TEXT(" "));
    if (s == MOTE_OK)
        s = take_run(&in, is_digit, &code);
    if (s != MOTE_OK)
        return s;
    if (code.n != 3 || *code.at == '0')
        return MOTE_E_FORMAT;
    head->status =
        (code.at[0] - '0') * 100 + (code.at[1] - '0') * 10 + code.at[2] - '0';
    if (*in.at != '\r') { /* some servers leave the blank out, too */
        s = expect(&in, MOTE_TEXT(" "));
        if (s == MOTE_OK)
            s = take_run(&in, is_value, &reason);
    }
    if (s == MOTE_OK)
        s = expect(&in, MOTE_TEXT("\r\n"));
    return s == MOTE_OK ? parse_fields(&in, head, text) : s;
}

static bool is_target(char c)
{
    return (unsigned char)c > 0x20 && c != 0x7F;
}

enum mote_status mote_http_parse_request(struct mote_http_head *head,
                                         struct mote_text text)
{
    struct input in = {text.at, text.at + text.n};

    head->status = 0;
    head->count = 0;
    enum mote_status s = take_run(&in, is_token, &head->method);
    if (s == MOTE_OK)
        s = head->method.n ? expect(&in, MOTE_TEXT(" ")) : MOTE_E_FORMAT;
    if (s == MOTE_OK)
        s = take_run(&in, is_target, &head->target);
    if (s == MOTE_OK)
        s = head->target.n ? expect(&in, MOTE_TEXT(" ")) : MOTE_E_FORMAT;
    if (s == MOTE_OK)
        s = parse_version(&in, &head->minor);
    if (s == MOTE_OK)
        s = expect(&in, MOTE_TEXT("\r\n"));
    return s == MOTE_OK ? parse_fields(&in, head, text) : s;
}

struct mote_text mote_http_field(const struct mote_http_head *head,
                                 struct mote_text name)
{
    for (size_t i = 0; i < head->count; i++)
        if (mote_text_equal_nocase(head->fields[i].name, name))
            return head->fields[i].value;
    return (struct mote_text){0};
}

enum mote_status mote_http_date(struct mote_text value, int64_t *unix_s)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char text[MOTE_TIME_CHARS] = "0000-00-00T";

    if (value.n != sizeof "Sun, 06 Nov 1994 08:49:37 GMT" - 1 ||
        memcmp(value.at + 3, ", ", 2) != 0 || value.at[7] != ' ' ||
        value.at[11] != ' ' || value.at[16] != ' ' ||
        memcmp(value.at + 25, " GMT", 4) != 0)
        return MOTE_E_FORMAT;
    unsigned month = 0;
    while (month < 12 && memcmp(months + 3 * month, value.at + 8, 3) != 0)
        month++;
    if (month == 12)
        return MOTE_E_FORMAT;
    month++;
    memcpy(text, value.at + 12, 4);
    text[5] = (char)('0' + month / 10);
    text[6] = (char)('0' + month % 10);
    memcpy(text + 8, value.at + 5, 2);
    memcpy(text + 11, value.at + 17, 8);
    text[19] = 'Z';
    return mote_time_read((struct mote_text){text, sizeof text}, unix_s);
}

/* Whether a comma-separated list holds an item, compared without case. */
static bool list_has(struct mote_text list, struct mote_text item)
{
    const char *at = list.at, *end = list.at + list.n;

    while (at < end) {
        const char *from = at;
        while (at < end && *at != ',')
            at++;
        struct mote_text word = {from, (size_t)(at - from)};
        while (word.n && *word.at == ' ')
            word.at++, word.n--;
        while (word.n && word.at[word.n - 1] == ' ')
            word.n--;
        if (mote_text_equal_nocase(word, item))
            return true;
        at += at < end;
    }
    return false;
}

bool mote_http_keeps_alive(const struct mote_http_head *head)
{
    const struct mote_text connection =
        mote_http_field(head, MOTE_TEXT("Connection"));

    if (connection.n == 0)
        return head->minor == 1;
    if (head->minor == 0)
        return list_has(connection, MOTE_TEXT("keep-alive"));
    return !list_has(connection, MOTE_TEXT("close"));
}

enum mote_status mote_http_body_begin(struct mote_http_body *body,
                                      const struct mote_http_head *head)
{
    const bool bare =
        head->status / 100 == 1 || head->status == 204 || head->status == 304;
    bool counted = false, chunked = false;

    *body = (struct mote_http_body){.framing = MOTE_HTTP_COUNTED};
    for (size_t i = 0; i < head->count; i++) {
        const struct mote_http_field *f = &head->fields[i];
        uint64_t length;
        if (mote_text_equal_nocase(f->name, MOTE_TEXT("Transfer-Encoding"))) {
            if (chunked ||
                !mote_text_equal_nocase(f->value, MOTE_TEXT("chunked")))
                return MOTE_E_FORMAT;
            chunked = true;
        }
        if (!mote_text_equal_nocase(f->name, MOTE_TEXT("Content-Length")))
            continue;
        if (mote_uint_read(f->value, &length) != MOTE_OK ||
            (counted && length != body->left))
            return MOTE_E_FORMAT;
        body->left = length;
        counted = true;
    }
    if (chunked) {
        if (counted)
            return MOTE_E_FORMAT;
        body->framing = MOTE_HTTP_CHUNKED;
    } else if (!counted && head->status) {
        body->framing = MOTE_HTTP_UNTIL_CLOSE;
    }
    if (bare)
        *body = (struct mote_http_body){.framing = MOTE_HTTP_COUNTED};
    body->done = body->framing == MOTE_HTTP_COUNTED && body->left == 0;
    return MOTE_OK;
}

enum chunk_state {             /* what the next byte belongs to */
                   SIZE_FIRST, /* the first digit of a chunk's size */
                   SIZE,
                   EXTENSION,
                   SIZE_LF,
                   DATA,
                   DATA_CR,
                   DATA_LF,
                   TRAILER_FIRST, /* a trailer line, or the CR of the last line
                                   */
                   TRAILER,
                   TRAILER_LF,
                   LAST_LF,
};

/* Extensions, trailers, leading zeros: more than this is not honest. */
#define MAX_OVERHEAD 16384

static int hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte of framing, never of data. */
static enum mote_status chunk_step(struct mote_http_body *b, char c)
{
    const int digit = hex_digit(c);

    switch ((enum chunk_state)b->state) {
    case SIZE_FIRST:
        if (digit < 0)
            return MOTE_E_FORMAT;
        b->left = (uint64_t)digit;
        b->state = SIZE;
        return MOTE_OK;
    case SIZE:
        if (digit >= 0) {
            if (b->left >> 56 || /* no body is 2^60 bytes long */
                (b->left == 0 && ++b->overhead > MAX_OVERHEAD))
                return MOTE_E_FORMAT;
            b->left = b->left << 4 | (uint64_t)digit;
            return MOTE_OK;
        }
        if (c != ';' && c != ' ' && c != '\t' && c != '\r')
            return MOTE_E_FORMAT;
        b->state = c == '\r' ? SIZE_LF : EXTENSION;
        return MOTE_OK;
    case EXTENSION:
        if (c == '\r')
            b->state = SIZE_LF;
        else if (!is_value(c) || ++b->overhead > MAX_OVERHEAD)
            return MOTE_E_FORMAT;
        return MOTE_OK;
    case SIZE_LF:
        b->state = b->left ? DATA : TRAILER_FIRST;
        return c == '\n' ? MOTE_OK : MOTE_E_FORMAT;
    case DATA_CR:
        b->state = DATA_LF;
        return c == '\r' ? MOTE_OK : MOTE_E_FORMAT;
    case DATA_LF:
        b->state = SIZE_FIRST;
        return c == '\n' ? MOTE_OK : MOTE_E_FORMAT;
    case TRAILER_FIRST:
    case TRAILER:
        if (c == '\r')
            b->state = b->state == TRAILER ? TRAILER_LF : LAST_LF;
        else if (!is_value(c) || ++b->overhead > MAX_OVERHEAD)
            return MOTE_E_FORMAT;
        else
            b->state = TRAILER;
        return MOTE_OK;
    case TRAILER_LF:
        b->state = TRAILER_FIRST;
        return c == '\n' ? MOTE_OK : MOTE_E_FORMAT;
    case LAST_LF:
        b->done = true;
        return c == '\n' ? MOTE_OK : MOTE_E_FORMAT;
    case DATA:
        break;
    }
    return MOTE_E_FORMAT;
}

static size_t take_payload(struct mote_http_body *b, struct mote_text raw)
{
    const size_t n = raw.n < b->left ? raw.n : (size_t)b->left;
    b->left -= n;
    return n;
}

enum mote_status mote_http_body_take(struct mote_http_body *body,
                                     struct mote_text raw, size_t *used,
                                     struct mote_text *payload)
{
    *payload = (struct mote_text){raw.at, 0};
    *used = 0;
    switch (body->framing) {
    case MOTE_HTTP_UNTIL_CLOSE:
        *used = payload->n = raw.n;
        return MOTE_OK;
    case MOTE_HTTP_COUNTED:
        *used = payload->n = take_payload(body, raw);
        body->done = body->left == 0;
        return MOTE_OK;
    case MOTE_HTTP_CHUNKED:
        break;
    }
    while (*used < raw.n && !body->done && body->state != DATA) {
        const enum mote_status s = chunk_step(body, raw.at[*used]);
        if (s != MOTE_OK)
            return s;
        ++*used;
    }
    if (body->state == DATA) {
        payload->at = raw.at + *used;
        payload->n =
            take_payload(body, (struct mote_text){payload->at, raw.n - *used});
        *used += payload->n;
        if (body->left == 0)
            body->state = DATA_CR;
    }
    return MOTE_OK;
}
