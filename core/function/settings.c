/* core/function/settings.c - see core/function/settings.h */
#include "core/function/settings.h"

#include <unistd.h>

/* What follows `start` in text; NULL when text does not begin with it. */
static const char *after(const char *text, const char *start)
{
    while (*start && *text == *start)
        text++, start++;
    return *start == '\0' ? text : NULL;
}

enum mote_status mote_settings_read(struct mote_settings *settings,
                                    char *const *environment,
                                    struct mote_where *where)
{
    /* behind "AWS_LAMBDA_", as which few of the many variables begin */
    static const char *const names[] = {
        "RUNTIME_API=", "LOG_LEVEL=", "LOG_FORMAT="};
    struct mote_text values[sizeof names / sizeof *names] = {0};

    for (; *environment; environment++) {
        const char *name = after(*environment, "AWS_LAMBDA_");
        for (size_t i = 0; name && i < sizeof names / sizeof *names; i++) {
            const char *value = after(name, names[i]);
            if (value)
                values[i] = mote_text_of(value);
        }
    }
    settings->log = (struct mote_log){
        .level = mote_level_of(values[1]),
        .text = mote_text_equal_nocase(values[2], MOTE_TEXT("text")),
        .fd = STDERR_FILENO,
    };
    where->field = MOTE_TEXT("AWS_LAMBDA_RUNTIME_API");
    if (values[0].n == 0) {
        where->expected = "Lambda, or an emulator of it, to set it";
        where->got = MOTE_TEXT("nothing");
        return MOTE_E_SCHEMA;
    }
    return mote_address_parse(&settings->runtime_api, values[0], where);
}
