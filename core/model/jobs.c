/* core/model/jobs.c - see core/model/jobs.h */
#include "core/model/jobs.h"
#include "core/base/assert.h"
#include "core/base/csv.h"
#include "core/base/environment.h"
#include "core/base/time.h"

/* The record that begins at byte `at`, or NULL at the end. */
static const struct mote_file_record *record_at(const struct mote_model *m,
                                                uint64_t at)
{
    const struct mote_file_section *s = m->sections[MOTE_SECTION_JOBS];
    return at < s->bytes ? (const void *)(m->bytes + s->offset + at) : NULL;
}

static const struct mote_file_record *
next_record(const struct mote_model *m, const struct mote_file_record *r)
{
    const struct mote_file_section *s = m->sections[MOTE_SECTION_JOBS];
    const uint8_t *at = (const uint8_t *)r + r->bytes;
    return record_at(m, (uint64_t)(at - (m->bytes + s->offset)));
}

/* ------------------------------------------------------------------------
 * Proof
 */
static bool are_strings(const struct mote_model *m, uint32_t first, uint32_t n)
{
    return first < m->string_count && n <= m->string_count - first;
}

static bool is_template(uint32_t i, uint32_t templates)
{
    return i < templates;
}

static const char *check_template(const struct mote_model *m,
                                  const struct mote_file_template *t)
{
    const struct mote_file_part *parts = (const void *)(t + 1);

    if (t->record.bytes < sizeof *t || t->parts == 0 ||
        t->parts != (t->record.bytes - sizeof *t) / sizeof *parts ||
        (t->record.bytes - sizeof *t) % sizeof *parts)
        return "templates of the parts that they count";
    for (uint32_t i = 0; i < t->parts; i++) {
        const bool texts = parts[i].kind == MOTE_PART_TEXT ||
                           parts[i].kind == MOTE_PART_VARIABLE;
        if (parts[i].kind == 0 || parts[i].kind >= MOTE_PARTS ||
            (texts ? !are_strings(m, parts[i].string, 1)
                   : parts[i].string != MOTE_NONE))
            return "parts of a known kind, and their strings";
    }
    return NULL;
}

static const char *check_job(const struct mote_model *m,
                             const struct mote_file_job *j, uint32_t templates)
{
    const struct mote_file_series *s = m->series;
    const uint32_t columns = s ? s->columns : m->feature_count;

    if (j->record.bytes != sizeof *j || j->zero)
        return "jobs of their length";
    if ((j->format != MOTE_JOB_CSV && j->format != MOTE_JOB_JSON) ||
        j->failure < MOTE_JOB_REPORT || j->failure > MOTE_JOB_FAIL_ALL ||
        (j->format == MOTE_JOB_CSV) != (j->separator != 0))
        return "a known format and a known way to fail";
    if ((j->source != MOTE_NONE && !is_template(j->source, templates)) ||
        !is_template(j->sink, templates))
        return "a source and a sink among the templates";
    if (!are_strings(m, j->name, 1) || !are_strings(m, j->columns, columns) ||
        (s && !(are_strings(m, j->time, 1) &&
                are_strings(m, j->forecasts, s->forecasts))) ||
        (j->path_count ? !are_strings(m, j->path, j->path_count)
                       : j->path != MOTE_NONE))
        return "names among the strings";
    if (!s && (j->time != MOTE_NONE || j->forecasts != MOTE_NONE))
        return "times and forecasts of a model with a SERIES alone";
    if (j->format == MOTE_JOB_CSV && columns > MOTE_CSV_FIELDS)
        return "as many columns as a record of CSV has at most";
    if (j->path_count && j->format != MOTE_JOB_JSON)
        return "a path only in JSON";
    if (j->observed == MOTE_NONE
            ? j->observed_name != MOTE_NONE || j->history
            : !s || j->observed >= s->columns ||
                  !are_strings(m, j->observed_name, 1) ||
                  j->history > m->series_columns[j->observed].window)
        return "observed steps within a column's window";
    return j->targets ? NULL : "targets of every job";
}

static const char *check_target(const struct mote_model *m,
                                const struct mote_file_target *t,
                                uint32_t templates)
{
    if (t->record.bytes != sizeof *t || !are_strings(m, t->id, 1) ||
        !are_strings(m, t->name, 1) ||
        (t->model != MOTE_NONE && !is_template(t->model, templates)))
        return "an id, a name and perhaps a model of every target";
    return NULL;
}

