/* core/function/observations.c - see core/function/observations.h */
#include "core/function/observations.h"
#include "core/base/number.h"
#include "core/base/time.h"

bool mote_observations_asked(struct mote_json j, struct mote_json *found,
                             struct mote_json_token *t)
{
    struct mote_where ignored;

    while (mote_json_next(&j, t, &ignored) == MOTE_OK &&
           t->type != MOTE_JSON_END) {
        if (mote_json_key_is(t, MOTE_TEXT("series"))) {
            *found = j;
            return true;
        }
        if (mote_json_skip(&j, t, &ignored) != MOTE_OK)
            break;
    }
    return false;
}

static enum mote_status refuse(struct mote_text field, const char *expected,
                               struct mote_text got, size_t offset,
                               struct mote_where *where)
{
    where->field = field;
    where->expected = expected;
    where->got = got;
    where->offset = offset;
    return MOTE_E_SCHEMA;
}

static struct mote_text got_of(const struct mote_json_token *t)
{
    return t->text.n ? t->text : mote_json_type_text(t->type);
}

/* ------------------------------------------------------------------------
 * Values
 */
enum mote_status mote_observation_time(struct mote_text text, int64_t *seconds)
{
    double number = 0;

    if (mote_time_read(text, seconds) == MOTE_OK)
        return MOTE_OK;
    if (mote_f64_read(text, &number) != MOTE_OK || number < -1e12 ||
        number > 1e12)
        return MOTE_E_FORMAT;
    *seconds = (int64_t)number - (number < (double)(int64_t)number);
    return MOTE_OK;
}

static enum mote_status take_time(const struct mote_series *s,
                                  const struct mote_json_token *t,
                                  int64_t *seconds, struct mote_where *where)
{
    if ((t->type == MOTE_JSON_STRING || t->type == MOTE_JSON_NUMBER) &&
        !t->escaped && mote_observation_time(t->text, seconds) == MOTE_OK)
        return MOTE_OK;
    return refuse(s->time,
                  "a time such as \"2026-11-28T13:00:00Z\", or Unix seconds",
                  got_of(t), t->offset, where);
}

static enum mote_status take_value(struct mote_series *s, uint32_t c,
                                   int64_t seconds,
                                   const struct mote_json_token *t,
                                   struct mote_where *where)
{
    double number = 0;

    where->offset = t->offset;
    where->got = got_of(t);
    if (t->type == MOTE_JSON_NULL)
        return MOTE_OK;
    if (t->type != MOTE_JSON_NUMBER)
        return refuse(mote_series_name(s, c), "a number or null", got_of(t),
                      t->offset, where);
    mote_f64_read(t->text, &number); /* infinite when out of range */
    return mote_series_add(s, c, seconds, number, where);
}

/* Which column a member names: refused when it is none. */
static enum mote_status find_column(struct mote_series *s,
                                    const struct mote_json_token *t,
                                    uint32_t *c, struct mote_where *where)
{
    *c = t->key_escaped ? MOTE_NONE : mote_series_find(s, t->key);
    return *c != MOTE_NONE ? MOTE_OK
                           : refuse(t->key, "the time or a column of the model",
                                    t->key, t->offset, where);
}

/* ------------------------------------------------------------------------
 * A row for each time
 */
static bool is_time(const struct mote_series *s,
                    const struct mote_json_token *t)
{
    return mote_json_key_is(t, s->time);
}

/* The member that has the time, of the object that *j, a copy of a reader,
 * stands in; *j is behind its token then. */
static enum mote_status find_time(const struct mote_series *s,
                                  struct mote_json *j, size_t offset,
                                  const char *expected,
                                  struct mote_json_token *t,
                                  struct mote_where *where)
{
    for (;;) {
        enum mote_status status = mote_json_next(j, t, where);
        if (status != MOTE_OK)
            return status;
        if (t->type == MOTE_JSON_END)
            return refuse(s->time, expected, MOTE_TEXT("none"), offset, where);
        if (is_time(s, t))
            return MOTE_OK;
        status = mote_json_skip(j, t, where);
        if (status != MOTE_OK)
            return status;
    }
}

