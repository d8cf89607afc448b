/*
 * tools/emulator/gateway.h - an HTTP response in the making, and those that
 * each gateway gives by itself.
 */
#ifndef EMU_GATEWAY_H
#define EMU_GATEWAY_H

#include "tools/emulator/buffer.h"
#include "tools/emulator/options.h"

/* Zeroed at first, freed with emu_reply_free; the parts of an emu_answer. */
struct emu_reply {
    int status;
    struct emu_buffer reason, headers, body;
};

/* Each replaces what r held. */
void emu_reply_say(struct emu_reply *r, int status, const char *type,
                   const char *body);

/* The function failed, or its reply is none. */
void emu_reply_failed(struct emu_reply *r, enum emu_shape shape);

/* Every process has an invocation. */
void emu_reply_busy(struct emu_reply *r, enum emu_shape shape);

/* The request does not fit into an event. */
void emu_reply_too_long(struct emu_reply *r, enum emu_shape shape);

void emu_reply_free(struct emu_reply *r);

#endif
