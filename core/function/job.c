/* core/function/job.c - see core/function/job.h */
#include "core/function/job.h"
#include "core/base/number.h"
#include "core/base/time.h"
#include "core/function/observations.h"

#include <sys/auxv.h>

/* A job under way. */
struct work {
    struct mote_function *f;
    struct mote_job_room *room;
    const struct mote_file_job *job;
    const struct mote_file_target *target;
    int64_t time;             /* of the schedule, Unix seconds */
    struct mote_text targets; /* JSON array of ids, or empty: all */
    struct mote_text series;  /* JSON, of a job without source    */
    uint64_t written, failed;
};

/* ------------------------------------------------------------------------
 * What went wrong
 */

/* Always false. */
static bool refuse(struct work *w, enum mote_status status,
                   const struct mote_where *where)
{
    struct mote_failure failure;

    mote_failure_input(&failure, status, where);
    (void)mote_failure_message(&failure, false, w->room->words);
    return false;
}

static bool refuse_text(struct work *w, struct mote_text text)
{
    const size_t most = sizeof w->room->words - 1;
    const size_t n = text.n < most ? text.n : most;

    memcpy(w->room->words, text.at, n);
    w->room->words[n] = '\0';
    return false;
}

static bool expect(struct work *w, struct mote_text field, const char *expected,
                   struct mote_text got)
{
    const struct mote_where where = {
        .row = MOTE_NO_ROW, .field = field, .expected = expected, .got = got};
    return refuse(w, MOTE_E_SCHEMA, &where);
}

/* ------------------------------------------------------------------------
 * Observations in CSV
 */
struct table {
    struct work *w;
    const struct mote_model *m; /* that brought the job along */
    bool named;                 /* the header was read */
    uint32_t time;
    uint32_t column[MOTE_SERIES_COLUMNS_MAX]; /* of the series, in the table */
    bool told; /* the room's words say what is wrong */
};

static uint32_t find_field(const struct mote_csv *csv, struct mote_text name)
{
    for (uint32_t i = 0; i < csv->count; i++)
        if (mote_text_equal(mote_csv_field(csv, i), name))
            return i;
    return MOTE_NONE;
}

static bool take_header(struct table *t)
{
    const struct mote_series *s = &t->w->room->series;
    const struct mote_csv *csv = &t->w->room->csv;

    t->named = true;
    t->time = find_field(csv, s->time);
    if (t->time == MOTE_NONE)
        return expect(t->w, s->time, "it in the header of the CSV",
                      MOTE_TEXT("none of that name"));
    for (uint32_t c = 0; c < s->model->series->columns; c++) {
        t->column[c] = find_field(csv, mote_series_name(s, c));
        if (t->column[c] == MOTE_NONE)
            return expect(t->w, mote_series_name(s, c),
                          "it in the header of the CSV",
                          MOTE_TEXT("none of that name"));
    }
    return true;
}

