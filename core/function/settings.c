/* core/function/settings.c - see core/function/settings.h */
#include "core/function/settings.h"

#include <unistd.h>

/* What follows "NAME=" in an entry of that name; NULL in any other. */
static const char *value_of(const char *entry, const char *name)
{
    while (*name && *entry == *name)
        entry++, name++;
    return *name == '\0' && *entry == '=' ? entry + 1 : NULL;
}

enum mote_status mote_settings_read(struct mote_settings *settings,
                                    char *const *environment,
                                    struct mote_where *where)
{
    static const char *const names[] = {
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_LAMBDA_LOG_LEVEL",
        "AWS_LAMBDA_LOG_FORMAT",
    };
    struct mote_text values[sizeof names / sizeof *names] = {0};

    for (; *environment; environment++)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            const char *value = value_of(*environment, names[i]);
            if (value)
                values[i] = mote_text_of(value);
        }
    settings->log = (struct mote_log){
        .level = mote_level_of(values[1]),
        .text = mote_text_equal_nocase(values[2], MOTE_TEXT("text")),
        .fd = STDERR_FILENO,
    };
    where->field = mote_text_of(names[0]);
    return mote_address_parse(&settings->runtime_api, values[0], where);
}
