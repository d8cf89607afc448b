/* core/function/job_source.c - see core/function/job_source.h */
#include "core/function/job_source.h"
#include "core/function/observations.h"

#include <string.h>

/* ------------------------------------------------------------------------
 * What went wrong
 */
bool mote_job_refuse(struct mote_job_work *w, enum mote_status status,
                     const struct mote_where *where)
{
    struct mote_failure failure;

    mote_failure_input(&failure, status, where);
    (void)mote_failure_message(&failure, false, w->room->words);
    return false;
}

bool mote_job_refuse_text(struct mote_job_work *w, struct mote_text text)
{
    const size_t most = sizeof w->room->words - 1;
    const size_t n = text.n < most ? text.n : most;

    memcpy(w->room->words, text.at, n);
    w->room->words[n] = '\0';
    return false;
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

bool mote_job_fill_url(struct mote_job_work *w, const struct mote_model *m,
                       uint32_t i, struct mote_text *url)
{
    const struct mote_template_values values = {
        .model = m,
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
    const struct mote_model *m; /* that brought the job along      */
    size_t scratch;             /* the arena's, before the series  */
    size_t n;                   /* bytes of JSON                   */
    bool told; /* the room's words say what is wrong               */
    /* of CSV below a prefix: the series before the object, to which a try that
     * is made again goes back */
    bool keeps;
    struct mote_series before;
};

/* No observations so far, none later than the schedule. */
static enum mote_status begin_series(struct mote_job_work *w,
                                     const struct mote_model *m)
{
    const struct mote_file_job *job = w->job;
    struct mote_series *s = &w->room->series;
    const enum mote_status status =
        mote_series_begin(s, w->f->model, &w->f->scratch);

    s->until = w->time;
    s->time = mote_model_string(m, job->time);
    s->named_by = m;
    s->names = job->columns;
    return status;
}

/* Of one object alone all is forgotten that a failed try has read. */
static enum mote_status begin_body(void *context, uint64_t bytes)
{
    struct source *source = context;
    struct mote_job_work *w = source->w;
    struct mote_job_room *room = w->room;
    enum mote_status status = MOTE_OK;

    (void)bytes;
    source->n = 0;
    if (source->keeps) {
        mote_series_copy(&room->series, &source->before);
    } else if (w->job->format == MOTE_JOB_CSV) {
        mote_arena_rewind(&w->f->scratch, source->scratch);
        status = begin_series(w, source->m);
    }
    mote_observations_csv_begin(&room->csv, &room->series,
                                (char)w->job->separator, room->record,
                                sizeof room->record);
    return status;
}

static enum mote_status take_csv(void *context, struct mote_text run)
{
    struct source *source = context;
    struct mote_where where = {.row = MOTE_NO_ROW};
    const enum mote_status status =
        mote_observations_csv_take(&source->w->room->csv, run, &where);

    if (status != MOTE_OK) {
        source->told = true;
        (void)mote_job_refuse(source->w, status, &where);
    }
    return status;
}

static enum mote_status take_json(void *context, struct mote_text run)
{
    struct source *source = context;
    struct mote_job_room *room = source->w->room;

    if (run.n > sizeof room->json - source->n) {
        source->told = true;
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
static bool follow_path(struct mote_job_work *w, const struct mote_model *m,
                        struct mote_json *j, struct mote_json_token *t)
{
    struct mote_where where = {.row = MOTE_NO_ROW};
    enum mote_status status = mote_json_next(j, t, &where);

    for (uint32_t i = 0; status == MOTE_OK && i < w->job->path_count; i++) {
        const struct mote_text name = mote_model_string(m, w->job->path + i);
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

static bool read_json(struct mote_job_work *w, const struct mote_model *m,
                      struct mote_text text, bool path)
{
    struct mote_where where = {.row = MOTE_NO_ROW};
    struct mote_json_token t;
    struct mote_json j;

    mote_json_begin(&j, text);
    if (path) {
        if (!follow_path(w, m, &j, &t))
            return false;
    } else {
        const enum mote_status status = mote_json_next(&j, &t, &where);
        if (status != MOTE_OK)
            return mote_job_refuse(w, status, &where);
    }
    const enum mote_status status =
        mote_observations_read(&w->room->series, &j, &t, &where);
    return status == MOTE_OK || mote_job_refuse(w, status, &where);
}

/* What is at one address, into the series. */
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
    struct mote_where where = {.row = MOTE_NO_ROW};

    if (mote_outside_get(&request, &room->answer) != MOTE_OK)
        return source->told ? false
                            : mote_job_refuse_text(w, room->answer.message);
    source->told = true;
    if (!csv)
        return read_json(w, source->m,
                         (struct mote_text){room->json, source->n}, true);
    const enum mote_status status =
        mote_observations_csv_end(&room->csv, &where);
    return status == MOTE_OK || mote_job_refuse(w, status, &where);
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

/* Keeps the series as it is before an object. */
static bool keep_series(struct source *source)
{
    struct mote_job_work *w = source->w;

    if (!source->keeps && mote_series_begin(&source->before, w->f->model,
                                            &w->f->scratch) != MOTE_OK)
        return mote_job_refuse_text(
            w, MOTE_TEXT("expected windows of half the length for CSV below a "
                         "prefix: what was read is kept twice"));
    source->keeps = true;
    mote_series_copy(&source->before, &w->room->series);
    return true;
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
        source->told = false;
        if (source->w->job->format == MOTE_JOB_CSV && !keep_series(source))
            return false;
        if (!read_body(source, url)) {
            if (source->told)
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

bool mote_job_read_source(struct mote_job_work *w, const struct mote_model *m)
{
    struct source source = {.w = w, .m = m, .scratch = w->f->scratch.used};
    struct mote_text url;

    if (w->job->source == MOTE_NONE && !w->series.n)
        return expect(w, MOTE_TEXT("series"),
                      "observations in the event, as the job has no source",
                      MOTE_TEXT("none"));
    if (begin_series(w, m) != MOTE_OK)
        return mote_job_refuse_text(
            w, MOTE_TEXT("expected windows that the function's memory holds"));
    if (w->job->source == MOTE_NONE)
        return read_json(w, m, w->series, false);
    if (!mote_job_fill_url(w, m, w->job->source, &url))
        return false;
    return is_prefix(url) ? read_prefix(&source, url) : read_body(&source, url);
}
