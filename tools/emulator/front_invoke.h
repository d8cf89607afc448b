/*
 * tools/emulator/front_invoke.h - the Invoke API, as AWS's SDKs speak it:
 *
 *   POST /2015-03-31/functions/NAME/invocations
 *
 * Synchronous, asynchronous and dry. Any NAME is this function; signatures
 * are not looked at.
 */
#ifndef EMU_FRONT_INVOKE_H
#define EMU_FRONT_INVOKE_H

#include "tools/emulator/conn.h"

struct emu;

/* Of a listener whose owner is a struct emu. */
extern const struct emu_conn_calls emu_invoke_calls;

#endif
