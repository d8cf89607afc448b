/* core/base/status.c - see core/base/status.h */
#include "core/base/status.h"

const char *mote_status_text(enum mote_status status)
{
    switch (status) {
#define X(name, value, text)                                                   \
    case name:                                                                 \
        return text;
        MOTE_STATUS_LIST(X)
#undef X
    }
    return "unknown status";
}
