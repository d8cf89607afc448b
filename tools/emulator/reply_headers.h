/*
 * tools/emulator/reply_headers.h - the headers of a function's reply, checked
 * and merged as each gateway does it.
 */
#ifndef EMU_REPLY_HEADERS_H
#define EMU_REPLY_HEADERS_H

#include "tools/emulator/fields.h"
#include "tools/emulator/gateway.h"

/*
 * Appends to r->headers what the fields say, and a content type where the
 * gateway has one of its own. False when something there is no header, or of
 * a kind that a load balancer of that shape does not take.
 */
bool emu_reply_add_headers(struct emu_reply *r, enum emu_shape shape,
                           const struct emu_fields *f);

#endif
