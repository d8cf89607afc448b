/* core/function/settings.c - see core/function/settings.h */
#include "core/function/settings.h"
#include "core/base/number.h"

#include <unistd.h>

/* What follows `start` in text; NULL when text does not begin with it. */
static const char *after(const char *text, const char *start)
{
    while (*start && *text == *start)
        text++, start++;
    return *start == '\0' ? text : NULL;
}

/* A number of MiB, or what is taken for one that is not there. */
static uint64_t memory_of(struct mote_text value)
{
    uint64_t mib;

    return mote_uint_read(value, &mib) == MOTE_OK && mib && mib < 1u << 20
               ? mib
               : MOTE_DECODED_MEMORY_MIB;
}

enum mote_status mote_settings_read(struct mote_settings *settings,
                                    char *const *environment,
                                    struct mote_where *where)
{
    /* behind "AWS_LAMBDA_", as which few of the many variables begin */
    static const char *const names[] = {
        "RUNTIME_API=", "LOG_LEVEL=", "LOG_FORMAT=", "FUNCTION_MEMORY_SIZE="};
    struct mote_text values[sizeof names / sizeof *names] = {0};
    struct mote_text decoded = MOTE_TEXT("auto");

    for (; *environment; environment++) {
        if (**environment == 'M') {
            const char *ours = after(*environment, "MOTE_DECODED=");
            decoded = ours ? mote_text_of(ours) : decoded;
        }
        if (**environment != 'A')
            continue;
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
    settings->memory_mib = memory_of(values[3]);
    where->field = MOTE_TEXT("AWS_LAMBDA_RUNTIME_API");
    if (values[0].n == 0) {
        where->expected = "Lambda, or an emulator of it, to set it";
        where->got = MOTE_TEXT("nothing");
        return MOTE_E_SCHEMA;
    }
    const enum mote_status s =
        mote_address_parse(&settings->runtime_api, values[0], where);
    if (s != MOTE_OK || mote_decoded_of(decoded, &settings->decoded))
        return s;
    where->field = MOTE_TEXT("MOTE_DECODED");
    where->expected = "never, auto or always";
    where->got = decoded;
    return MOTE_E_SCHEMA;
}
