/*
 * test/net/client.c - the clients of net/ as a program, for tests in Python.
 *
 * in      commands on standard input, one a line, words between tabs:
 *           seconds N             deadline of each later command, from its
 * start limit N               longest body ahead N               S3's clock is
 * believed N seconds ahead resolve HOST fetch URL FILE get BUCKET KEY FILE
 * [FIRST BYTES] match ETAG            If-Match of the next get; unless ETAG
 * likewise put BUCKET KEY FILE TYPE [absent] list BUCKET PREFIX PAGE S3's
 * settings come from the environment out     one line of JSON for each
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/environment.h"
#include "core/base/json_write.h"
#include "net/s3.h"
#include "net/tls_secure.h"

extern char **environ;

static struct mote_resolver resolver;
static struct mote_trust trust;
static struct mote_tls tls;
static struct mote_secure secure;
static struct mote_fetch fetch;
static struct mote_credentials credentials;
static struct mote_s3 s3;
static struct mote_s3_answer answer;
static struct mote_where where;
static char reply[16 << 20];
static struct mote_json_out out;
static uint64_t limit = UINT64_MAX, seconds = 10;
static struct mote_text if_match, if_none_match;

/* A body into a file; a try that begins again begins it again. */
static enum mote_status begin(void *context, const struct mote_http_head *head)
{
    FILE *file = context;

    (void)head;
    rewind(file);
    /* EINVAL: a device */
    return ftruncate(fileno(file), 0) == 0 || errno == EINVAL ? MOTE_OK
                                                              : MOTE_E_IO;
}

static enum mote_status take(void *context, struct mote_text run)
{
    return fwrite(run.at, 1, run.n, context) == run.n ? MOTE_OK : MOTE_E_IO;
}

static enum mote_status each(void *context, const struct mote_s3_entry *entry)
{
    (void)context;
    mote_json_put_open(&out, '[');
    mote_json_put_string(&out, entry->key);
    mote_json_put_uint(&out, entry->bytes);
    mote_json_put_string(&out, entry->etag);
    mote_json_put_string(&out, entry->modified);
    mote_json_put_close(&out, ']');
    return MOTE_OK;
}

static const char *name_of(enum mote_status status)
{
    switch (status) {
#define X(name, value, text)                                                   \
    case name:                                                                 \
        return #name;
        MOTE_STATUS_LIST(X)
#undef X
    }
    return "?";
}

static void put_answer(const struct mote_fetch_answer *a)
{
    mote_json_put_member(&out, MOTE_TEXT("step"),
                         mote_fetch_step_text(a->step));
    mote_json_put_key(&out, MOTE_TEXT("http"));
    mote_json_put_uint(&out, (uint64_t)a->head.status);
    mote_json_put_key(&out, MOTE_TEXT("bytes"));
    mote_json_put_uint(&out, a->bytes);
    mote_json_put_key(&out, MOTE_TEXT("dns_code"));
    mote_json_put_uint(&out, a->dns_code);
    mote_json_put_member(&out, MOTE_TEXT("words"), a->message);
    mote_json_put_member(&out, MOTE_TEXT("kept"), a->kept);
}

static void put_where(const struct mote_where *w)
{
    if (!w->expected)
        return;
    mote_json_put_member(&out, MOTE_TEXT("field"), w->field);
    mote_json_put_member(&out, MOTE_TEXT("got"), w->got);
    mote_json_put_member(&out, MOTE_TEXT("expected"),
                         mote_text_of(w->expected));
}

static enum mote_status do_resolve(struct mote_text host, uint64_t until)
{
    struct mote_addresses found = {.count = 0};
    const enum mote_status s = mote_resolve(&resolver, host, 80, until, &found);

    mote_json_put_key(&out, MOTE_TEXT("addresses"));
    mote_json_put_open(&out, '[');
    for (size_t i = 0; i < found.count; i++) {
        char text[40];
        size_t n = 0;
        for (size_t k = 0; k < (found.at[i].v6 ? 16u : 4u); k++)
            n += (size_t)sprintf(text + n, "%02x", found.at[i].ip[k]);
        mote_json_put_string(&out, (struct mote_text){text, n});
    }
    mote_json_put_close(&out, ']');
    mote_json_put_key(&out, MOTE_TEXT("dns_code"));
    mote_json_put_uint(&out, found.code);
    return s;
}

static enum mote_status do_fetch(struct mote_text url, const char *path,
                                 uint64_t until)
{
    static struct mote_fetch_answer a;
    FILE *file = fopen(path, "wb");
    const struct mote_sink sink = {file, begin, take};

    where.expected = NULL;
    const enum mote_status s =
        mote_fetch_get(&fetch, url, MOTE_TEXT("Accept: */*\r\n"), limit, until,
                       &sink, &a, &where);
    fclose(file);
    put_answer(&a);
    put_where(&where);
    mote_json_put_key(&out, MOTE_TEXT("tries"));
    mote_json_put_uint(&out, a.tries);
    return s;
}

static void put_s3(void)
{
    put_answer(&answer.http);
    put_where(&answer.where);
    mote_json_put_member(&out, MOTE_TEXT("code"), answer.code);
    mote_json_put_member(&out, MOTE_TEXT("message"), answer.message);
    mote_json_put_member(&out, MOTE_TEXT("request_id"), answer.request_id);
    mote_json_put_member(&out, MOTE_TEXT("etag"), answer.etag);
    mote_json_put_member(&out, MOTE_TEXT("region"),
                         (struct mote_text){s3.region, s3.region_bytes});
    mote_json_put_key(&out, MOTE_TEXT("tries"));
    mote_json_put_uint(&out, answer.tries);
}

