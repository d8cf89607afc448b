/*
 * core/kernel/trees_linked_node.h - a node of trees in linked form, as the
 * file has it: little-endian, as are the machines.
 */
#ifndef MOTE_KERNEL_TREES_LINKED_NODE_H
#define MOTE_KERNEL_TREES_LINKED_NODE_H

#include "core/kernel/trees.h"

struct mote_trees_node_32 {
    uint32_t key;
    uint16_t column, height;
    uint32_t left;
};

struct mote_trees_node_64 {
    uint64_t key;
    uint16_t column, height;
    uint32_t left;
};

_Static_assert(sizeof(struct mote_trees_node_32) == 12, "FORMAT.md");
_Static_assert(sizeof(struct mote_trees_node_64) == 16, "FORMAT.md");

/* Either, in a form for both. */
struct mote_trees_node {
    uint64_t key;
    uint32_t column, height, left;
};

static inline struct mote_trees_node mote_trees_node_at(const void *nodes,
                                                        size_t i, bool wide)
{
    const struct mote_trees_node_32 *n = nodes;
    const struct mote_trees_node_64 *w = nodes;

    if (wide)
        return (struct mote_trees_node){w[i].key, w[i].column, w[i].height,
                                        w[i].left};
    return (struct mote_trees_node){n[i].key, n[i].column, n[i].height,
                                    n[i].left};
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
