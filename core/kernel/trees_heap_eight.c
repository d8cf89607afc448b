/*
 * core/kernel/trees_heap_eight.c - see core/kernel/trees.h
 *
 * Plain C: it knows no instruction set, only that there are 16 registers.
 */
#include <stddef.h>
#include <stdint.h>

static inline size_t below_32(size_t i, uint32_t key, uint32_t x)
{
    return i + i + (key < x);
}

static inline size_t below_64(size_t i, uint64_t key, uint64_t x)
{
    return i + i + (key < x);
}

#include "core/kernel/trees_heap_walk.inc"

void mote_trees_heap_eight(const struct mote_trees_heap *h, size_t first,
                           size_t groups, const void *row, uint32_t leaf[])
{
    walk_groups(h, first, groups, row, leaf);
}
