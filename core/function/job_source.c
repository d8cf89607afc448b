/* core/function/job_source.c - see core/function/job_source.h */
#include "core/function/job_source.h"
#include "core/function/job_taker.h"

#include <string.h>

/* ------------------------------------------------------------------------
 * What went wrong
 */
bool mote_job_refuse_failure(struct mote_job_work *w,
                             const struct mote_failure *failure)
{
    (void)mote_failure_message(failure, false, w->room->words);
    w->told = true;
    return false;
}

bool mote_job_refuse(struct mote_job_work *w, enum mote_status status,
                     const struct mote_where *where)
{
    struct mote_failure failure;

    mote_failure_input(&failure, status, where);
    return mote_job_refuse_failure(w, &failure);
}

bool mote_job_refuse_text(struct mote_job_work *w, struct mote_text text)
{
    const size_t most = sizeof w->room->words - 1;
    const size_t n = text.n < most ? text.n : most;

    memcpy(w->room->words, text.at, n);
    w->room->words[n] = '\0';
    w->told = true;
    return false;
}

bool mote_job_in_time(struct mote_job_work *w)
{
    const uint64_t deadline = w->f->deadline_ms;

    return !deadline ||
           mote_clock_wall_us() / 1000 + MOTE_OUTSIDE_SPARE_MS <= deadline ||
           mote_job_refuse_text(w,
                                MOTE_TEXT("no time was left of the invocation; "
                                          "raise its timeout"));
}

static bool expect(struct mote_job_work *w, struct mote_text field,
                   const char *expected, struct mote_text got)
{
    const struct mote_where where = {
        .row = MOTE_NO_ROW, .field = field, .expected = expected, .got = got};
    return mote_job_refuse(w, MOTE_E_SCHEMA, &where);
}

/* Puts "OBJECT: " before the words: of many, the one that they are about. */
static void name_object(struct mote_job_work *w, struct mote_text object)
{
    char *words = w->room->words;
    const size_t most = sizeof w->room->words - 1, had = strlen(words);
    const size_t n = object.n < most / 2 ? object.n : most / 2;
    const size_t kept = had < most - n - 2 ? had : most - n - 2;

    memmove(words + n + 2, words, kept);
    memcpy(words, object.at, n);
    memcpy(words + n, ": ", 2);
    words[n + 2 + kept] = '\0';
}

bool mote_job_fill_url(struct mote_job_work *w, uint32_t i,
                       struct mote_text *url)
{
    const struct mote_template_values values = {
        .model = w->own,
        .target = w->target,
        .time = w->time,
        .environment = w->f->environment,
    };
    struct mote_text missing;

    url->at = w->room->url;
    url->n = mote_template_fill(&values, i, w->room->url, sizeof w->room->url,
                                &missing);
    if (url->n)
        return true;
    if (missing.n)
        return expect(w, missing, "this variable in the function's environment",
                      MOTE_TEXT("none"));
    return mote_job_refuse_text(
        w, MOTE_TEXT("expected an address of up to 2048 bytes"));
}

/* ------------------------------------------------------------------------
 * A body
 */
struct source {
    struct mote_job_work *w;
    const struct mote_job_taker *taker;
    size_t n; /* bytes of JSON */
};

/* What a failed try has read is forgotten. */
static enum mote_status begin_body(void *context, uint64_t bytes)
{
    struct source *source = context;
    struct mote_job_work *w = source->w;
    const struct mote_table_reader reader = {
        .context = w,
        .columns = source->taker->columns(w),
        .name = source->taker->column,
        .take = source->taker->record,
    };

    (void)bytes;
    source->n = 0;
    if (w->job->format != MOTE_JOB_CSV)
        return MOTE_OK; /* looked at when it is whole */
    mote_table_csv_begin(&w->room->csv, &reader, (char)w->job->separator,
                         w->room->record, sizeof w->room->record);
    return source->taker->undo(w) ? MOTE_OK : MOTE_E_SPACE;
}

