/*
 * core/kernel/trees_linked_node.h - a node of trees in linked form.
 */
#ifndef MOTE_KERNEL_TREES_LINKED_NODE_H
#define MOTE_KERNEL_TREES_LINKED_NODE_H

#include "core/kernel/trees.h"

struct mote_trees_node {
    uint64_t key;
    uint32_t column, height, left;
};

static inline struct mote_trees_node mote_trees_node_at(const void *nodes,
                                                        size_t i, bool wide)
{
    if (wide) {
        const uint64_t *n = (const uint64_t *)nodes + 2 * i;
        return (struct mote_trees_node){n[0], (uint16_t)n[1],
                                        (uint16_t)(n[1] >> 16),
                                        (uint32_t)(n[1] >> 32)};
    }
    const uint32_t *n = (const uint32_t *)nodes + 3 * i;
    return (struct mote_trees_node){n[0], (uint16_t)n[1], n[1] >> 16, n[2]};
}

/* Steps that take every tree of a group to its leaf. */
static inline uint32_t mote_trees_depth(const struct mote_trees_linked *t,
                                        size_t group)
{
    uint32_t depth = 0;

    for (size_t tree = 0; tree < MOTE_TREES_GROUP; tree++) {
        const uint32_t root = t->roots[group * MOTE_TREES_GROUP + tree];
        const uint32_t height =
            mote_trees_node_at(t->nodes, root, t->wide).height;
        depth = height > depth ? height : depth;
    }
    return depth;
}

#endif
