/* core/kernel/trees_linked_scalar.c - see core/kernel/trees.h */
#include "core/kernel/trees_linked_node.h"

static bool set_has(const uint32_t *set, uint64_t category)
{
    const uint64_t bit = category < set[0] ? category : 1;
    return set[1 + bit / 32] >> bit % 32 & 1;
}

static bool goes_right(const struct mote_trees_linked *t,
                       const struct mote_trees_node *node, const void *row)
{
    const uint64_t x = t->wide ? ((const uint64_t *)row)[node->column]
                               : ((const uint32_t *)row)[node->column];

    if (node->column > 2 * t->n)
        return !set_has(t->sets + node->key, x);
    return x > node->key;
}

void mote_trees_linked_scalar(const struct mote_trees_linked *t, size_t first,
                              size_t groups, const void *row, uint32_t leaf[])
{
    for (size_t tree = 0; tree < groups * MOTE_TREES_GROUP; tree++) {
        struct mote_trees_node node = mote_trees_node_at(
            t->nodes, t->roots[first * MOTE_TREES_GROUP + tree], t->wide);
        while (node.height > 0)
            node = mote_trees_node_at(
                t->nodes, node.left + goes_right(t, &node, row), t->wide);
        leaf[tree] = (uint32_t)node.key;
    }
}
