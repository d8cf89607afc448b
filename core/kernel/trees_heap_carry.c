/*
 * core/kernel/trees_heap_carry.c - see core/kernel/trees.h
 *
 * As trees_heap_eight.c, in the two instructions that x86 has for a step: the
 * comparison leaves its answer in the carry, and an addition takes it along.
 * Compilers do not find them by themselves (gcc 12 uses four), and of its
 * functions for the carry it keeps the results in memory.
 */
#include <stddef.h>
#include <stdint.h>

static inline size_t below_32(size_t i, uint32_t key, uint32_t x)
{
    __asm__("cmpl %2, %1\n\tadcq %0, %0" : "+r"(i) : "rm"(key), "r"(x) : "cc");
    return i;
}

static inline size_t below_64(size_t i, uint64_t key, uint64_t x)
{
    __asm__("cmpq %2, %1\n\tadcq %0, %0" : "+r"(i) : "rm"(key), "r"(x) : "cc");
    return i;
}

#include "core/kernel/trees_heap_walk.inc"

void mote_trees_heap_carry(const struct mote_trees_heap *h, size_t first,
                           size_t groups, const void *row, uint32_t leaf[])
{
    walk_groups(h, first, groups, row, leaf);
}