/* Records lie within the section, templates before jobs, and behind each job
 * its targets. */
const char *mote_jobs_check(const struct mote_model *m)
{
    const struct mote_file_section *s = m->sections[MOTE_SECTION_JOBS];
    uint32_t templates = 0, jobs = 0, targets = 0;

    for (uint64_t at = 0; at < s->bytes;) {
        const struct mote_file_record *r = record_at(m, at);
        const char *expected = "records of a known kind";

        if (s->bytes - at < sizeof *r || r->bytes < sizeof *r || r->bytes % 4 ||
            r->bytes > s->bytes - at || r->version != 1)
            return "records of version 1 within the section";
        if (r->kind == MOTE_RECORD_TEMPLATE && jobs == 0) {
            expected = check_template(m, (const void *)r);
            templates++;
        } else if (r->kind == MOTE_RECORD_JOB && targets == 0) {
            expected = check_job(m, (const void *)r, templates);
            if (!expected)
                targets =
                    ((const struct mote_file_job *)(const void *)r)->targets;
            jobs++;
        } else if (r->kind == MOTE_RECORD_TARGET && targets) {
            expected = check_target(m, (const void *)r, templates);
            targets--;
        }
        if (expected)
            return expected;
        at += r->bytes;
    }
    return jobs == 0 || targets ? "a job, and all of its targets" : NULL;
}

/* ------------------------------------------------------------------------
 * Use
 */
const struct mote_file_job *mote_jobs_next(const struct mote_model *m,
                                           const struct mote_file_job *job)
{
    const struct mote_file_record *r =
        job ? next_record(m, &job->record) : record_at(m, 0);

    while (r && r->kind != MOTE_RECORD_JOB)
        r = next_record(m, r);
    return (const void *)r;
}

const struct mote_file_target *mote_job_target(const struct mote_file_job *job,
                                               uint32_t i)
{
    assert(i < job->targets);
    return (const struct mote_file_target *)(const void *)(job + 1) + i;
}

static const struct mote_file_template *template_at(const struct mote_model *m,
                                                    uint32_t i)
{
    const struct mote_file_record *r = record_at(m, 0);

    while (i--)
        r = next_record(m, r);
    return (const void *)r;
}

struct filling {
    char *out;
    size_t n, cap; /* n above cap: it did not fit */
};

static void put(struct filling *f, struct mote_text text)
{
    if (text.n <= f->cap && f->n <= f->cap - text.n)
        memcpy(f->out + f->n, text.at, text.n);
    f->n = f->n > f->cap ? f->n : f->n + text.n;
}

/* "2026-11-28" or "20261128T130250Z". */
static void put_time(struct filling *f, int64_t time, bool date)
{
    char text[MOTE_TIME_CHARS];

    if (date)
        mote_time_write(text, time);
    else
        mote_time_write_basic(text, time);
    put(f, (struct mote_text){text, date ? 10 : MOTE_TIME_BASIC_CHARS});
}

size_t mote_template_fill(const struct mote_template_values *values, uint32_t i,
                          char *out, size_t cap, struct mote_text *missing)
{
    const struct mote_model *m = values->model;
    const struct mote_file_template *t = template_at(m, i);
    const struct mote_file_part *parts = (const void *)(t + 1);
    struct filling f = {out, 0, cap};

    *missing = MOTE_TEXT("");
    for (uint32_t k = 0; k < t->parts; k++) {
        const struct mote_file_target *target = values->target;
        struct mote_text value = MOTE_TEXT("");
        switch (parts[k].kind) {
        case MOTE_PART_TEXT:
            value = mote_model_string(m, parts[k].string);
            break;
        case MOTE_PART_TARGET:
        case MOTE_PART_NAME:
            if (target)
                value = mote_model_string(m, parts[k].kind == MOTE_PART_NAME
                                                 ? target->name
                                                 : target->id);
            break;
        case MOTE_PART_DATE:
        case MOTE_PART_TIME:
            put_time(&f, values->time, parts[k].kind == MOTE_PART_DATE);
            break;
        case MOTE_PART_VERSION:
            value = mote_model_string(m, m->about->version);
            break;
        case MOTE_PART_VARIABLE:
            *missing = mote_model_string(m, parts[k].string);
            value = mote_environment(values->environment, *missing);
            if (value.n == 0)
                return 0;
            *missing = MOTE_TEXT("");
        }
        put(&f, value);
    }
    return f.n <= cap ? f.n : 0;
}
