/*
 * tools/emulator/base64_write.h - bytes to base64, the standard alphabet with
 * padding (RFC 4648, section 4). The reader is core/base/base64.h.
 */
#ifndef EMU_BASE64_WRITE_H
#define EMU_BASE64_WRITE_H

#include "tools/emulator/buffer.h"

/* Appends the base64 of bytes to out, which is another buffer's memory. */
void emu_base64_add(struct emu_buffer *out, struct mote_text bytes);

#endif
