/*
 * core/base/csv.h - records of comma-separated values from bytes as they come.
 *
 * Nothing is kept but the record being read, so that a file of any length can
 * pass. Quotes are undone; records end with LF or CRLF, empty lines are none, a
 * byte order mark before the first is skipped.
 *
 * source  RFC 4180, and a lone LF as well, as most writers use
 */
#ifndef MOTE_BASE_CSV_H
#define MOTE_BASE_CSV_H

#include "core/base/status.h"

#define MOTE_CSV_FIELDS 512 /* in one record */

struct mote_csv {
    char *buffer; /* [cap] fields of the record, one behind the other     */
    size_t cap, n;
    uint32_t ends[MOTE_CSV_FIELDS]; /* of each field in the buffer        */
    uint32_t count;                 /* finished fields                    */
    uint64_t record;                /* number of the record, from 0       */
    char separator;
    uint8_t state;
    bool any;      /* the line is not empty                               */
    bool complete; /* the record is, and was given                        */
};

/* buffer: the caller's, as long as the longest record. */
void mote_csv_begin(struct mote_csv *csv, char separator, char *buffer,
                    size_t cap);

/*
 * Reads from `bytes` up to the end of a record; *used of them are finished
 * with. Between records call again with the rest.
 *
 * returns  MOTE_OK        a record: see mote_csv_field, until the next call
 *          MOTE_E_AGAIN   all bytes are used, and more are needed
 *          MOTE_E_FORMAT  a quote within a plain field, or text behind one
 *          MOTE_E_SPACE   a record longer than the buffer, or of more fields
 */
enum mote_status mote_csv_take(struct mote_csv *csv, struct mote_text bytes,
                               size_t *used);

/* The end of all bytes. Returns as above, MOTE_E_AGAIN when nothing is left;
 * MOTE_E_FORMAT also for a quoted field that is not closed. */
enum mote_status mote_csv_end(struct mote_csv *csv);

/* Field i of the record, i below csv->count. */
struct mote_text mote_csv_field(const struct mote_csv *csv, uint32_t i);

/* Whether a field is what is written where there is no number: nothing, NaN,
 * nan, NA or null. */
bool mote_csv_is_missing(struct mote_text field);

#endif
