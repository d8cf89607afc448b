/* core/kernel/trees_heap.c - see core/kernel/trees.h */
#include "core/kernel/trees.h"

const struct mote_trees_heap_impl mote_trees_heap_impls[] = {
#define MOTE_KERNEL(isa, fn, needs) {#isa, needs, fn},
#include "core/kernel/trees_heap.inc"
#undef MOTE_KERNEL
    {0},
};

mote_trees_heap_fn *mote_trees_heap_select(uint32_t cpu)
{
    size_t i = 0;
    while (mote_trees_heap_impls[i].needs & ~cpu)
        i++; /* ends at one that needs nothing */
    return mote_trees_heap_impls[i].fn;
}
