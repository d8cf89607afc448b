/* core/function/table_csv.c - see core/function/table_csv.h */
#include "core/function/table_csv.h"
#include "core/base/assert.h"

void mote_table_csv_begin(struct mote_table_csv *t,
                          const struct mote_table_reader *reader,
                          char separator, char *record, size_t cap)
{
    assert(reader->columns <= MOTE_CSV_FIELDS);
    t->reader = *reader;
    t->named = false;
    mote_csv_begin(&t->csv, separator, record, cap);
}

static enum mote_status refuse(struct mote_text field, const char *expected,
                               struct mote_text got, struct mote_where *where)
{
    where->field = field;
    where->expected = expected;
    where->got = got;
    return MOTE_E_SCHEMA;
}

static bool find_field(const struct mote_csv *csv, struct mote_text name,
                       uint32_t *field)
{
    for (uint32_t i = 0; i < csv->count; i++) {
        if (!mote_text_equal(mote_csv_field(csv, i), name))
            continue;
        *field = i;
        return true;
    }
    return false;
}

static enum mote_status take_header(struct mote_table_csv *t,
                                    struct mote_where *where)
{
    const struct mote_table_reader *r = &t->reader;

    t->named = true;
    for (uint32_t i = 0; i < r->columns; i++) {
        const struct mote_text name = r->name(r->context, i);
        if (!find_field(&t->csv, name, t->column + i))
            return refuse(name, "it in the header of the CSV",
                          MOTE_TEXT("none of that name"), where);
    }
    return MOTE_OK;
}

struct mote_text mote_table_csv_field(const struct mote_table_csv *t,
                                      uint32_t i)
{
    return t->column[i] < t->csv.count ? mote_csv_field(&t->csv, t->column[i])
                                       : MOTE_TEXT("");
}

/* A record, or what is none. */
static enum mote_status take_result(struct mote_table_csv *t,
                                    enum mote_status status,
                                    struct mote_where *where)
{
    if (status == MOTE_OK && !t->named)
        return take_header(t, where);
    if (status == MOTE_OK)
        return t->reader.take(t->reader.context) ? MOTE_OK : MOTE_E_AGAIN;
    where->row = (uint32_t)t->csv.record;
    return refuse(MOTE_TEXT(""),
                  status == MOTE_E_SPACE
                      ? "a shorter record of CSV, of up to 512 fields"
                      : "CSV, with quotes only around a whole field",
                  MOTE_TEXT("something else"), where);
}

enum mote_status mote_table_csv_take(struct mote_table_csv *t,
                                     struct mote_text run,
                                     struct mote_where *where)
{
    enum mote_status status = MOTE_OK;

    while (run.n && status == MOTE_OK) {
        size_t used = 0;
        const enum mote_status got = mote_csv_take(&t->csv, run, &used);
        run.at += used;
        run.n -= used;
        if (got == MOTE_E_AGAIN)
            break;
        status = take_result(t, got, where);
    }
    return status;
}

enum mote_status mote_table_csv_end(struct mote_table_csv *t,
                                    struct mote_where *where)
{
    const enum mote_status status = mote_csv_end(&t->csv);

    if (status != MOTE_E_AGAIN)
        return take_result(t, status, where);
    return t->named ? MOTE_OK
                    : refuse(MOTE_TEXT(""), "CSV with a header",
                             MOTE_TEXT("nothing"), where);
}