static enum mote_status read_row(struct mote_series *s, struct mote_json *j,
                                 size_t offset, struct mote_where *where)
{
    struct mote_json_token time;
    struct mote_json copy = *j;
    int64_t seconds = 0;
    enum mote_status status =
        find_time(s, &copy, offset, "a time in every row", &time, where);

    if (status == MOTE_OK)
        status = take_time(s, &time, &seconds, where);

    while (status == MOTE_OK) {
        struct mote_json_token t;
        uint32_t c = 0;
        status = mote_json_next(j, &t, where);
        if (status != MOTE_OK || t.type == MOTE_JSON_END)
            break;
        if (is_time(s, &t))
            continue;
        status = find_column(s, &t, &c, where);
        if (status == MOTE_OK)
            status = take_value(s, c, seconds, &t, where);
    }
    return status;
}

static enum mote_status read_rows(struct mote_series *s, struct mote_json *j,
                                  struct mote_where *where)
{
    for (uint32_t row = 0;; row++) {
        struct mote_json_token t;
        enum mote_status status = mote_json_next(j, &t, where);
        if (status != MOTE_OK || t.type == MOTE_JSON_END)
            return status;
        where->row = row;
        status = t.type == MOTE_JSON_OBJECT
                     ? read_row(s, j, t.offset, where)
                     : refuse(MOTE_TEXT("series"), "an object in every row",
                              got_of(&t), t.offset, where);
        if (status != MOTE_OK)
            return status;
        where->row = MOTE_NO_ROW;
    }
}

/* ------------------------------------------------------------------------
 * An array for each column
 */
static enum mote_status read_column(struct mote_series *s, uint32_t c,
                                    struct mote_json times, struct mote_json *j,
                                    struct mote_where *where)
{
    for (uint32_t row = 0;; row++) {
        struct mote_json_token time, value;
        int64_t seconds = 0;
        enum mote_status status = mote_json_next(&times, &time, where);
        if (status == MOTE_OK)
            status = mote_json_next(j, &value, where);
        if (status != MOTE_OK)
            return status;
        if (time.type == MOTE_JSON_END && value.type == MOTE_JSON_END)
            return MOTE_OK;
        if (time.type == MOTE_JSON_END || value.type == MOTE_JSON_END)
            return refuse(mote_series_name(s, c),
                          "as many values as there are times",
                          time.type == MOTE_JSON_END ? MOTE_TEXT("more")
                                                     : MOTE_TEXT("fewer"),
                          value.offset, where);
        where->row = row;
        status = take_time(s, &time, &seconds, where);
        if (status == MOTE_OK)
            status = take_value(s, c, seconds, &value, where);
        if (status != MOTE_OK)
            return status;
        where->row = MOTE_NO_ROW;
    }
}

static enum mote_status read_columns(struct mote_series *s, struct mote_json *j,
                                     size_t offset, struct mote_where *where)
{
    struct mote_json_token time;
    struct mote_json times = *j;
    enum mote_status status =
        find_time(s, &times, offset, "an array of times", &time, where);

    if (status == MOTE_OK && time.type != MOTE_JSON_ARRAY)
        status = refuse(s->time, "an array of times", got_of(&time),
                        time.offset, where);

    while (status == MOTE_OK) {
        struct mote_json_token t;
        uint32_t c = 0;
        status = mote_json_next(j, &t, where);
        if (status != MOTE_OK || t.type == MOTE_JSON_END)
            break;
        if (is_time(s, &t)) {
            status = mote_json_skip(j, &t, where);
            continue;
        }
        status = find_column(s, &t, &c, where);
        if (status == MOTE_OK && t.type != MOTE_JSON_ARRAY)
            status = refuse(t.key, "an array of values", got_of(&t), t.offset,
                            where);
        if (status == MOTE_OK)
            status = read_column(s, c, times, j, where);
    }
    return status;
}

enum mote_status mote_observations_read(struct mote_series *s,
                                        struct mote_json *j,
                                        const struct mote_json_token *t,
                                        struct mote_where *where)
{
    switch (t->type) {
    case MOTE_JSON_ARRAY:
        return read_rows(s, j, where);
    case MOTE_JSON_OBJECT:
        return read_columns(s, j, t->offset, where);
    default:
        return refuse(MOTE_TEXT("series"),
                      "an array of rows or an object of columns", got_of(t),
                      t->offset, where);
    }
}
