/*
 * core/function/table_csv.h - a table in CSV, its columns found by name.
 *
 * A header that names every column that is wanted, among whatever else and in
 * any order, and then records. Bytes come in runs, cut anywhere.
 */
#ifndef MOTE_FUNCTION_TABLE_CSV_H
#define MOTE_FUNCTION_TABLE_CSV_H

#include "core/base/csv.h"

/* Who wants the table. */
struct mote_table_reader {
    void *context;
    uint32_t columns; /* that are wanted, at most MOTE_CSV_FIELDS */
    struct mote_text (*name)(const void *context, uint32_t i); /* of one */
    bool (*take)(void *context); /* a record; false: no more of them */
};

struct mote_table_csv {
    struct mote_table_reader reader;
    struct mote_csv csv;
    bool named;                       /* the header was read */
    uint32_t column[MOTE_CSV_FIELDS]; /* of those wanted, in the table */
};

/* record: the caller's, as long as the longest record. */
void mote_table_csv_begin(struct mote_table_csv *t,
                          const struct mote_table_reader *reader,
                          char separator, char *record, size_t cap);

/*
 * Hands over the records of the next run of bytes.
 *
 * errors  MOTE_E_SCHEMA  what is no such CSV; where has its row, field and text
 *         MOTE_E_AGAIN   reader.take wants no more
 */
enum mote_status mote_table_csv_take(struct mote_table_csv *t,
                                     struct mote_text run,
                                     struct mote_where *where);

/* The end of all bytes. Errors as above. */
enum mote_status mote_table_csv_end(struct mote_table_csv *t,
                                    struct mote_where *where);

/* Column i of those wanted, in the current record; empty beyond its end. */
struct mote_text mote_table_csv_field(const struct mote_table_csv *t,
                                      uint32_t i);

#endif
