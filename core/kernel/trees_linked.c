/* core/kernel/trees_linked.c - see core/kernel/trees.h */
#include "core/kernel/trees.h"

const struct mote_trees_linked_impl mote_trees_linked_impls[] = {
#define MOTE_KERNEL(isa, fn, needs) {#isa, needs, fn},
#include "core/kernel/trees_linked.inc"
#undef MOTE_KERNEL
    {0},
};

mote_trees_linked_fn *mote_trees_linked_select(uint32_t cpu)
{
    size_t i = 0;
    while (mote_trees_linked_impls[i].needs & ~cpu)
        i++; /* ends at one that needs nothing */
    return mote_trees_linked_impls[i].fn;
}
