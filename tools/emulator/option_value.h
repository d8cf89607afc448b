/*
 * tools/emulator/option_value.h - values on the command line. Each function
 * sets *to, or returns false and leaves it.
 */
#ifndef EMU_OPTION_VALUE_H
#define EMU_OPTION_VALUE_H

#include <stdbool.h>
#include <stdint.h>

/* Decimal digits, from min to max; neither is negative. */
bool emu_value_number(const char *value, int64_t min, int64_t max, int64_t *to);

/* That very word, which stands for a number. */
bool emu_value_word(const char *value, const char *word, int64_t number,
                    int64_t *to);

/* 500ms, 15s, 5m: in microseconds, from 1 ms to max_us. */
bool emu_value_duration(const char *value, int64_t max_us, int64_t *to);

/* The name of an enum emu_shape. */
bool emu_value_shape(const char *value, int64_t *to);

#endif
