/* core/function/outside_model.c - a model from outside: see
 * core/function/outside.h */
#include <sys/auxv.h>

#include "core/base/environment.h"
#include "core/base/number.h"
#include "core/base/url.h"
#include "core/function/loaded.h"
#include "core/function/predict.h"
#include "core/function/results.h"

#define REFRESH_MS 10000 /* to look for another model, at most */

static struct {
    struct mote_load load;
    struct mote_loaded current;
    struct mote_outside_answer answer;
    uint64_t refresh_us; /* 0: never                         */
    uint64_t looked_us;  /* mote_clock_us of the last look   */
} outside;

static void log_about(struct mote_function *f, enum mote_level level,
                      struct mote_text message)
{
    struct mote_log_line line;

    if (!mote_log_begin(&line, f->log, level, message))
        return;
    mote_results_put_model(f->model, &line.json);
    mote_log_end(&line, f->log);
}

/* Puts the new model in the old one's place. */
static void swap(struct mote_function *f, struct mote_loaded *next)
{
    mote_unload(&outside.current);
    outside.current = *next;
    f->model = &outside.current.model;
    f->arena = outside.current.arena;
    f->kept = NULL; /* decoded weights are those of another file */
}

/* Looks for a model; what there is goes on when there is none, or no good one.
 */
static void look(struct mote_function *f, bool first)
{
    struct mote_loaded next = {0};
    const enum mote_status s = mote_load(
        &outside.load, first ? NULL : &outside.current, &next, &outside.answer);

    outside.looked_us = mote_clock_us();
    if (s != MOTE_OK) {
        log_about(f, MOTE_ERROR, outside.answer.message);
        return;
    }
    if (!next.file)
        return;
    swap(f, &next);
    log_about(f, MOTE_INFO, MOTE_TEXT("model loaded from outside"));
}

/* ------------------------------------------------------------------------
 * Settings
 */
static bool read_uint(char *const *environment, struct mote_text name,
                      uint64_t most, uint64_t *value, struct mote_where *where)
{
    const struct mote_text text = mote_environment(environment, name);

    where->field = name;
    where->expected = "a number of bytes, or of seconds, above 0";
    where->got = text;
    return !text.n ||
           (mote_uint_read(text, value) == MOTE_OK && *value && *value <= most);
}

static bool is_hexadecimal(struct mote_text text)
{
    for (size_t i = 0; i < text.n; i++) {
        const char c = text.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
              (c >= 'A' && c <= 'F')))
            return false;
    }
    return true;
}

static bool is_etag(struct mote_text text)
{
    if (text.n > MOTE_OUTSIDE_ETAG || text.n < 2 || text.at[text.n - 1] != '"')
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (text.at[i] <= ' ' || text.at[i] > '~')
            return false;
    return true;
}

/* What pins the bytes that are taken. */
static enum mote_status read_pins(struct mote_load *load,
                                  char *const *environment,
                                  struct mote_where *where)
{
    load->sha256 =
        mote_environment(environment, MOTE_TEXT("MOTE_MODEL_SHA256"));
    where->field = MOTE_TEXT("MOTE_MODEL_SHA256");
    where->expected = "64 hexadecimal digits";
    where->got = load->sha256;
    if (load->sha256.n &&
        (load->sha256.n != 64 || !is_hexadecimal(load->sha256)))
        return MOTE_E_SCHEMA;
    load->etag = mote_environment(environment, MOTE_TEXT("MOTE_MODEL_ETAG"));
    where->field = MOTE_TEXT("MOTE_MODEL_ETAG");
    where->expected = "an ETag with its quotes, of at most 128 bytes";
    where->got = load->etag;
    if (load->etag.n && !is_etag(load->etag))
        return MOTE_E_SCHEMA;
    load->version =
        mote_environment(environment, MOTE_TEXT("MOTE_MODEL_VERSION"));
    where->field = MOTE_TEXT("MOTE_MODEL_VERSION");
    where->expected = "it only of an object of S3";
    where->got = load->version;
    return load->version.n && !mote_text_starts(load->url, MOTE_TEXT("s3://"))
               ? MOTE_E_SCHEMA
               : MOTE_OK;
}

enum mote_status mote_outside_model(struct mote_function *f,
                                    char *const *environment,
                                    struct mote_where *where)
{
    struct mote_load *load = &outside.load;
    uint64_t refresh_s = 0;

    load->url = mote_environment(environment, MOTE_TEXT("MOTE_MODEL"));
    if (!load->url.n)
        return MOTE_OK;
    load->environment = environment;
    load->max = MOTE_LOADED_MAX;
    where->field = MOTE_TEXT("MOTE_MODEL");
    where->expected = "s3://BUCKET/KEY or https://...";
    where->got = mote_url_shown(load->url);
    if (!mote_text_starts(load->url, MOTE_TEXT("s3://")) &&
        !mote_text_starts(load->url, MOTE_TEXT("https://")))
        return MOTE_E_SCHEMA;
    if (read_pins(load, environment, where) != MOTE_OK)
        return MOTE_E_SCHEMA;
    if (!read_uint(environment, MOTE_TEXT("MOTE_MODEL_MAX"), UINT64_C(1) << 40,
                   &load->max, where) ||
        !read_uint(environment, MOTE_TEXT("MOTE_MODEL_REFRESH"), 31622400,
                   &refresh_s, where))
        return MOTE_E_SCHEMA;
    outside.refresh_us = refresh_s * 1000000;
    load->cpu = mote_cpu_flags(getauxval(AT_HWCAP), getauxval(AT_HWCAP2));
    load->deadline_ms = mote_clock_wall_us() / 1000 + REFRESH_MS;
    look(f, true);
    return MOTE_OK;
}

void mote_outside_model_refresh(struct mote_function *f, uint64_t deadline_ms)
{
    const uint64_t now_us = mote_clock_us();
    const uint64_t now_ms = mote_clock_wall_us() / 1000;

    if (!outside.refresh_us || now_us - outside.looked_us < outside.refresh_us)
        return;
    outside.load.deadline_ms = now_ms + REFRESH_MS;
    if (deadline_ms && deadline_ms < now_ms + 2 * REFRESH_MS)
        outside.load.deadline_ms = now_ms / 2 + deadline_ms / 2;
    look(f, false);
}
