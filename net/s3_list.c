/* net/s3_list.c - see net/s3.h */
#include "core/base/number.h"
#include "net/http_write.h"
#include "net/s3_request.h"
#include "net/xml.h"

struct page {
    const struct mote_s3_list *list;
    struct mote_xml xml;
    bool again;                 /* this page came before, at least in part */
    bool whole;                 /* no text of the entry was too long       */
    struct mote_s3_cursor next; /* of the page that follows                */
    uint64_t bytes;
    size_t key_n, etag_n, modified_n, last_n;
    char key[MOTE_S3_KEY], etag[128], modified[32];
    char last[MOTE_S3_KEY]; /* key given out before */
};

static void copy(struct page *p, char *to, size_t room, size_t *n,
                 struct mote_text value)
{
    if (value.n > room)
        p->whole = false;
    *n = value.n > room ? 0 : value.n;
    if (*n)
        memcpy(to, value.at, *n);
}

static int compare(struct mote_text a, struct mote_text b)
{
    const int order = memcmp(a.at, b.at, a.n < b.n ? a.n : b.n);
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

/* After a page that broke off its keys come again: those that were given out
 * before are not given out twice. */
static enum mote_status give_out(struct page *p)
{
    const struct mote_s3_entry entry = {
        .key = {p->key, p->key_n},
        .etag = {p->etag, p->etag_n},
        .modified = {p->modified, p->modified_n},
        .bytes = p->bytes,
    };

    if (!p->whole || p->key_n == 0)
        return MOTE_E_FORMAT;
    if (p->again && p->last_n &&
        compare(entry.key, (struct mote_text){p->last, p->last_n}) <= 0)
        return MOTE_OK;
    memcpy(p->last, p->key, p->key_n);
    p->last_n = p->key_n;
    return p->list->each(p->list->context, &entry);
}

static enum mote_status list_element(void *context,
                                     const struct mote_xml_element *e)
{
    struct page *p = context;

    if (mote_text_equal(e->parent, MOTE_TEXT("Contents"))) {
        p->whole = p->whole && e->whole;
        if (mote_text_equal(e->name, MOTE_TEXT("Key")))
            copy(p, p->key, sizeof p->key, &p->key_n, e->value);
        else if (mote_text_equal(e->name, MOTE_TEXT("ETag")))
            copy(p, p->etag, sizeof p->etag, &p->etag_n, e->value);
        else if (mote_text_equal(e->name, MOTE_TEXT("LastModified")))
            copy(p, p->modified, sizeof p->modified, &p->modified_n, e->value);
        else if (mote_text_equal(e->name, MOTE_TEXT("Size")))
            return mote_uint_read(e->value, &p->bytes);
        return MOTE_OK;
    }
    if (!mote_text_equal(e->parent, MOTE_TEXT("ListBucketResult")))
        return MOTE_OK;
    if (mote_text_equal(e->name, MOTE_TEXT("Contents"))) {
        const enum mote_status s = give_out(p);
        p->whole = true;
        p->key_n = p->etag_n = p->modified_n = 0;
        return s;
    }
    if (mote_text_equal(e->name, MOTE_TEXT("IsTruncated")))
        p->next.more = mote_text_equal(e->value, MOTE_TEXT("true"));
    if (mote_text_equal(e->name, MOTE_TEXT("NextContinuationToken"))) {
        p->whole = p->whole && e->whole;
        copy(p, p->next.token, sizeof p->next.token, &p->next.token_bytes,
             e->value);
    }
    return MOTE_OK;
}

static enum mote_status list_begin(void *context,
                                   const struct mote_http_head *head)
{
    struct page *p = context;

    (void)head;
    p->whole = true;
    p->next.more = false;
    p->key_n = p->etag_n = p->modified_n = p->next.token_bytes = 0;
    mote_xml_begin(&p->xml, list_element, p);
    return MOTE_OK;
}

/* A page that breaks off has set `again` before it comes another time. */
static enum mote_status list_take(void *context, struct mote_text run)
{
    struct page *p = context;
    const enum mote_status s = mote_xml_take(&p->xml, run);

    p->again = true;
    return s;
}

static void put_list_query(struct mote_http_out *out,
                           const struct mote_s3_list *list,
                           struct mote_text token)
{
    out->n = 0;
    if (token.n) {
        mote_http_put(out, MOTE_TEXT("continuation-token="));
        mote_http_put_escaped(out, token, 0);
        mote_http_put(out, MOTE_TEXT("&"));
    }
    mote_http_put(out, MOTE_TEXT("list-type=2"));
    if (list->page) {
        mote_http_put(out, MOTE_TEXT("&max-keys="));
        mote_http_put_uint(out, list->page);
    }
    mote_http_put(out, MOTE_TEXT("&prefix="));
    mote_http_put_escaped(out, list->prefix, 0);
}

enum mote_status mote_s3_list(struct mote_s3 *s3,
                              const struct mote_s3_list *list,
                              struct mote_s3_cursor *cursor,
                              struct mote_s3_answer *answer)
{
    /* each byte of prefix and token may become three */
    char query[3 * (MOTE_S3_KEY + MOTE_XML_VALUE) + 128];
    struct page page = {.list = list};
    const struct mote_sink sink = {&page, list_begin, list_take};
    struct mote_http_out out = {.at = query, .cap = sizeof query};
    struct mote_s3_request r = {
        .method = MOTE_TEXT("GET"),
        .lists = true,
        .object = {.bucket = list->bucket},
        .payload = mote_s3_empty_payload,
        .sink = &sink,
        .limit = UINT64_MAX,
        .deadline_ms = list->deadline_ms,
    };

    mote_s3_answer_begin(answer);
    if (list->prefix.n > MOTE_S3_KEY)
        return mote_s3_refuse(&answer->where, MOTE_TEXT("prefix"), list->prefix,
                              "at most 1024 bytes");
    put_list_query(&out, list,
                   (struct mote_text){cursor->token, cursor->token_bytes});
    r.query = mote_http_written(&out);
    enum mote_status s = mote_s3_request_run(s3, &r, answer);
    if (s == MOTE_OK)
        s = mote_xml_end(&page.xml);
    if (s == MOTE_OK &&
        (!page.whole || (page.next.more && !page.next.token_bytes)))
        s = MOTE_E_FORMAT;
    if (s == MOTE_OK)
        *cursor = page.next;
    return s;
}