static enum mote_status do_get(char **word, unsigned words, uint64_t until)
{
    FILE *file = fopen(word[3], "wb");
    const struct mote_sink sink = {file, begin, take};
    const struct mote_s3_get get = {
        .object = {mote_text_of(word[1]), mote_text_of(word[2])},
        .first = words > 5 ? strtoull(word[4], NULL, 10) : 0,
        .bytes = words > 5 ? strtoull(word[5], NULL, 10) : 0,
        .if_match = if_match,
        .if_none_match = if_none_match,
        .limit = limit,
        .deadline_ms = until,
    };

    const enum mote_status s = mote_s3_get(&s3, &get, &sink, &answer);
    if_match = if_none_match = (struct mote_text){0};
    fclose(file);
    put_s3();
    return s;
}

static enum mote_status do_put(char **word, unsigned words, uint64_t until)
{
    static char bytes[16 << 20];
    FILE *file = fopen(word[3], "rb");
    const size_t n = fread(bytes, 1, sizeof bytes, file);
    const struct mote_s3_put put = {
        .object = {mote_text_of(word[1]), mote_text_of(word[2])},
        .type = mote_text_of(word[4]),
        .body = {bytes, n},
        .if_absent = words > 5,
        .deadline_ms = until,
    };

    fclose(file);
    const enum mote_status s = mote_s3_put(&s3, &put, &answer);
    put_s3();
    return s;
}

static enum mote_status do_list(char **word, uint64_t until)
{
    const struct mote_s3_list list = {
        .bucket = mote_text_of(word[1]),
        .prefix = mote_text_of(word[2]),
        .page = (unsigned)strtoul(word[3], NULL, 10),
        .deadline_ms = until,
        .each = each,
    };
    struct mote_s3_cursor cursor = {.more = false};

    mote_json_put_key(&out, MOTE_TEXT("objects"));
    mote_json_put_open(&out, '[');
    enum mote_status s;
    do
        s = mote_s3_list(&s3, &list, &cursor, &answer);
    while (s == MOTE_OK && cursor.more);
    mote_json_put_close(&out, ']');
    put_s3();
    return s;
}

static enum mote_status begin_s3(void)
{
    enum mote_status s = mote_credentials_begin(&credentials, environ, &where);

    if (s == MOTE_OK)
        s = mote_s3_begin(&s3, &fetch, &credentials, environ, &where);
    if (s != MOTE_OK)
        put_where(&where);
    return s;
}

static enum mote_status run(char **word, unsigned words)
{
    const uint64_t until = mote_now_ms() + seconds * 1000;
    static bool begun;
    static char etag[256];

    answer.where.expected = NULL;
    if (!strcmp(word[0], "resolve"))
        return do_resolve(mote_text_of(word[1]), until);
    if (!strcmp(word[0], "fetch"))
        return do_fetch(mote_text_of(word[1]), word[2], until);
    if (!strcmp(word[0], "seconds"))
        seconds = strtoull(word[1], NULL, 10);
    else if (!strcmp(word[0], "limit"))
        limit = strtoull(word[1], NULL, 10);
    else if (!strcmp(word[0], "match"))
        if_match = mote_text_of(strcpy(etag, word[1]));
    else if (!strcmp(word[0], "unless"))
        if_none_match = mote_text_of(strcpy(etag, word[1]));
    else {
        const enum mote_status s = begun ? MOTE_OK : begin_s3();
        begun = s == MOTE_OK;
        if (!begun)
            return s;
        if (!strcmp(word[0], "get"))
            return do_get(word, words, until);
        if (!strcmp(word[0], "put"))
            return do_put(word, words, until);
        if (!strcmp(word[0], "list"))
            return do_list(word, until);
        if (!strcmp(word[0], "ahead"))
            s3.ahead_s = strtoll(word[1], NULL, 10);
        else if (!strcmp(word[0], "in-host"))
            s3.path_style = false;
        else
            return MOTE_E_SCHEMA;
    }
    return MOTE_OK;
}

int main(void)
{
    static char line[16384];

    if (mote_resolver_open(&resolver,
                           mote_environment(environ, MOTE_TEXT("MOTE_DNS"))) !=
        MOTE_OK)
        return 2;
    mote_trust_begin(&trust, mote_trust_builtin, mote_trust_builtin_count);
    const char *file = getenv(MOTE_TRUST_VARIABLE);
    if (file && mote_trust_add_file(&trust, file, &where) != MOTE_OK)
        return 2;
    mote_tls_begin(&tls, &trust);
    secure = mote_tls_secure(&tls);
    mote_fetch_begin(&fetch, &resolver, &secure);
    while (fgets(line, sizeof line, stdin)) {
        char *word[8];
        unsigned words = 0;

        for (char *at = line; at && words < 8;) {
            word[words++] = at;
            at = strpbrk(at, "\t\n");
            if (at && *at == '\n')
                *at = '\0', at = NULL;
            else if (at)
                *at++ = '\0';
        }
        const uint64_t start = mote_now_ms();
        mote_json_out_begin(&out, reply, sizeof reply - 1);
        mote_json_put_open(&out, '{');
        const enum mote_status s = run(word, words);
        mote_json_put_member(&out, MOTE_TEXT("status"),
                             mote_text_of(name_of(s)));
        mote_json_put_key(&out, MOTE_TEXT("ms"));
        mote_json_put_uint(&out, mote_now_ms() - start);
        mote_json_put_close(&out, '}');
        reply[out.n] = '\n';
        fwrite(reply, 1, out.n + 1, stdout);
        fflush(stdout);
    }
    mote_fetch_close(&fetch);
    return 0;
}
