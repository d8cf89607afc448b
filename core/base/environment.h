/*
 * core/base/environment.h - a variable's value by its name.
 */
#ifndef MOTE_BASE_ENVIRONMENT_H
#define MOTE_BASE_ENVIRONMENT_H

#include "core/base/text.h"

/* Empty when it is not set, or set to nothing. environment: NULL-terminated
 * "NAME=value" strings. */
static inline struct mote_text mote_environment(char *const *environment,
                                                struct mote_text name)
{
    for (; *environment; environment++) {
        /* most differ in a first byte: their lengths are not asked for */
        const char *at = *environment;
        size_t n = 0;
        while (n < name.n && at[n] == name.at[n])
            n++;
        if (n == name.n && at[n] == '=')
            return mote_text_of(at + n + 1);
    }
    return (struct mote_text){0};
}

#endif
