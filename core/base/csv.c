/* core/base/csv.c - see core/base/csv.h */
#include "core/base/csv.h"
#include "core/base/assert.h"

enum state {
    MARK_1, /* before everything: perhaps a byte order mark */
    MARK_2,
    MARK_3,
    BEGIN, /* of a field                                     */
    PLAIN,
    QUOTED,
    QUOTE,  /* a quote in a quoted field: its end, or half of one */
    RETURN, /* CR at a record's end                             */
};

void mote_csv_begin(struct mote_csv *csv, char separator, char *buffer,
                    size_t cap)
{
    csv->buffer = buffer;
    csv->cap = cap;
    csv->n = csv->count = 0;
    csv->record = 0;
    csv->separator = separator;
    csv->state = MARK_1;
    csv->any = csv->complete = false;
}

static enum mote_status keep(struct mote_csv *csv, char c)
{
    if (csv->n == csv->cap)
        return MOTE_E_SPACE;
    csv->buffer[csv->n++] = c;
    return MOTE_E_AGAIN;
}

static enum mote_status end_field(struct mote_csv *csv)
{
    if (csv->count == MOTE_CSV_FIELDS || csv->n > UINT32_MAX)
        return MOTE_E_SPACE;
    csv->ends[csv->count++] = (uint32_t)csv->n;
    csv->state = BEGIN;
    return MOTE_E_AGAIN;
}

/* MOTE_E_AGAIN for an empty line, which is no record. */
static enum mote_status end_record(struct mote_csv *csv)
{
    csv->state = BEGIN;
    if (!csv->any)
        return MOTE_E_AGAIN;
    const enum mote_status s = end_field(csv);
    if (s != MOTE_E_AGAIN)
        return s;
    csv->complete = true;
    return MOTE_OK;
}

/* MOTE_E_AGAIN: go on. */
static enum mote_status step(struct mote_csv *csv, char c)
{
    static const char mark[] = "\xEF\xBB\xBF";
    const uint8_t state = csv->state;

    if (state <= MARK_3) {
        if (c == mark[state]) {
            csv->state++;
            return MOTE_E_AGAIN;
        }
        csv->state = BEGIN;
        for (uint8_t i = 0; i < state; i++) { /* it only began like a mark */
            csv->any = true;
            csv->state = PLAIN;
            if (keep(csv, mark[i]) == MOTE_E_SPACE)
                return MOTE_E_SPACE;
        }
    }
    if (state == QUOTED) {
        if (c != '"')
            return keep(csv, c);
        csv->state = QUOTE;
        return MOTE_E_AGAIN;
    }
    if (state == RETURN && c != '\n')
        return MOTE_E_FORMAT;
    if (c == '\n')
        return end_record(csv);
    if (c == '\r') {
        csv->state = RETURN;
        return MOTE_E_AGAIN;
    }
    csv->any = true;
    if (state == QUOTE && c == '"') {
        csv->state = QUOTED;
        return keep(csv, c);
    }
    if (c == csv->separator)
        return end_field(csv);
    if (c == '"' && csv->state == BEGIN) {
        csv->state = QUOTED;
        return MOTE_E_AGAIN;
    }
    if (c == '"' || state == QUOTE)
        return MOTE_E_FORMAT;
    csv->state = PLAIN;
    return keep(csv, c);
}

static void next_record(struct mote_csv *csv)
{
    if (!csv->complete)
        return;
    csv->complete = csv->any = false;
    csv->n = csv->count = 0;
    csv->record++;
}

enum mote_status mote_csv_take(struct mote_csv *csv, struct mote_text bytes,
                               size_t *used)
{
    next_record(csv);
    for (size_t i = 0; i < bytes.n; i++) {
        const enum mote_status s = step(csv, bytes.at[i]);
        *used = i + 1;
        if (s != MOTE_E_AGAIN)
            return s;
    }
    *used = bytes.n;
    return MOTE_E_AGAIN;
}

enum mote_status mote_csv_end(struct mote_csv *csv)
{
    next_record(csv);
    if (csv->state == QUOTED)
        return MOTE_E_FORMAT;
    return end_record(csv);
}

struct mote_text mote_csv_field(const struct mote_csv *csv, uint32_t i)
{
    assert(i < csv->count);
    const uint32_t begin = i ? csv->ends[i - 1] : 0;
    return (struct mote_text){csv->buffer + begin, csv->ends[i] - begin};
}

bool mote_csv_is_missing(struct mote_text field)
{
    static const char *const words[] = {"", "NaN", "nan", "NA", "null"};
    const size_t n = sizeof words / sizeof *words;

    return mote_text_among(field, words, n) < n;
}
