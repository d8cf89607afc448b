/* core/function/settings.c - see core/function/settings.h */
#include "core/function/settings.h"

#include <unistd.h>

/* Value of "NAME=value" when its name is `name`; false otherwise. */
static bool is_variable(struct mote_text entry, struct mote_text name,
                        struct mote_text *value)
{
    if (entry.n <= name.n || entry.at[name.n] != '=' ||
        !mote_text_starts(entry, name))
        return false;
    value->at = entry.at + name.n + 1;
    value->n = entry.n - name.n - 1;
    return true;
}

enum mote_status mote_settings_read(struct mote_settings *settings,
                                    char *const *environment,
                                    struct mote_where *where)
{
    struct mote_text api = {0}, level = {0}, format = {0};
    const struct {
        struct mote_text name, *value;
    } variables[] = {
        {MOTE_TEXT("AWS_LAMBDA_RUNTIME_API"), &api},
        {MOTE_TEXT("AWS_LAMBDA_LOG_LEVEL"), &level},
        {MOTE_TEXT("AWS_LAMBDA_LOG_FORMAT"), &format},
    };

    for (; *environment; environment++) {
        const struct mote_text entry = mote_text_of(*environment);
        for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
            if (is_variable(entry, variables[i].name, variables[i].value))
                break;
    }
    settings->log = (struct mote_log){
        .level = mote_level_of(level),
        .text = mote_text_equal_nocase(format, MOTE_TEXT("text")),
        .fd = STDERR_FILENO,
    };
    where->field = variables[0].name;
    return mote_address_parse(&settings->runtime_api, api, where);
}
