/* core/base/arena.c - see core/base/arena.h */
#include "core/base/arena.h"
#include "core/base/assert.h"

#ifdef __has_feature /* how clang says what gcc has a macro for */
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#ifdef __SANITIZE_ADDRESS__
void __asan_poison_memory_region(void const volatile *at, size_t n);
void __asan_unpoison_memory_region(void const volatile *at, size_t n);
#define POISON(at, n) __asan_poison_memory_region(at, n)
#define UNPOISON(at, n) __asan_unpoison_memory_region(at, n)
#define GAP 64 /* a multiple of every alignment ASan's shadow cares about */
#else
#define POISON(at, n) ((void)0)
#define UNPOISON(at, n) ((void)0)
#define GAP 0
#endif

void mote_arena_init(struct mote_arena *a, void *base, size_t cap)
{
    *a = (struct mote_arena){.base = base, .cap = cap};
    POISON(a->base, cap);
}

void *mote_arena_take(struct mote_arena *a, size_t n, size_t align)
{
    assert(align && (align & (align - 1)) == 0);
    uintptr_t at = (uintptr_t)a->base + a->used;
    size_t pad = (size_t)(-at & (align - 1));

    if (pad > a->cap - a->used || n > a->cap - a->used - pad)
        return NULL;
    uint8_t *lent = a->base + a->used + pad;
    UNPOISON(lent, n);
    a->used += pad + n;
    if (a->used > a->peak)
        a->peak = a->used;
    if (GAP)
        a->used = a->cap - a->used < GAP + 1 ? a->cap : a->used + GAP;
    return lent;
}

void mote_arena_rewind(struct mote_arena *a, size_t used)
{
    assert(used <= a->used);
    POISON(a->base + used, a->cap - used);
    a->used = used;
}
