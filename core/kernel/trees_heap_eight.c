/*
 * core/kernel/trees_heap_eight.c - see core/kernel/trees.h
 *
 * Eight walks in one loop, and no branch that depends on the row: a load that
 * takes its time delays one walk and not the seven others. Plain C; it knows
 * no instruction set, only that there are 16 registers.
 */
#include "core/kernel/trees.h"

/* One step of a walk. wide and many are constants wherever it is used. */
static inline __attribute__((always_inline)) size_t
step(const void *keys, const void *features, const void *row, size_t i,
     bool wide, bool many)
{
    const size_t column =
        many ? ((const uint16_t *)features)[i] : ((const uint8_t *)features)[i];

    if (wide)
        return i + i +
               (((const uint64_t *)keys)[i] < ((const uint64_t *)row)[column]);
    return i + i +
           (((const uint32_t *)keys)[i] < ((const uint32_t *)row)[column]);
}

static inline __attribute__((always_inline)) void
walk(const struct mote_trees_heap *h, size_t group, const void *row,
     uint32_t leaf[], bool wide, bool many)
{
    const size_t leaves = (size_t)MOTE_TREES_GROUP << h->depth;
    const size_t first = group * leaves;
    const void *k = (const char *)h->keys + first * (wide ? 8 : 4);
    const void *f = (const char *)h->features + first * (many ? 2 : 1);
    size_t a = 8, b = 9, c = 10, d = 11, e = 12, g = 13, i = 14, j = 15;

    for (uint32_t left = h->depth; left; left--) {
        a = step(k, f, row, a, wide, many);
        b = step(k, f, row, b, wide, many);
        c = step(k, f, row, c, wide, many);
        d = step(k, f, row, d, wide, many);
        e = step(k, f, row, e, wide, many);
        g = step(k, f, row, g, wide, many);
        i = step(k, f, row, i, wide, many);
        j = step(k, f, row, j, wide, many);
    }
    const size_t back = first - leaves;
    const size_t ends[MOTE_TREES_GROUP] = {a, b, c, d, e, g, i, j};
    for (int tree = 0; tree < MOTE_TREES_GROUP; tree++)
        leaf[tree] = (uint32_t)(ends[tree] + back);
}

void mote_trees_heap_eight(const struct mote_trees_heap *h, size_t group,
                           const void *row, uint32_t leaf[])
{
    if (h->wide && h->many)
        walk(h, group, row, leaf, true, true);
    else if (h->wide)
        walk(h, group, row, leaf, true, false);
    else if (h->many)
        walk(h, group, row, leaf, false, true);
    else
        walk(h, group, row, leaf, false, false);
}
