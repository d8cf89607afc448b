/* net/credentials.c - see net/credentials.h */
#include "net/credentials.h"
#include "core/base/environment.h"
#include "core/base/json_read.h"
#include "core/base/time.h"
#include "net/http_write.h"

#include <string.h>
#include <time.h>

static enum mote_status refuse(struct mote_where *where, struct mote_text field,
                               const char *expected)
{
    where->field = field;
    where->expected = expected;
    where->got = (struct mote_text){0}; /* may hold a secret */
    return MOTE_E_FORMAT;
}

/* What stands in a head must not end a line of it. */
static bool is_visible(struct mote_text text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.at[i] <= 0x20 ||
            (unsigned char)text.at[i] >= 0x7F)
            return false;
    return true;
}

/* The variables that are put into heads, as they are. */
static enum mote_status check(const struct mote_credentials *c,
                              struct mote_where *where)
{
    const struct {
        struct mote_text name, value;
    } variables[] = {
        {MOTE_TEXT("AWS_ACCESS_KEY_ID"), c->key_id},
        {MOTE_TEXT("AWS_SECRET_ACCESS_KEY"), c->secret},
        {MOTE_TEXT("AWS_SESSION_TOKEN"), c->token},
        {MOTE_TEXT("AWS_CONTAINER_AUTHORIZATION_TOKEN"), c->authorization},
    };

    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        if (!is_visible(variables[i].value))
            return refuse(where, variables[i].name,
                          "printable ASCII without blanks and line ends");
    return MOTE_OK;
}

enum mote_status mote_credentials_begin(struct mote_credentials *credentials,
                                        char *const *environment,
                                        struct mote_where *where)
{
    struct mote_credentials *c = credentials;

    c->key_id = mote_environment(environment, MOTE_TEXT("AWS_ACCESS_KEY_ID"));
    c->secret =
        mote_environment(environment, MOTE_TEXT("AWS_SECRET_ACCESS_KEY"));
    c->token = mote_environment(environment, MOTE_TEXT("AWS_SESSION_TOKEN"));
    c->uri = c->authorization = (struct mote_text){0};
    c->expires_s = MOTE_CREDENTIALS_NEVER;
    where->got = MOTE_TEXT("nothing");
    if (c->key_id.n && c->secret.n)
        return check(c, where);
    if (c->key_id.n || c->secret.n) {
        where->field = c->key_id.n ? MOTE_TEXT("AWS_SECRET_ACCESS_KEY")
                                   : MOTE_TEXT("AWS_ACCESS_KEY_ID");
        where->expected = "both of the two, or neither";
        return MOTE_E_SCHEMA;
    }
    c->secret = c->token = (struct mote_text){0};
    c->uri = mote_environment(environment,
                              MOTE_TEXT("AWS_CONTAINER_CREDENTIALS_FULL_URI"));
    c->authorization = mote_environment(
        environment, MOTE_TEXT("AWS_CONTAINER_AUTHORIZATION_TOKEN"));
    if (c->uri.n)
        return check(c, where);
    where->field = MOTE_TEXT("AWS_ACCESS_KEY_ID");
    where->expected = "a key, or AWS_CONTAINER_CREDENTIALS_FULL_URI to be set";
    return MOTE_E_SCHEMA;
}

/* ------------------------------------------------------------------------
 * The endpoint.
 */
struct collected {
    size_t n;
    char at[MOTE_CREDENTIALS_TEXT];
};

static enum mote_status begin(void *context, const struct mote_http_head *head)
{
    struct collected *c = context;

    (void)head;
    c->n = 0;
    return MOTE_OK;
}

static enum mote_status take(void *context, struct mote_text run)
{
    struct collected *c = context;

    memcpy(c->at + c->n, run.at, run.n); /* fetched with that limit */
    c->n += run.n;
    return MOTE_OK;
}

/* Moves a string of the answer, escapes resolved, to where it stays. */
static struct mote_text keep(struct mote_credentials *c, size_t *used,
                             struct mote_text value)
{
    const struct mote_text kept = {c->text + *used,
                                   mote_json_unescape(c->text + *used, value)};

    *used += kept.n;
    return kept;
}

static enum mote_status read_answer(struct mote_credentials *c,
                                    struct mote_text text,
                                    struct mote_where *where)
{
    struct mote_text key_id = {0}, secret = {0}, token = {0}, expiration = {0};
    struct mote_json json;
    struct mote_json_token t;
    enum mote_status s;
    int64_t expires_s;
    size_t used = 0;

