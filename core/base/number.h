/*
 * core/base/number.h - decimal text to numbers and back, exactly.
 *
 * Reading is correctly rounded (to nearest, ties to even) for any number of
 * digits. Writing gives the shortest decimal that reads back as the same
 * value, and of those the closest to it. Neither depends on the rounding mode,
 * the locale or the instruction set; both work in integers.
 *
 * source  Mushtak and Lemire, "Fast number parsing without fallback",
 *         arXiv:2212.06644; Giulietti, "The Schubfach way to render doubles"
 */
#ifndef MOTE_BASE_NUMBER_H
#define MOTE_BASE_NUMBER_H

#include "core/base/status.h"

/* Longest texts written: "-1.2345678901234567e-308" and 2^64-1. */
#define MOTE_F64_CHARS 25
#define MOTE_UINT_CHARS 20

/*
 * Reads a number in JSON's grammar: -?(0|[1-9]d*)(.d+)?([eE][+-]?d+)?, and
 * nothing else in the text.
 *
 * value   set on MOTE_OK and on MOTE_E_RANGE
 * errors  MOTE_E_FORMAT   not in that grammar
 *         MOTE_E_RANGE    rounds beyond the largest double; value is infinite
 *         too small a number is not an error: it rounds to a denormal or 0
 */
enum mote_status mote_f64_read(struct mote_text text, double *value);

/*
 * Writes value without a NUL and returns the length; 0 for NaN and infinities,
 * which have no decimal form. Plain notation from 1e-6 up to 1e21, an exponent
 * outside; a zero below zero keeps its sign ("-0.0").
 *
 * out     room for MOTE_F64_CHARS
 */
size_t mote_f64_write(char *out, double value);
size_t mote_f32_write(char *out, float value);

/* Writes value in decimal to out, room for MOTE_UINT_CHARS; returns length. */
size_t mote_uint_write(char *out, uint64_t value);

/* Reads decimal digits only, all of text; MOTE_E_FORMAT when there is none or
 * another character, MOTE_E_RANGE above 2^64-1. */
enum mote_status mote_uint_read(struct mote_text text, uint64_t *value);

#endif
