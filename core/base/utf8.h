/*
 * core/base/utf8.h - UTF-8 as RFC 3629 defines it: shortest form only, no
 * surrogates, nothing above U+10FFFF.
 */
#ifndef MOTE_BASE_UTF8_H
#define MOTE_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Length (1 to 4) of the valid sequence that starts at `at`, which has n >= 1
 * bytes; 0 when it is not valid or is cut off. */
size_t mote_utf8_sequence(const char *at, size_t n);

/* Number of leading bytes of text that are valid UTF-8: n when all are. */
size_t mote_utf8_valid(const char *text, size_t n);

/* Writes code point c (0 to 0x10FFFF, no surrogate) to out, which has room
 * for 4 bytes; returns how many were written. */
size_t mote_utf8_encode(uint32_t c, char *out);

#endif