    mote_json_begin(&json, text);
    for (s = mote_json_next(&json, &t, where);
         s == MOTE_OK && t.type != MOTE_JSON_DONE;
         s = mote_json_next(&json, &t, where)) {
        if (t.type != MOTE_JSON_STRING || json.depth != 1)
            continue;
        if (mote_json_key_is(&t, MOTE_TEXT("AccessKeyId")))
            key_id = t.text;
        if (mote_json_key_is(&t, MOTE_TEXT("SecretAccessKey")))
            secret = t.text;
        if (mote_json_key_is(&t, MOTE_TEXT("Token")))
            token = t.text;
        if (mote_json_key_is(&t, MOTE_TEXT("Expiration")))
            expiration = t.text;
    }
    if (s != MOTE_OK)
        return refuse(where, MOTE_TEXT("credentials"), "an object of JSON");
    if (key_id.n == 0 || secret.n == 0 || token.n == 0)
        return refuse(where, MOTE_TEXT("credentials"),
                      "AccessKeyId, SecretAccessKey and Token");
    if (mote_time_read(expiration, &expires_s) != MOTE_OK)
        return refuse(where, MOTE_TEXT("Expiration"), "a time of RFC 3339");
    key_id = keep(c, &used, key_id); /* together shorter than the answer */
    secret = keep(c, &used, secret);
    token = keep(c, &used, token);
    c->key_id = (struct mote_text){0};
    if (!is_visible(key_id) || !is_visible(secret) || !is_visible(token))
        return refuse(where, MOTE_TEXT("credentials"), "printable ASCII");
    c->key_id = key_id;
    c->secret = secret;
    c->token = token;
    c->expires_s = expires_s;
    return MOTE_OK;
}

/* Secrets in plain text only where no network is. */
static enum mote_status check_uri(struct mote_text uri,
                                  struct mote_where *where)
{
    static const uint8_t hosts[][4] = {{169, 254, 170, 2}, {169, 254, 170, 23}};
    struct mote_endpoint to;
    struct mote_url url;
    const enum mote_status s = mote_url_parse(&url, uri, where);

    if (s != MOTE_OK || url.secure ||
        mote_text_equal_nocase(url.host, MOTE_TEXT("localhost")))
        return s;
    if (mote_endpoint_read(&to, url.host)) {
        if (!to.v6 && to.ip[0] == 127)
            return MOTE_OK;
        if (to.v6 && to.ip[15] == 1 && memcmp(to.ip, (uint8_t[15]){0}, 15) == 0)
            return MOTE_OK;
        for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
            if (!to.v6 && memcmp(to.ip, hosts[i], 4) == 0)
                return MOTE_OK;
    }
    where->got = url.host;
    where->expected = "https, or an address of this machine";
    return MOTE_E_FORMAT;
}

static enum mote_status ask(struct mote_credentials *c,
                            struct mote_fetch *fetch, uint64_t deadline_ms,
                            struct mote_fetch_answer *answer,
                            struct mote_where *where)
{
    char fields[2048];
    struct collected collected = {.n = 0};
    const struct mote_sink sink = {&collected, begin, take};
    struct mote_http_out out = {.at = fields, .cap = sizeof fields};

    where->field = MOTE_TEXT("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    enum mote_status s = check_uri(c->uri, where);
    if (s != MOTE_OK)
        return s;
    if (c->authorization.n)
        mote_http_put_field(&out, MOTE_TEXT("Authorization"), c->authorization);
    if (out.full)
        return MOTE_E_SPACE;
    s = mote_fetch_get(fetch, c->uri, mote_http_written(&out),
                       MOTE_CREDENTIALS_TEXT, deadline_ms, &sink, answer,
                       where);
    if (s == MOTE_OK)
        s = read_answer(c, (struct mote_text){collected.at, collected.n},
                        where);
    explicit_bzero(&collected, sizeof collected);
    explicit_bzero(fields, sizeof fields);
    return s;
}

enum mote_status mote_credentials_ready(struct mote_credentials *credentials,
                                        struct mote_fetch *fetch,
                                        uint64_t deadline_ms,
                                        struct mote_fetch_answer *answer,
                                        struct mote_where *where)
{
    const int64_t now = (int64_t)time(NULL);
    const bool any = credentials->key_id.n != 0;

    if (any && now + MOTE_CREDENTIALS_SPARE_S < credentials->expires_s)
        return MOTE_OK;
    const enum mote_status s =
        ask(credentials, fetch, deadline_ms, answer, where);
    return any && credentials->key_id.n && now < credentials->expires_s
               ? MOTE_OK
               : s;
}
