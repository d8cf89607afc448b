/*
 * tools/emulator/clock.h - the time, and how Lambda's neighbours write it.
 */
#ifndef EMU_CLOCK_H
#define EMU_CLOCK_H

#include <stdint.h>

/* Microseconds on a clock that only goes forward: for timers, durations. */
int64_t emu_now_us(void);

/* Milliseconds since 1970, UTC: for deadlines and dates. */
int64_t emu_wall_ms(void);

enum emu_time_form {
    EMU_TIME_ISO,    /* 2026-11-20T09:42:35Z              */
    EMU_TIME_HTTP,   /* Fri, 20 Nov 2026 09:42:35 GMT     */
    EMU_TIME_LOG,    /* 20/Nov/2026:09:42:35 +0000        */
    EMU_TIME_STREAM, /* 2026/11/20, as log streams begin  */
};

#define EMU_TIME_CHARS 32

/* Writes wall_ms in that form, NUL-terminated. Returns out. */
char *emu_time_write(char out[EMU_TIME_CHARS], enum emu_time_form form,
                     int64_t wall_ms);

#endif
