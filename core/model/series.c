/* core/model/series.c - see core/model/series.h */
#include "core/model/series.h"
#include "core/base/assert.h"
#include "core/base/maths.h"
#include "core/base/number.h"
#include "core/base/time.h"

size_t mote_series_bytes(const struct mote_model *m)
{
    size_t bytes = 0;

    for (uint32_t c = 0; c < m->series->columns; c++)
        bytes += 2 * (size_t)m->series_columns[c].window *
                     (sizeof(double) + sizeof(uint32_t)) +
                 sizeof(double);
    return bytes;
}

enum mote_status mote_series_begin(struct mote_series *s,
                                   const struct mote_model *m,
                                   struct mote_arena *more)
{
    s->model = m;
    s->until = INT64_MAX;
    s->time = MOTE_TEXT("time");
    s->names = MOTE_NONE;
    for (uint32_t c = 0; c < m->series->columns; c++) {
        struct mote_series_column *column = s->columns + c;
        const uint32_t steps = 2 * m->series_columns[c].window;

        *column = (struct mote_series_column){.steps = steps};
        column->values = mote_arena_take(more, steps * sizeof(double), 8);
        column->counts = mote_arena_take(more, steps * sizeof(uint32_t), 8);
        if (!column->values || !column->counts)
            return MOTE_E_SPACE;
        memset(column->counts, 0, steps * sizeof(uint32_t));
    }
    return MOTE_OK;
}

void mote_series_copy(struct mote_series *to, const struct mote_series *from)
{
    for (uint32_t c = 0; c < from->model->series->columns; c++) {
        const struct mote_series_column *column = from->columns + c;

        memcpy(to->columns[c].values, column->values,
               column->steps * sizeof *column->values);
        memcpy(to->columns[c].counts, column->counts,
               column->steps * sizeof *column->counts);
        to->columns[c].newest = column->newest;
        to->columns[c].any = column->any;
    }
}

struct mote_text mote_series_name(const struct mote_series *s, uint32_t c)
{
    return s->names == MOTE_NONE
               ? mote_model_string(s->model, s->model->series_columns[c].name)
               : mote_model_string(s->named_by, s->names + c);
}

uint32_t mote_series_find(const struct mote_series *s, struct mote_text name)
{
    for (uint32_t c = 0; c < s->model->series->columns; c++)
        if (mote_text_equal(name, mote_series_name(s, c)))
            return c;
    return MOTE_NONE;
}

/* ------------------------------------------------------------------------
 * Steps
 */
static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t step_of(const struct mote_series *s, int64_t seconds)
{
    const struct mote_file_series *f = s->model->series;
    return floor_divide(seconds - f->offset, f->step);
}

int64_t mote_series_time(const struct mote_series *s, int64_t n)
{
    const struct mote_file_series *f = s->model->series;
    return n * f->step + f->offset;
}

static size_t slot(const struct mote_series_column *column, int64_t step)
{
    const int64_t left = step % column->steps;
    return (size_t)(left < 0 ? left + column->steps : left);
}

static bool within(const struct mote_series_column *column, int64_t step)
{
    return column->any && step <= column->newest &&
           step > column->newest - column->steps;
}

/* Makes room for a newer step: those between have no observation yet. */
static void advance(struct mote_series_column *column, int64_t step)
{
    const int64_t ahead = column->any ? step - column->newest : column->steps;

    if (ahead >= column->steps)
        memset(column->counts, 0, column->steps * sizeof(uint32_t));
    else
        for (int64_t n = column->newest + 1; n <= step; n++)
            column->counts[slot(column, n)] = 0;
    column->newest = step;
    column->any = true;
}

/* What a step has, after one more observation of it. */
static void combine(double *value, uint32_t count, double next, uint8_t how)
{
    if (count == 0)
        *value = next;
    else if (how == MOTE_SERIES_MEAN || how == MOTE_SERIES_SUM)
        *value += next; /* a mean is divided when it is read */
    else if ((how == MOTE_SERIES_LEAST && next < *value) ||
             (how == MOTE_SERIES_MOST && next > *value))
        *value = next;
}

/* The latest in time, whatever the order; of the same second what came last.
 * The count is the second of the step that it is of, from 1. */
static void keep_latest(double *value, uint32_t *count, double next,
                        uint32_t second)
{
    if (second < *count)
        return;
    *value = next;
    *count = second;
}

enum mote_status mote_series_add(struct mote_series *s, uint32_t c,
                                 int64_t seconds, double value,
                                 struct mote_where *where)
{
    const struct mote_file_series_column *f = s->model->series_columns + c;
    struct mote_series_column *column = s->columns + c;

    assert(c < s->model->series->columns);
    where->field = mote_series_name(s, c);
    if (!mote_time_is_writable(seconds)) {
        where->expected = "a time within the years 1 to 9999";
        return MOTE_E_RANGE;
    }
    if (value != value || (seconds > s->until && !f->ahead))
        return MOTE_OK;
    if (!mote_is_finite(value)) {
        where->expected = "a finite number";
        return MOTE_E_RANGE;
    }
    const int64_t step = step_of(s, seconds);
    if (!column->any || step > column->newest)
        advance(column, step);
    else if (!within(column, step))
        return MOTE_OK;
    const size_t i = slot(column, step);
    if (f->resample == MOTE_SERIES_LAST) {
        const int64_t second = seconds - mote_series_time(s, step) + 1;
        keep_latest(column->values + i, column->counts + i, value,
                    (uint32_t)second); /* a step has at most 366 days */
        return MOTE_OK;
    }
    combine(column->values + i, column->counts[i], value, f->resample);
    if (column->counts[i] < UINT32_MAX)
        column->counts[i]++;
    return MOTE_OK;
}