static bool is_missing(struct mote_text value)
{
    static const char *const words[] = {"", "NaN", "nan", "NA", "null"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (mote_text_equal(value, mote_text_of(words[i])))
            return true;
    return false;
}

static bool take_record(struct table *t)
{
    struct mote_series *s = &t->w->room->series;
    const struct mote_csv *csv = &t->w->room->csv;
    struct mote_where where = {.row = (uint32_t)csv->record, .field = s->time};
    int64_t seconds = 0;

    if (t->time < csv->count)
        where.got = mote_csv_field(csv, t->time);
    where.expected = "a time such as 2026-11-28T13:00:00Z, or Unix seconds";
    if (mote_observation_time(where.got, &seconds) != MOTE_OK)
        return refuse(t->w, MOTE_E_SCHEMA, &where);
    for (uint32_t c = 0; c < s->model->series->columns; c++) {
        double value = 0;
        where.field = mote_series_name(s, c);
        where.expected = "a number, or nothing";
        where.got = t->column[c] < csv->count
                        ? mote_csv_field(csv, t->column[c])
                        : MOTE_TEXT("");
        if (is_missing(where.got))
            continue;
        if (mote_f64_read(where.got, &value) == MOTE_E_FORMAT)
            return refuse(t->w, MOTE_E_SCHEMA, &where);
        const enum mote_status status =
            mote_series_add(s, c, seconds, value, &where);
        if (status != MOTE_OK)
            return refuse(t->w, status, &where);
    }
    return true;
}

/* A record, or what is none. False: the words say why. */
static bool take_result(struct table *t, enum mote_status status)
{
    const struct mote_csv *csv = &t->w->room->csv;
    struct mote_where where = {.row = (uint32_t)csv->record};

    if (status == MOTE_OK)
        return t->named ? take_record(t) : take_header(t);
    where.expected = status == MOTE_E_SPACE
                         ? "a shorter record of CSV, of up to 512 fields"
                         : "CSV, with quotes only around a whole field";
    where.got = MOTE_TEXT("something else");
    return refuse(t->w, MOTE_E_SCHEMA, &where);
}

/* ------------------------------------------------------------------------
 * Observations from a source
 */

/* No observations so far, none later than the schedule. */
static enum mote_status begin_series(struct work *w, const struct mote_model *m)
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

struct source {
    struct table table;
    size_t scratch; /* the arena's, before the series */
    size_t n;       /* bytes of JSON                  */
};

static enum mote_status begin_source(void *context, uint64_t bytes)
{
    struct source *source = context;
    struct work *w = source->table.w;

    (void)bytes;
    mote_arena_rewind(&w->f->scratch, source->scratch);
    source->n = 0;
    source->table.named = false;
    mote_csv_begin(&w->room->csv, (char)w->job->separator, w->room->record,
                   sizeof w->room->record);
    return begin_series(w, source->table.m);
}

static enum mote_status take_csv(void *context, struct mote_text run)
{
    struct source *source = context;
    struct mote_csv *csv = &source->table.w->room->csv;

    while (run.n) {
        size_t used = 0;
        const enum mote_status status = mote_csv_take(csv, run, &used);
        run.at += used;
        run.n -= used;
        if (status == MOTE_E_AGAIN)
            break;
        if (!take_result(&source->table, status)) {
            source->table.told = true;
            return MOTE_E_SCHEMA;
        }
    }
    return MOTE_OK;
}

static enum mote_status take_json(void *context, struct mote_text run)
{
    struct source *source = context;
    struct mote_job_room *room = source->table.w->room;

    if (run.n > sizeof room->json - source->n) {
        source->table.told = true;
        (void)refuse_text(source->table.w,
                          MOTE_TEXT("expected a source of up to 4 MiB of JSON; "
                                    "a longer one has to be CSV"));
        return MOTE_E_SPACE;
    }
    memcpy(room->json + source->n, run.at, run.n);
    source->n += run.n;
    return MOTE_OK;
}

/* What follows the last byte of CSV. */
static bool end_csv(struct source *source)
{
    const enum mote_status status = mote_csv_end(&source->table.w->room->csv);

    if (status != MOTE_E_AGAIN)
        return take_result(&source->table, status);
    return source->table.named ||
           refuse_text(source->table.w, MOTE_TEXT("expected CSV with a header, "
                                                  "got nothing"));
}

/* The value that the job's path leads to in a document; false: the words say
 * why not. */
static bool follow_path(struct work *w, const struct mote_model *m,
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
    return status == MOTE_OK || refuse(w, status, &where);
}

static bool read_json(struct work *w, const struct mote_model *m,
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
            return refuse(w, status, &where);
    }
    const enum mote_status status =
        mote_observations_read(&w->room->series, &j, &t, &where);
    return status == MOTE_OK || refuse(w, status, &where);
}

/* A template's text in the room. */
static bool fill_url(struct work *w, const struct mote_model *m, uint32_t i,
                     struct mote_text *url)
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
    return refuse_text(w, MOTE_TEXT("expected an address of up to 2048 bytes"));
}

