/*
 * core/base/arena.h - bump allocator over memory the caller owns.
 *
 *   base                used                          cap
 *    |  lent  | lent |gap|  free ...                   |
 *
 * Two lifetimes exist: a model's, from start to exit, and a request's, from
 * `used` saved to `used` restored. Under AddressSanitizer the gaps between
 * loans are poisoned, so an overrun of one loan is caught although all of
 * them lie in one block.
 */
#ifndef MOTE_BASE_ARENA_H
#define MOTE_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct mote_arena {
    uint8_t *base; /* caller's memory, outlives the arena    */
    size_t cap;    /* bytes in base                          */
    size_t used;   /* bytes handed out, <= cap               */
    size_t peak;   /* most ever used                         */
};

/* An arena over cap bytes at base; base may be NULL when cap is 0. */
void mote_arena_init(struct mote_arena *a, void *base, size_t cap);

/*
 * Lends n bytes aligned to align (a power of two), not cleared. NULL when
 * full, arena unchanged. Nothing is freed alone: save `used`, give it to
 * mote_arena_rewind, and everything lent since is gone.
 */
void *mote_arena_take(struct mote_arena *a, size_t n, size_t align);

/* Takes back everything lent since `used` had the value given here. */
void mote_arena_rewind(struct mote_arena *a, size_t used);

#endif
