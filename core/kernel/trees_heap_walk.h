/*
 * core/kernel/trees_heap_walk.h - eight walks in one loop.
 *
 * No branch depends on the row, so a load that takes its time delays one walk
 * and not the seven others. A version includes this behind its two steps:
 *
 *   below_32, below_64 (i, key, x)   2 i + 1 where key < x, else 2 i
 *
 */
#ifndef MOTE_KERNEL_TREES_HEAP_WALK_H
#define MOTE_KERNEL_TREES_HEAP_WALK_H

#include "core/kernel/trees.h"

/* One step of a walk. wide and many are constants wherever it is used. */
static inline __attribute__((always_inline)) size_t
step(const void *keys, const void *columns, const void *row, size_t i,
     bool wide, bool many)
{
    const size_t column =
        many ? ((const uint16_t *)columns)[i] : ((const uint8_t *)columns)[i];

    if (wide)
        return below_64(i, ((const uint64_t *)keys)[i],
                        ((const uint64_t *)row)[column]);
    return below_32(i, ((const uint32_t *)keys)[i],
                    ((const uint32_t *)row)[column]);
}

/* k, f   keys and columns of a group
 * back   from an index of the heap to that of a leaf */
static inline __attribute__((always_inline)) void
walk(const void *k, const void *f, const void *row, uint32_t depth,
     uint32_t back, uint32_t leaf[], bool wide, bool many)
{
    size_t a = 8, b = 9, c = 10, d = 11, e = 12, g = 13, i = 14, j = 15;

    for (; depth; depth--) {
        a = step(k, f, row, a, wide, many);
        b = step(k, f, row, b, wide, many);
        c = step(k, f, row, c, wide, many);
        d = step(k, f, row, d, wide, many);
        e = step(k, f, row, e, wide, many);
        g = step(k, f, row, g, wide, many);
        i = step(k, f, row, i, wide, many);
        j = step(k, f, row, j, wide, many);
    }
    leaf[0] = (uint32_t)a + back, leaf[1] = (uint32_t)b + back;
    leaf[2] = (uint32_t)c + back, leaf[3] = (uint32_t)d + back;
    leaf[4] = (uint32_t)e + back, leaf[5] = (uint32_t)g + back;
    leaf[6] = (uint32_t)i + back, leaf[7] = (uint32_t)j + back;
}

static inline __attribute__((always_inline)) void
walk_all(const struct mote_trees_heap *h, size_t first, size_t groups,
         const void *row, uint32_t leaf[], bool wide, bool many)
{
    const size_t leaves = (size_t)MOTE_TREES_GROUP << h->depth;
    const char *k = (const char *)h->keys + first * leaves * (wide ? 8 : 4);
    const char *f = (const char *)h->features + first * leaves * (many ? 2 : 1);
    uint32_t back = (uint32_t)((first - 1) * leaves);

    for (; groups; groups--) {
        walk(k, f, row, h->depth, back, leaf, wide, many);
        k += leaves * (wide ? 8 : 4);
        f += leaves * (many ? 2 : 1);
        back += (uint32_t)leaves;
        leaf += MOTE_TREES_GROUP;
    }
}

static inline void walk_groups(const struct mote_trees_heap *h, size_t first,
                               size_t groups, const void *row, uint32_t leaf[])
{
    if (h->wide && h->many)
        walk_all(h, first, groups, row, leaf, true, true);
    else if (h->wide)
        walk_all(h, first, groups, row, leaf, true, false);
    else if (h->many)
        walk_all(h, first, groups, row, leaf, false, true);
    else
        walk_all(h, first, groups, row, leaf, false, false);
}

#endif
