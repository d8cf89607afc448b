/* core/function/observations_csv.c - see core/function/observations_csv.h */
#include "core/function/observations_csv.h"
#include "core/base/number.h"
#include "core/function/observations.h"

void mote_observations_csv_begin(struct mote_observations_csv *o,
                                 struct mote_series *series, char separator,
                                 char *record, size_t cap)
{
    o->series = series;
    o->named = false;
    mote_csv_begin(&o->csv, separator, record, cap);
}

static enum mote_status refuse(struct mote_text field, const char *expected,
                               struct mote_text got, struct mote_where *where)
{
    where->field = field;
    where->expected = expected;
    where->got = got;
    return MOTE_E_SCHEMA;
}

static uint32_t find_field(const struct mote_csv *csv, struct mote_text name)
{
    for (uint32_t i = 0; i < csv->count; i++)
        if (mote_text_equal(mote_csv_field(csv, i), name))
            return i;
    return MOTE_NONE;
}

/* A column of the table by its name in the header. */
static enum mote_status name_column(const struct mote_observations_csv *o,
                                    struct mote_text name, uint32_t *column,
                                    struct mote_where *where)
{
    *column = find_field(&o->csv, name);
    return *column != MOTE_NONE ? MOTE_OK
                                : refuse(name, "it in the header of the CSV",
                                         MOTE_TEXT("none of that name"), where);
}

static enum mote_status take_header(struct mote_observations_csv *o,
                                    struct mote_where *where)
{
    const struct mote_series *s = o->series;
    enum mote_status status = name_column(o, s->time, &o->time, where);

    o->named = true;
    for (uint32_t c = 0; status == MOTE_OK && c < s->model->series->columns;
         c++)
        status = name_column(o, mote_series_name(s, c), o->column + c, where);
    return status;
}

static bool is_missing(struct mote_text value)
{
    static const char *const words[] = {"", "NaN", "nan", "NA", "null"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (mote_text_equal(value, mote_text_of(words[i])))
            return true;
    return false;
}

static struct mote_text field(const struct mote_csv *csv, uint32_t i)
{
    return i < csv->count ? mote_csv_field(csv, i) : MOTE_TEXT("");
}

static enum mote_status take_record(struct mote_observations_csv *o,
                                    struct mote_where *where)
{
    struct mote_series *s = o->series;
    const struct mote_text time = field(&o->csv, o->time);
    int64_t seconds = 0;

    where->row = (uint32_t)o->csv.record;
    if (mote_observation_time(time, &seconds) != MOTE_OK)
        return refuse(s->time,
                      "a time such as 2026-11-28T13:00:00Z, or Unix seconds",
                      time, where);
    for (uint32_t c = 0; c < s->model->series->columns; c++) {
        const struct mote_text text = field(&o->csv, o->column[c]);
        double value = 0;
        if (is_missing(text))
            continue;
        if (mote_f64_read(text, &value) == MOTE_E_FORMAT)
            return refuse(mote_series_name(s, c), "a number, or nothing", text,
                          where);
        where->got = text;
        const enum mote_status status =
            mote_series_add(s, c, seconds, value, where);
        if (status != MOTE_OK)
            return status;
    }
    where->row = MOTE_NO_ROW;
    return MOTE_OK;
}

/* A record, or what is none. */
static enum mote_status take_result(struct mote_observations_csv *o,
                                    enum mote_status status,
                                    struct mote_where *where)
{
    if (status == MOTE_OK)
        return o->named ? take_record(o, where) : take_header(o, where);
    where->row = (uint32_t)o->csv.record;
    return refuse(MOTE_TEXT(""),
                  status == MOTE_E_SPACE
                      ? "a shorter record of CSV, of up to 512 fields"
                      : "CSV, with quotes only around a whole field",
                  MOTE_TEXT("something else"), where);
}

enum mote_status mote_observations_csv_take(struct mote_observations_csv *o,
                                            struct mote_text run,
                                            struct mote_where *where)
{
    enum mote_status status = MOTE_OK;

    while (run.n && status == MOTE_OK) {
        size_t used = 0;
        const enum mote_status got = mote_csv_take(&o->csv, run, &used);
        run.at += used;
        run.n -= used;
        if (got == MOTE_E_AGAIN)
            break;
        status = take_result(o, got, where);
    }
    return status;
}

enum mote_status mote_observations_csv_end(struct mote_observations_csv *o,
                                           struct mote_where *where)
{
    const enum mote_status status = mote_csv_end(&o->csv);

    if (status != MOTE_E_AGAIN)
        return take_result(o, status, where);
    return o->named ? MOTE_OK
                    : refuse(MOTE_TEXT(""), "CSV with a header",
                             MOTE_TEXT("nothing"), where);
}