double mote_series_observed(const struct mote_series *s, uint32_t c,
                            int64_t step)
{
    const struct mote_series_column *column = s->columns + c;

    if (!within(column, step) || !column->counts[slot(column, step)])
        return __builtin_nan("");
    const size_t i = slot(column, step);
    return s->model->series_columns[c].resample == MOTE_SERIES_MEAN
               ? column->values[i] / column->counts[i]
               : column->values[i];
}

/* ------------------------------------------------------------------------
 * The row
 */
static enum mote_status refuse(struct mote_series *s, struct mote_input *in,
                               uint32_t c, const char *expected, int64_t at,
                               struct mote_where *where)
{
    where->field = mote_series_name(s, c);
    where->expected = expected;
    where->got = MOTE_TEXT("nothing");
    if (mote_time_is_writable(at)) {
        memcpy(in->got, "none at ", 8);
        mote_time_write(in->got + 8, at);
        where->got = (struct mote_text){in->got, 8 + MOTE_TIME_CHARS};
    }
    return MOTE_E_SCHEMA;
}

/* "an observation at least every 6 steps", kept in the input. */
static const char *gap_text(const struct mote_series *s, struct mote_input *in)
{
    const struct mote_text words[] = {
        MOTE_TEXT("an observation at least every "), MOTE_TEXT(" steps of "),
        MOTE_TEXT(" s")};
    char *at = in->expected;

    memcpy(at, words[0].at, words[0].n);
    at += words[0].n;
    at += mote_uint_write(at, (uint64_t)s->model->series->gap + 1);
    memcpy(at, words[1].at, words[1].n);
    at += words[1].n;
    at += mote_uint_write(at, s->model->series->step);
    memcpy(at, words[2].at, words[2].n + 1);
    return in->expected;
}

/* The newest step that all columns have but those known ahead. */
static enum mote_status find_last(struct mote_series *s, struct mote_input *in,
                                  struct mote_where *where)
{
    const struct mote_model *m = s->model;
    bool any = false;

    for (uint32_t c = 0; c < m->series->columns; c++) {
        const struct mote_series_column *column = s->columns + c;
        if (!column->any)
            return refuse(s, in, c, "observations", INT64_MIN, where);
        if (m->series_columns[c].ahead)
            continue;
        if (!any || column->newest < s->last)
            s->last = column->newest;
        any = true;
    }
    for (uint32_t c = 0; !any && c < m->series->columns; c++) {
        const int64_t begins =
            s->columns[c].newest - m->series_columns[c].ahead;
        if (c == 0 || begins < s->last)
            s->last = begins;
    }
    return MOTE_OK;
}

/* Column c's window into the row, gaps filled. */
static enum mote_status fill(struct mote_series *s, struct mote_input *in,
                             uint32_t c, struct mote_where *where)
{
    const struct mote_file_series_column *f = s->model->series_columns + c;
    const int64_t first = s->last + f->ahead - f->window + 1;
    const int64_t gap = s->model->series->gap;
    double before = __builtin_nan("");

    for (uint32_t i = 0; i < f->window;) {
        uint32_t until = i; /* the next that is known */
        double after = __builtin_nan("");
        while (until < f->window && after != after)
            after = mote_series_observed(s, c, first + until++);
        const bool found = after == after;
        const uint32_t missing = until - i - found;
        if (missing > gap || (!found && before != before))
            return refuse(s, in, c, gap_text(s, in),
                          mote_series_time(s, first + i), where);
        for (uint32_t k = 1; k <= missing; k++, i++) {
            const double share = (double)k / (missing + 1);
            const double value = before != before ? after
                                 : !found         ? before
                                          : before + (after - before) * share;
            const enum mote_status status = mote_input_number(
                in, f->first + i, value, MOTE_TEXT(""), where);
            if (status != MOTE_OK)
                return status;
        }
        if (!found)
            break;
        const enum mote_status status = mote_input_number(
            in, f->first + i++, after, MOTE_TEXT("it"), where);
        if (status != MOTE_OK)
            return status;
        before = after;
    }
    return MOTE_OK;
}

enum mote_status mote_series_end(struct mote_series *s, struct mote_input *in,
                                 struct mote_where *where)
{
    const struct mote_file_series *f = s->model->series;
    enum mote_status status = find_last(s, in, where);

    for (uint32_t c = 0; status == MOTE_OK && c < f->columns; c++)
        status = fill(s, in, c, where);
    if (status == MOTE_OK && f->time != MOTE_NONE)
        status = mote_input_number(
            in, f->time,
            (double)floor_divide(mote_series_time(s, s->last + 1), f->unit),
            MOTE_TEXT("it"), where);
    return status == MOTE_OK ? mote_input_end_row(in, where) : status;
}
