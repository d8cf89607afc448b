/*
 * tools/emulator/reply.h - a function's reply as the HTTP response that its
 * gateway makes of it.
 */
#ifndef EMU_REPLY_H
#define EMU_REPLY_H

#include "tools/emulator/gateway.h"
#include "tools/emulator/invocation.h"

/* Fills a zeroed r; with emu_reply_failed's answer when that cannot be done.
 */
void emu_reply_read(struct emu_reply *r, enum emu_shape shape,
                    const struct emu_result *result);

#endif
