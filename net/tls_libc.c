/*
 * net/tls_libc.c - what Debian's archive of BearSSL wants of a C library and
 * musl does not have: three functions that check a bound first.
 *
 * They are glibc's, from compiling with _FORTIFY_SOURCE=2. Linked only against
 * musl.
 *
 * source  Linux Standard Base 5.0, Core, __memcpy_chk and its like
 */
#include "core/base/mem.h"

void *__memcpy_chk(void *restrict dst, const void *restrict src, size_t n,
                   size_t room);
void *__memmove_chk(void *dst, const void *src, size_t n, size_t room);
void *__memset_chk(void *dst, int byte, size_t n, size_t room);

void *__memcpy_chk(void *restrict dst, const void *restrict src, size_t n,
                   size_t room)
{
    if (n > room)
        __builtin_trap();
    return memcpy(dst, src, n);
}

void *__memmove_chk(void *dst, const void *src, size_t n, size_t room)
{
    if (n > room)
        __builtin_trap();
    return memmove(dst, src, n);
}

void *__memset_chk(void *dst, int byte, size_t n, size_t room)
{
    if (n > room)
        __builtin_trap();
    return memset(dst, byte, n);
}
