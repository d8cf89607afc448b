/* net/tls_trust_variable.c - whom a function believes: see net/tls_trust.h */
#include "net/tls_trust.h"

static const char *value_of(char *const *environment, struct mote_text name)
{
    for (; *environment; environment++)
        if (mote_text_starts(mote_text_of(*environment), name) &&
            (*environment)[name.n] == '=')
            return *environment + name.n + 1;
    return "";
}

enum mote_status mote_trust_read(struct mote_trust *trust,
                                 char *const *environment,
                                 struct mote_where *where)
{
    const char *path = value_of(environment, MOTE_TEXT(MOTE_TRUST_VARIABLE));

    mote_trust_begin(trust, mote_trust_builtin, mote_trust_builtin_count);
    if (*path == 0)
        return MOTE_OK;
    const enum mote_status s = mote_trust_add_file(trust, path, where);
    where->field = MOTE_TEXT(MOTE_TRUST_VARIABLE);
    where->got = mote_text_of(path);
    return s;
}
