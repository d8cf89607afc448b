/*
 * core/base/xxh64.h - the checksum of everything in a .mote file.
 *
 * XXH64, seed 0, as its specification defines it; not a cryptographic hash:
 * it finds damage, not forgery.
 *
 * source  Collet, "xxHash fast digest algorithm", doc/xxhash_spec.md of
 *         Cyan4973/xxHash, section "XXH64 Algorithm Description"
 */
#ifndef MOTE_BASE_XXH64_H
#define MOTE_BASE_XXH64_H

#include <stddef.h>
#include <stdint.h>

/* n bytes at data, which may be NULL when n is 0. */
uint64_t mote_xxh64(const void *data, size_t n);

#endif
