/* tools/emulator/option_value.c - see tools/emulator/option_value.h */
#include "tools/emulator/option_value.h"

#include <string.h>

#include "core/base/number.h"
#include "tools/emulator/options.h"

bool emu_value_number(const char *value, int64_t min, int64_t max, int64_t *to)
{
    uint64_t n;

    if (mote_uint_read(mote_text_of(value), &n) != MOTE_OK ||
        n < (uint64_t)min || n > (uint64_t)max)
        return false;
    *to = (int64_t)n;
    return true;
}

bool emu_value_word(const char *value, const char *word, int64_t number,
                    int64_t *to)
{
    if (strcmp(value, word) != 0)
        return false;
    *to = number;
    return true;
}

bool emu_value_duration(const char *value, int64_t max_us, int64_t *to)
{
    static const struct {
        const char *unit;
        int64_t us;
    } units[] = {{"ms", 1000}, {"s", 1000000}, {"m", 60000000}};
    const size_t digits = strspn(value, "0123456789");
    uint64_t n;

    if (mote_uint_read((struct mote_text){value, digits}, &n) != MOTE_OK || !n)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(value + digits, units[i].unit) == 0 &&
            n <= (uint64_t)(max_us / units[i].us)) {
            *to = (int64_t)n * units[i].us;
            return true;
        }
    }
    return false;
}

bool emu_value_shape(const char *value, int64_t *to)
{
    static const char *const names[] = {
        [EMU_HTTP2] = "http2", [EMU_HTTP1] = "http1",
        [EMU_REST] = "rest",   [EMU_URL] = "url",
        [EMU_ALB] = "alb",     [EMU_ALB_MULTI] = "alb-multi",
    };

    for (int64_t i = 0; i < (int64_t)(sizeof names / sizeof *names); i++)
        if (emu_value_word(value, names[i], i, to))
            return true;
    return false;
}
