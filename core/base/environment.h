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
        const struct mote_text t = mote_text_of(*environment);
        if (t.n > name.n && t.at[name.n] == '=' && mote_text_starts(t, name))
            return (struct mote_text){t.at + name.n + 1, t.n - name.n - 1};
    }
    return (struct mote_text){0};
}

#endif