static bool read_source(struct work *w, const struct mote_model *m)
{
    const bool csv = w->job->format == MOTE_JOB_CSV;
    struct source source = {.table = {.w = w, .m = m},
                            .scratch = w->f->scratch.used};
    struct mote_outside_request request = {
        .environment = w->f->environment,
        .deadline_ms = w->f->deadline_ms,
        .limit = csv ? UINT64_MAX : MOTE_JOB_JSON_MAX,
        .context = &source,
        .begin = begin_source,
        .take = csv ? take_csv : take_json,
    };

    if (w->job->source == MOTE_NONE) {
        if (!w->series.n)
            return expect(w, MOTE_TEXT("series"),
                          "observations in the event, as the job has no source",
                          MOTE_TEXT("none"));
        return begin_series(w, m) == MOTE_OK &&
               read_json(w, m, w->series, false);
    }
    if (!fill_url(w, m, w->job->source, &request.url))
        return false;
    if (mote_outside_get(&request, &w->room->answer) != MOTE_OK)
        return source.table.told ? false
                                 : refuse_text(w, w->room->answer.message);
    return csv ? end_csv(&source)
               : read_json(w, m, (struct mote_text){w->room->json, source.n},
                           true);
}

/* ------------------------------------------------------------------------
 * Targets
 */

/* The forecast of a target as JSON in the room. */
static bool forecast(struct work *w, const struct mote_model *m,
                     struct mote_text *result)
{
    struct mote_function *f = w->f;
    const struct mote_result_of of = {m, w->job, w->target};
    struct mote_where where = {.row = MOTE_NO_ROW};
    struct mote_failure failure;
    struct mote_json_out o;
    bool good = mote_predict_begin(f, false, &failure);

    if (good && !read_source(w, m))
        return false;
    if (good) {
        const enum mote_status status =
            mote_series_end(&w->room->series, &f->input, &where);
        if (status != MOTE_OK)
            return refuse(w, status, &where);
        mote_json_out_begin(&o, w->room->result, sizeof w->room->result);
        f->series = &w->room->series;
        f->result_of = &of;
        good = mote_predict_rows(f, &o, &failure);
        f->series = NULL;
        f->result_of = NULL;
    }
    if (!good) {
        (void)mote_failure_message(&failure, false, w->room->words);
        return false;
    }
    *result = (struct mote_text){o.at, o.n};
    return !o.full || refuse_text(w, MOTE_TEXT("expected a result of up to 4 "
                                               "MiB; ask for less history"));
}

/* Whether a model takes the rows that the job's own does. */
static bool takes_the_same(const struct mote_model *a,
                           const struct mote_model *b)
{
    if (!a->series || a->series->columns != b->series->columns ||
        a->series->forecasts != b->series->forecasts ||
        a->series->step != b->series->step ||
        a->series->offset != b->series->offset)
        return false;
    for (uint32_t c = 0; c < a->series->columns; c++)
        if (a->series_columns[c].window != b->series_columns[c].window ||
            a->series_columns[c].ahead != b->series_columns[c].ahead)
            return false;
    return true;
}

/* With the target's own model, if it has one. */
static bool forecast_with_its_model(struct work *w, struct mote_text *result)
{
    struct mote_job_room *room = w->room;
    const struct mote_model *own = w->f->model;
    struct mote_load load = {
        .environment = w->f->environment,
        .deadline_ms = w->f->deadline_ms,
        .max = MOTE_LOADED_MAX,
        .cpu = mote_cpu_flags(getauxval(AT_HWCAP), getauxval(AT_HWCAP2)),
    };
    struct mote_function other = *w->f;

    if (w->target->model == MOTE_NONE)
        return forecast(w, own, result);
    if (!fill_url(w, own, w->target->model, &load.url))
        return false;
    if (mote_load(&load, NULL, &room->loaded, &room->answer) != MOTE_OK)
        return refuse_text(w, room->answer.message);
    bool good = takes_the_same(&room->loaded.model, own) ||
                refuse_text(w, MOTE_TEXT("the target's model: expected the "
                                         "series of the function's own"));
    if (good) {
        struct mote_function *f = w->f;
        other.model = &room->loaded.model;
        other.arena = room->loaded.arena;
        other.kept = NULL;
        w->f = &other;
        good = forecast(w, own, result);
        w->f = f;
    }
    mote_unload(&room->loaded);
    return good;
}

