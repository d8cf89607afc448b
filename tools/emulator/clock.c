/* tools/emulator/clock.c - see tools/emulator/clock.h */
#include "tools/emulator/clock.h"

#include <time.h>

int64_t emu_now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t emu_wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The program never calls setlocale, so %a and %b are English. */
char *emu_time_write(char out[EMU_TIME_CHARS], enum emu_time_form form,
                     int64_t wall_ms)
{
    static const char *const formats[] = {
        [EMU_TIME_ISO] = "%Y-%m-%dT%H:%M:%SZ",
        [EMU_TIME_HTTP] = "%a, %d %b %Y %H:%M:%S GMT",
        [EMU_TIME_LOG] = "%d/%b/%Y:%H:%M:%S +0000",
        [EMU_TIME_STREAM] = "%Y/%m/%d",
    };
    const time_t seconds = wall_ms / 1000;
    struct tm utc;

    strftime(out, EMU_TIME_CHARS, formats[form], gmtime_r(&seconds, &utc));
    return out;
}