/* What the table's reader says; what takes its records has told by itself. */
static bool tell_csv(struct mote_job_work *w, enum mote_status status,
                     const struct mote_where *where)
{
    return status == MOTE_OK || (!w->told && mote_job_refuse(w, status, where));
}

static enum mote_status take_csv(void *context, struct mote_text run)
{
    struct source *source = context;
    struct mote_where where = {.row = MOTE_NO_ROW};
    const enum mote_status status =
        mote_table_csv_take(&source->w->room->csv, run, &where);

    return tell_csv(source->w, status, &where) ? MOTE_OK : MOTE_E_SCHEMA;
}

static enum mote_status take_json(void *context, struct mote_text run)
{
    struct source *source = context;
    struct mote_job_room *room = source->w->room;

    if (run.n > sizeof room->json - source->n) {
        (void)mote_job_refuse_text(
            source->w, MOTE_TEXT("expected a source of up to 4 MiB of JSON; a "
                                 "longer one has to be CSV"));
        return MOTE_E_SPACE;
    }
    memcpy(room->json + source->n, run.at, run.n);
    source->n += run.n;
    return MOTE_OK;
}

/* The value that the job's path leads to in a document; false: the words say
 * why not. */
static bool follow_path(struct mote_job_work *w, struct mote_json *j,
                        struct mote_json_token *t)
{
    struct mote_where where = {.row = MOTE_NO_ROW};
    enum mote_status status = mote_json_next(j, t, &where);

    for (uint32_t i = 0; status == MOTE_OK && i < w->job->path_count; i++) {
        const struct mote_text name =
            mote_model_string(w->own, w->job->path + i);
        bool found = false;
        if (t->type != MOTE_JSON_OBJECT)
            return expect(w, name, "an object that has it",
                          mote_json_type_text(t->type));
        while (!found && status == MOTE_OK) {
            status = mote_json_next(j, t, &where);
            if (status != MOTE_OK)
                break;
            if (t->type == MOTE_JSON_END)
                return expect(w, name, "it in the JSON of the source",
                              MOTE_TEXT("none of that name"));
            found = mote_json_key_is(t, name);
            if (!found)
                status = mote_json_skip(j, t, &where);
        }
    }
    return status == MOTE_OK || mote_job_refuse(w, status, &where);
}

/* What was taken as JSON. */
static bool read_json(struct source *source, bool path)
{
    struct mote_job_work *w = source->w;
    struct mote_where where = {.row = MOTE_NO_ROW};
    struct mote_json_token t;
    struct mote_json j;

    mote_json_begin(&j, (struct mote_text){w->room->json, source->n});
    if (path) {
        if (!follow_path(w, &j, &t))
            return false;
    } else {
        const enum mote_status status = mote_json_next(&j, &t, &where);
        if (status != MOTE_OK)
            return mote_job_refuse(w, status, &where);
    }
    return source->taker->json(w, &j, &t) && source->taker->end(w);
}

static bool read_csv(struct source *source)
{
    struct mote_job_work *w = source->w;
    struct mote_where where = {.row = MOTE_NO_ROW};
    const enum mote_status status = mote_table_csv_end(&w->room->csv, &where);

    return tell_csv(w, status, &where) && source->taker->end(w);
}

/* What is at one address. */
static bool read_body(struct source *source, struct mote_text url)
{
    struct mote_job_work *w = source->w;
    struct mote_job_room *room = w->room;
    const bool csv = w->job->format == MOTE_JOB_CSV;
    const struct mote_outside_request request = {
        .url = url,
        .environment = w->f->environment,
        .deadline_ms = w->f->deadline_ms,
        .limit = csv ? UINT64_MAX : MOTE_JOB_JSON_MAX,
        .context = source,
        .begin = begin_body,
        .take = csv ? take_csv : take_json,
    };

    w->told = false;
    if (mote_outside_get(&request, &room->answer) == MOTE_OK)
        return csv ? read_csv(source) : read_json(source, true);
    if (!w->told) {
        (void)mote_job_refuse_text(w, room->answer.message);
        w->told = false; /* by the answer, which names the address */
    }
    return false;
}

