/*
 * core/function/observations_csv.h - observations in CSV, for a forecaster.
 *
 * A header that names the time and every column of the series, among whatever
 * else, and then a record for each time, in any order. A field that is empty,
 * NaN, nan, NA or null is no observation. Bytes come in runs, cut anywhere.
 */
#ifndef MOTE_FUNCTION_OBSERVATIONS_CSV_H
#define MOTE_FUNCTION_OBSERVATIONS_CSV_H

#include "core/base/csv.h"
#include "core/model/series.h"

struct mote_observations_csv {
    struct mote_series *series;
    struct mote_csv csv;
    bool named; /* the header was read */
    uint32_t time;
    uint32_t column[MOTE_SERIES_COLUMNS_MAX]; /* of the series, in the table */
};

/* record: the caller's, as long as the longest record. */
void mote_observations_csv_begin(struct mote_observations_csv *o,
                                 struct mote_series *series, char separator,
                                 char *record, size_t cap);

/*
 * Adds the observations of the next run of bytes.
 *
 * errors  MOTE_E_SCHEMA  what is no such CSV; where has its row, field and text
 *         and those of mote_series_add
 */
enum mote_status mote_observations_csv_take(struct mote_observations_csv *o,
                                            struct mote_text run,
                                            struct mote_where *where);

/* The end of all bytes. Errors as above. */
enum mote_status mote_observations_csv_end(struct mote_observations_csv *o,
                                           struct mote_where *where);

#endif
