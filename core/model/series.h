/*
 * core/model/series.h - from observations in time to the row of a forecaster.
 *
 * A blob with a SERIES section says how: its features are windows of columns
 * on a grid of equal steps, oldest first, and perhaps the time at which the
 * forecast begins. Whoever has observations adds them one by one, in any order;
 * the newest windows are kept, whatever their number, and what a step gets of
 * several observations, how gaps are filled and where the forecast begins is
 * decided here and nowhere else.
 */
#ifndef MOTE_MODEL_SERIES_H
#define MOTE_MODEL_SERIES_H

#include "core/model/input.h"

/* One column being collected: a ring of steps, the newest at `newest`. */
struct mote_series_column {
    double *values;   /* [steps], of the step number s at s % steps   */
    uint32_t *counts; /* [steps] observations in it; 0: none, a gap. Of
                       * the last alone: its second of the step, from 1 */
    uint32_t steps;   /* twice the window: what is newer than the other
                       * columns' last observation is not in the way  */
    int64_t newest;   /* number of the newest step that has a value   */
    bool any;
};

struct mote_series {
    const struct mote_model *model;
    struct mote_series_column columns[MOTE_SERIES_COLUMNS_MAX];
    /* what the time and the columns are called where the observations come
     * from: strings of `named_by`. "time" and the model's own names after
     * mote_series_begin, which is MOTE_NONE */
    struct mote_text time;
    const struct mote_model *named_by;
    uint32_t names;
    int64_t until; /* Unix seconds: what was observed later is dropped, but of
                    * columns known ahead. INT64_MAX after mote_series_begin  */
    int64_t last;  /* after mote_series_end: the step before the forecast */
};

/* Whether the model is a forecaster that takes observations. */
static inline bool mote_has_series(const struct mote_model *m)
{
    return m->series != NULL;
}

/* What mote_series_begin takes from an arena, at most. */
size_t mote_series_bytes(const struct mote_model *m);

/* Begins with no observations. MOTE_E_SPACE when `more` is full. */
enum mote_status mote_series_begin(struct mote_series *s,
                                   const struct mote_model *m,
                                   struct mote_arena *more);

/* Copies what was observed so far; both were begun with the same model. */
void mote_series_copy(struct mote_series *to, const struct mote_series *from);

/* What column c is called where observations come from. */
struct mote_text mote_series_name(const struct mote_series *s, uint32_t c);

/* Index of the column of that name, or MOTE_NONE. */
uint32_t mote_series_find(const struct mote_series *s, struct mote_text name);

/*
 * Adds an observation of column c at a time, Unix seconds. A NaN is none. One
 * that is older than the ring reaches is dropped.
 *
 * errors  MOTE_E_RANGE  an infinity, or a time outside the years 1 to 9999
 */
enum mote_status mote_series_add(struct mote_series *s, uint32_t c,
                                 int64_t seconds, double value,
                                 struct mote_where *where);

/*
 * Fills the current row of `in` and ends it. The forecast begins behind the
 * newest step that every column has which is not known ahead. Gaps inside a
 * window are filled by a straight line, one at its beginning by what comes
 * after it.
 *
 * errors  MOTE_E_SCHEMA  no observations, or a gap longer than the model
 *                        takes; where->field names the column, where->expected
 *                        and got (views into `in`) how long and when
 */
enum mote_status mote_series_end(struct mote_series *s, struct mote_input *in,
                                 struct mote_where *where);

/* Unix seconds at which step number n begins. */
int64_t mote_series_time(const struct mote_series *s, int64_t n);

/* What was observed in a step of column c, NaN where there was nothing or it is
 * out of reach. */
double mote_series_observed(const struct mote_series *s, uint32_t c,
                            int64_t step);

#endif
