/*
 * core/base/mem.h - the four memory functions a freestanding C still needs.
 *
 * The compiler may call them on its own; the program that links the engine
 * brings them (musl does, test/core/freestanding.c shows the smallest set).
 */
#ifndef MOTE_BASE_MEM_H
#define MOTE_BASE_MEM_H

#include <stddef.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);

#endif