static bool run_target(struct work *w)
{
    const uint64_t deadline = w->f->deadline_ms;
    struct mote_outside_request request = {
        .environment = w->f->environment,
        .deadline_ms = deadline,
    };
    struct mote_text result;

    if (deadline &&
        mote_clock_wall_us() / 1000 + MOTE_OUTSIDE_SPARE_MS > deadline)
        return refuse_text(w, MOTE_TEXT("no time was left of the invocation; "
                                        "raise its timeout"));
    if (!forecast_with_its_model(w, &result) ||
        !fill_url(w, w->f->model, w->job->sink, &request.url))
        return false;
    return mote_outside_put(&request, MOTE_TEXT("application/json"), result,
                            &w->room->answer) == MOTE_OK ||
           refuse_text(w, w->room->answer.message);
}

/* Whether the event's list of targets, if there is one, has this. */
static bool is_wanted(const struct work *w, struct mote_text id)
{
    struct mote_where ignored;
    struct mote_json_token t;
    struct mote_json j;

    if (!w->targets.n)
        return true;
    mote_json_begin(&j, w->targets);
    (void)mote_json_next(&j, &t, &ignored);
    while (mote_json_next(&j, &t, &ignored) == MOTE_OK &&
           t.type != MOTE_JSON_END && t.type != MOTE_JSON_DONE) {
        if (t.type == MOTE_JSON_STRING && mote_json_is(t.text, t.escaped, id))
            return true;
        if (mote_json_skip(&j, &t, &ignored) != MOTE_OK)
            break;
    }
    return false;
}

static void tell_target(struct work *w, struct mote_text id)
{
    struct mote_log_line line;

    if (!w->f->log || !mote_log_begin(&line, w->f->log, MOTE_ERROR,
                                      mote_text_of(w->room->words)))
        return;
    mote_json_put_member(&line.json, MOTE_TEXT("target"), id);
    mote_log_end(&line, w->f->log);
}

static void run_targets(struct work *w, struct mote_json_out *o)
{
    const struct mote_model *m = w->f->model;

    mote_json_put_key(o, MOTE_TEXT("targets"));
    mote_json_put_open(o, '[');
    for (uint32_t i = 0; i < w->job->targets; i++) {
        w->target = mote_job_target(w->job, i);
        const struct mote_text id = mote_model_string(m, w->target->id);
        if (!is_wanted(w, id))
            continue;
        const bool good = run_target(w);
        mote_json_put_open(o, '{');
        mote_json_put_member(o, MOTE_TEXT("id"), id);
        mote_json_put_member(o, MOTE_TEXT("status"),
                             good ? MOTE_TEXT("written") : MOTE_TEXT("failed"));
        if (!good) {
            mote_json_put_member(o, MOTE_TEXT("message"),
                                 mote_text_of(w->room->words));
            tell_target(w, id);
        }
        mote_json_put_close(o, '}');
        w->written += good;
        w->failed += !good;
    }
    mote_json_put_close(o, ']');
}

/* ------------------------------------------------------------------------
 * Events
 */
static void put_counts(const struct work *w, struct mote_json_out *o)
{
    mote_json_put_key(o, MOTE_TEXT("written"));
    mote_json_put_uint(o, w->written);
    mote_json_put_key(o, MOTE_TEXT("failed"));
    mote_json_put_uint(o, w->failed);
}

static void log_summary(const struct work *w, struct mote_text time)
{
    struct mote_log_line line;

    if (!w->f->log ||
        !mote_log_begin(&line, w->f->log, MOTE_INFO, MOTE_TEXT("job finished")))
        return;
    mote_json_put_member(&line.json, MOTE_TEXT("job"),
                         mote_model_string(w->f->model, w->job->name));
    mote_json_put_member(&line.json, MOTE_TEXT("time"), time);
    put_counts(w, &line.json);
    mote_log_end(&line, w->f->log);
}

