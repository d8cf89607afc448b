/*
 * core/base/time.h - points in time as people write them, to Unix seconds and
 * back.
 *
 * The calendar is the proleptic Gregorian one, without leap seconds, years 1 to
 * 9999. No time zones but a fixed offset.
 *
 * source  RFC 3339, section 5.6; days from a date: Howard Hinnant,
 *         "chrono-Compatible Low-Level Date Algorithms"
 */
#ifndef MOTE_BASE_TIME_H
#define MOTE_BASE_TIME_H

#include "core/base/status.h"

#define MOTE_TIME_CHARS 20       /* "2026-11-28T13:02:50Z" */
#define MOTE_TIME_BASIC_CHARS 16 /* "20261128T130250Z"     */

/*
 * Reads YYYY-MM-DD, perhaps followed by "T" or a blank and HH:MM, :SS, a
 * fraction of any length, which is dropped, and "Z" or an offset ±HH:MM or
 * ±HHMM. Without an offset it is UTC, without a time midnight.
 *
 * errors  MOTE_E_FORMAT  anything else, or a date that is none
 */
enum mote_status mote_time_read(struct mote_text text, int64_t *seconds);

/* Writes MOTE_TIME_CHARS characters, UTC. seconds: within the years above. */
void mote_time_write(char *out, int64_t seconds);

/* The same in ISO 8601's basic form: MOTE_TIME_BASIC_CHARS characters. */
void mote_time_write_basic(char *out, int64_t seconds);

/* Whether mote_time_write can write it. */
bool mote_time_is_writable(int64_t seconds);

#endif
