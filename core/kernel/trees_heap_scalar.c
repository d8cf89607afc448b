/* core/kernel/trees_heap_scalar.c - see core/kernel/trees.h */
#include "core/kernel/trees.h"

static bool goes_right(const struct mote_trees_heap *h, size_t node,
                       const void *row)
{
    const size_t column = h->many ? ((const uint16_t *)h->features)[node]
                                  : ((const uint8_t *)h->features)[node];

    if (h->wide)
        return ((const uint64_t *)row)[column] >
               ((const uint64_t *)h->keys)[node];
    return ((const uint32_t *)row)[column] > ((const uint32_t *)h->keys)[node];
}

void mote_trees_heap_scalar(const struct mote_trees_heap *h, size_t first,
                            size_t groups, const void *row, uint32_t leaf[])
{
    const size_t leaves = (size_t)MOTE_TREES_GROUP << h->depth;

    for (size_t tree = 0; tree < groups * MOTE_TREES_GROUP; tree++) {
        const size_t group = first + tree / MOTE_TREES_GROUP;
        size_t i = MOTE_TREES_GROUP + tree % MOTE_TREES_GROUP;
        for (uint32_t step = 0; step < h->depth; step++)
            i = 2 * i + goes_right(h, group * leaves + i, row);
        leaf[tree] = (uint32_t)(group * leaves + i - leaves);
    }
}