/* The job of that name, the first one without a name; NULL: there is none. */
static const struct mote_file_job *find_job(const struct mote_model *m,
                                            struct mote_text name)
{
    const struct mote_file_job *job = mote_jobs_next(m, NULL);

    while (name.n && job &&
           !mote_text_equal(name, mote_model_string(m, job->name)))
        job = mote_jobs_next(m, job);
    return job;
}

bool mote_job_asked(struct mote_text event)
{
    return mote_value_is_string(mote_value_at(event, "job", NULL));
}

static bool refuse_event(struct mote_failure *failure, struct mote_text field,
                         const char *expected, struct mote_text got)
{
    const struct mote_where where = {
        .row = MOTE_NO_ROW, .field = field, .expected = expected, .got = got};

    mote_failure_input(failure, MOTE_E_SCHEMA, &where);
    return false;
}

/* What the event says, of which nothing but strings is undone in place. */
static bool read_event(struct work *w, struct mote_text text,
                       struct mote_failure *failure)
{
    const struct mote_text time = mote_value_at(text, "time", NULL);
    const struct mote_text job = mote_value_at(text, "job", NULL);

    w->targets = mote_value_at(text, "targets", NULL);
    w->series = mote_value_at(text, "series", NULL);
    /* from here on strings are undone where they stand */
    const struct mote_text name = mote_value_string(job);
    w->job = find_job(w->f->model, name);
    if (!w->job)
        return refuse_event(failure, MOTE_TEXT("job"), "the name of a job",
                            name);
    if (w->targets.n && !mote_value_is_array(w->targets))
        return refuse_event(failure, MOTE_TEXT("targets"), "an array of ids",
                            w->targets);
    w->time = (int64_t)(mote_clock_wall_us() / 1000000);
    if (time.n && mote_observation_time(mote_value_is_string(time)
                                            ? mote_value_string(time)
                                            : time,
                                        &w->time) != MOTE_OK)
        return refuse_event(failure, MOTE_TEXT("time"),
                            "a time such as \"2026-11-28T13:00:00Z\"", time);
    if (!mote_time_is_writable(w->time))
        return refuse_event(failure, MOTE_TEXT("time"),
                            "a time within the years 1 to 9999", time);
    return true;
}

/* Whether the invocation fails, by what the job says. */
static bool has_failed(const struct work *w)
{
    return (w->job->failure == MOTE_JOB_FAIL_ANY && w->failed) ||
           (w->job->failure == MOTE_JOB_FAIL_ALL && w->failed && !w->written);
}

/* The last failed target's words stand for the others', which the log has. */
static bool fail(struct work *w, struct mote_failure *failure)
{
    const struct mote_text before = MOTE_TEXT("targets of the job failed, the "
                                              "last one because: ");
    char *at = w->room->summary;
    const char *end = at + sizeof w->room->summary - 1;

    at += mote_uint_write(at, w->failed);
    *at++ = ' ';
    memcpy(at, before.at, before.n);
    at += before.n;
    for (const char *word = w->room->words; *word && at < end;)
        *at++ = *word++;
    *at = '\0';
    mote_failure_plain(failure, 500, "JobFailed", w->room->summary);
    return false;
}

bool mote_job_answer(struct mote_function *f, const struct mote_event *event,
                     struct mote_json_out *o, struct mote_failure *failure)
{
    struct work w = {.f = f, .room = f->room};
    char time[MOTE_TIME_CHARS];

    if (!f->room) {
        mote_failure_plain(failure, 400, "Unsupported",
                           "jobs run in the function, not in the engine alone");
        return false;
    }
    if (!read_event(&w, event->text, failure))
        return false;
    mote_time_write(time, w.time);
    const struct mote_text when = {time, sizeof time};
    mote_json_put_open(o, '{');
    mote_json_put_member(o, MOTE_TEXT("job"),
                         mote_model_string(f->model, w.job->name));
    mote_json_put_member(o, MOTE_TEXT("time"), when);
    run_targets(&w, o);
    put_counts(&w, o);
    mote_json_put_close(o, '}');
    log_summary(&w, when);
    return !has_failed(&w) || fail(&w, failure);
}
