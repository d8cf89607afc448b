/* tools/emulator/buffer.c - see tools/emulator/buffer.h */
#include "tools/emulator/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *memory)
{
    if (!memory) {
        fputs("emulator: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

void *emu_alloc(size_t n)
{
    return must(calloc(1, n));
}

char *emu_buffer_room(struct emu_buffer *b, size_t n)
{
    if (n > b->cap - b->n) {
        size_t cap = b->cap ? b->cap : 256;
        while (cap - b->n < n)
            cap *= 2;
        b->at = must(realloc(b->at, cap));
        b->cap = cap;
    }
    return b->at + b->n;
}

void emu_buffer_add(struct emu_buffer *b, struct mote_text text)
{
    if (text.n)
        memcpy(emu_buffer_room(b, text.n), text.at, text.n);
    b->n += text.n;
}

void emu_buffer_print(struct emu_buffer *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    const int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *to = emu_buffer_room(b, (size_t)n + 1); /* vsnprintf ends in NUL */
    va_start(args, format);
    vsnprintf(to, (size_t)n + 1, format, args);
    va_end(args);
    b->n += (size_t)n;
}

void emu_buffer_drop(struct emu_buffer *b, size_t n)
{
    b->n -= n;
    if (b->n)
        memmove(b->at, b->at + n, b->n);
}

void emu_buffer_free(struct emu_buffer *b)
{
    free(b->at);
    *b = (struct emu_buffer){0};
}
