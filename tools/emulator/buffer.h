/*
 * tools/emulator/buffer.h - bytes that grow at the end.
 *
 * A zeroed struct is an empty buffer. Whoever fills one bounds it first;
 * running out of memory ends the program, as nothing here could go on.
 */
#ifndef EMU_BUFFER_H
#define EMU_BUFFER_H

#include "core/base/text.h"

struct emu_buffer {
    char *at;
    size_t n, cap;
};

/* Room for n more bytes behind at[n]; the caller adds to b->n what it used. */
char *emu_buffer_room(struct emu_buffer *b, size_t n);

void emu_buffer_add(struct emu_buffer *b, struct mote_text text);

__attribute__((format(printf, 2, 3))) void
emu_buffer_print(struct emu_buffer *b, const char *format, ...);

/* Takes n bytes away at the front. */
void emu_buffer_drop(struct emu_buffer *b, size_t n);

/* Gives the memory back; the buffer is empty and can be used again. */
void emu_buffer_free(struct emu_buffer *b);

/* A view, until the buffer changes. */
static inline struct mote_text emu_buffer_text(const struct emu_buffer *b)
{
    return (struct mote_text){b->at, b->n};
}

/* n zeroed bytes, or the end of the program. */
void *emu_alloc(size_t n);

#endif
