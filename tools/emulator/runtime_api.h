/*
 * tools/emulator/runtime_api.h - the Lambda Runtime API, version 2018-06-01,
 * as a process in a sandbox sees it.
 *
 * States, status codes, bodies and the order of checks are those of the core
 * that AWS shares between Lambda and its Runtime Interface Emulator; the
 * invocation id and 410 are Lambda's since 2026.
 */
#ifndef EMU_RUNTIME_API_H
#define EMU_RUNTIME_API_H

#include "tools/emulator/conn.h"

/* Of a listener whose owner is a struct emu_sandbox. */
extern const struct emu_conn_calls emu_api_calls;

#endif
