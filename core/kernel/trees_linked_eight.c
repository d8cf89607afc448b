/*
 * core/kernel/trees_linked_eight.c - see core/kernel/trees.h
 *
 * As trees_heap_eight.c: eight walks in one loop without a branch that depends
 * on the row. A walk that is at its leaf stays there until the last one is. The
 * carry of trees_heap_carry.c was tried here and gained nothing: a node has
 * four loads to wait for.
 */
#include "core/kernel/trees_linked_node.h"

/* Whether category x, if the node has a set, goes left; else anything. A node
 * without one looks at the set at 0, which is always there. */
static inline bool set_has(const uint32_t *sets, size_t at, uint64_t x)
{
    const uint64_t bits = sets[at];
    const uint64_t bit = x < bits ? x : 1;
    return sets[at + 1 + bit / 32] >> bit % 32 & 1;
}

/* One step of a walk. wide and with_sets are constants wherever it is used. */
static inline __attribute__((always_inline)) size_t
step(const struct mote_trees_linked *t, const void *row, size_t i, bool wide,
     bool with_sets)
{
    const struct mote_trees_node node = mote_trees_node_at(t->nodes, i, wide);
    const uint64_t x = wide ? ((const uint64_t *)row)[node.column]
                            : ((const uint32_t *)row)[node.column];

    if (with_sets) {
        const bool has_set = node.column > 2 * t->n;
        const bool in = set_has(t->sets, has_set ? (size_t)node.key : 0, x);
        return node.left + (size_t)(has_set ? !in : node.key < x);
    }
    return node.left + (size_t)(node.key < x);
}

/* At a leaf. */
static inline uint32_t value_of(const struct mote_trees_linked *t, size_t i,
                                bool wide)
{
    return (uint32_t)mote_trees_node_at(t->nodes, i, wide).key;
}

static inline __attribute__((always_inline)) void
walk(const struct mote_trees_linked *t, size_t group, const void *row,
     uint32_t leaf[], bool wide, bool with_sets)
{
    const uint32_t *roots = t->roots + group * MOTE_TREES_GROUP;
    size_t a = roots[0], b = roots[1], c = roots[2], d = roots[3];
    size_t e = roots[4], f = roots[5], g = roots[6], h = roots[7];

    for (uint32_t left = mote_trees_depth(t, group); left; left--) {
        a = step(t, row, a, wide, with_sets);
        b = step(t, row, b, wide, with_sets);
        c = step(t, row, c, wide, with_sets);
        d = step(t, row, d, wide, with_sets);
        e = step(t, row, e, wide, with_sets);
        f = step(t, row, f, wide, with_sets);
        g = step(t, row, g, wide, with_sets);
        h = step(t, row, h, wide, with_sets);
    }
    leaf[0] = value_of(t, a, wide), leaf[1] = value_of(t, b, wide);
    leaf[2] = value_of(t, c, wide), leaf[3] = value_of(t, d, wide);
    leaf[4] = value_of(t, e, wide), leaf[5] = value_of(t, f, wide);
    leaf[6] = value_of(t, g, wide), leaf[7] = value_of(t, h, wide);
}

static inline __attribute__((always_inline)) void
walk_all(const struct mote_trees_linked *t, size_t first, size_t groups,
         const void *row, uint32_t leaf[], bool wide, bool with_sets)
{
    for (size_t group = first; group < first + groups; group++) {
        walk(t, group, row, leaf, wide, with_sets);
        leaf += MOTE_TREES_GROUP;
    }
}

void mote_trees_linked_eight(const struct mote_trees_linked *t, size_t first,
                             size_t groups, const void *row, uint32_t leaf[])
{
    const struct mote_trees_linked copy = *t; /* so that it is in registers */

    if (copy.wide && copy.sets)
        walk_all(&copy, first, groups, row, leaf, true, true);
    else if (copy.wide)
        walk_all(&copy, first, groups, row, leaf, true, false);
    else if (copy.sets)
        walk_all(&copy, first, groups, row, leaf, false, true);
    else
        walk_all(&copy, first, groups, row, leaf, false, false);
}