/* ------------------------------------------------------------------------
 * Objects below a prefix
 */
static bool is_prefix(struct mote_text url)
{
    return mote_text_starts(url, MOTE_TEXT("s3://")) &&
           (url.at[url.n - 1] == '/' || url.at[url.n - 1] == '*');
}

/* A page of keys in the room: two bytes of length before each. */
struct keys {
    struct mote_job_room *room;
    size_t n;
};

static enum mote_status begin_keys(void *context, uint64_t bytes)
{
    struct keys *keys = context;

    (void)bytes;
    keys->n = 0;
    return MOTE_OK;
}

static enum mote_status take_key(void *context, struct mote_text key)
{
    struct keys *keys = context;
    uint8_t *at = keys->room->keys + keys->n;

    if (key.n + 2 > sizeof keys->room->keys - keys->n)
        return MOTE_E_SPACE;
    at[0] = (uint8_t)key.n;
    at[1] = (uint8_t)(key.n >> 8);
    memcpy(at + 2, key.at, key.n);
    keys->n += key.n + 2;
    return MOTE_OK;
}

/* One object after another of a page; *at is behind the last. */
static bool read_page(struct source *source, const struct keys *keys,
                      struct mote_text bucket)
{
    struct mote_job_room *room = source->w->room;
    const size_t most = sizeof room->object;

    for (size_t i = 0; i < keys->n;) {
        const size_t n = room->keys[i] | (size_t)room->keys[i + 1] << 8;
        const struct mote_text url = {room->object, bucket.n + n};
        if (url.n > most)
            return mote_job_refuse_text(
                source->w, MOTE_TEXT("expected keys of up to 1024 bytes"));
        memcpy(room->object, bucket.at, bucket.n);
        memcpy(room->object + bucket.n, room->keys + i + 2, n);
        if (source->w->job->format == MOTE_JOB_CSV &&
            !source->taker->mark(source->w))
            return false;
        if (!read_body(source, url)) {
            if (source->w->told)
                name_object(source->w, url);
            return false;
        }
        i += n + 2;
    }
    return true;
}

static bool read_prefix(struct source *source, struct mote_text url)
{
    struct mote_job_work *w = source->w;
    struct mote_job_room *room = w->room;
    struct keys keys = {.room = room};
    const struct mote_text scheme = MOTE_TEXT("s3://");
    const char *slash = memchr(url.at + scheme.n, '/', url.n - scheme.n);
    const struct mote_text bucket = {
        url.at, slash ? (size_t)(slash + 1 - url.at) : url.n};
    struct mote_outside_request request = {
        .url = {url.at, url.n - (url.at[url.n - 1] == '*')},
        .environment = w->f->environment,
        .deadline_ms = w->f->deadline_ms,
        .context = &keys,
        .begin = begin_keys,
        .take = take_key,
    };
    bool more = false, any = false;

    do {
        if (mote_outside_list(&request, &more, &room->answer) != MOTE_OK)
            return mote_job_refuse_text(w, room->answer.message);
        if (!read_page(source, &keys, bucket))
            return false;
        any = any || keys.n;
    } while (more);
    return any ||
           expect(w, url, "objects below this prefix", MOTE_TEXT("none"));
}

/* What the event has: a copy, as texts are undone where they stand and the next
 * target reads them again. */
static bool read_event(struct source *source)
{
    const struct mote_job_taker *taker = source->taker;
    struct mote_job_work *w = source->w;

    if (!w->rows.n)
        return expect(w, mote_text_of(taker->member), taker->none,
                      MOTE_TEXT("none"));
    return take_json(source, w->rows) == MOTE_OK && read_json(source, false);
}

bool mote_job_read_source(struct mote_job_work *w)
{
    struct source source = {.w = w, .taker = mote_job_taker_of(w->own)};
    struct mote_text url;

    if (w->job->source == MOTE_NONE)
        return read_event(&source);
    if (!mote_job_fill_url(w, w->job->source, &url))
        return false;
    return is_prefix(url) ? read_prefix(&source, url) : read_body(&source, url);
}
