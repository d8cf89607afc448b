/*
 * tools/emulator/ids.h - random names: request ids, nonces, log streams.
 */
#ifndef EMU_IDS_H
#define EMU_IDS_H

#include <stddef.h>

#define EMU_UUID_CHARS 37 /* 36 and a NUL */

/* A random UUID, version 4, NUL-terminated. */
void emu_uuid_make(char out[EMU_UUID_CHARS]);

/* n random hex digits and a NUL: out has room for n + 1; n <= 64. */
void emu_hex_make(char *out, size_t n);

#endif
