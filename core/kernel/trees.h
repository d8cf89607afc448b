/*
 * core/kernel/trees.h - sums of decision trees.
 *
 * Numbers become keys first, unsigned integers in the same order, so that a
 * step of a walk is one integer comparison, branch-free, and exact for every
 * number: left where the key of the row's number is not above the node's.
 *
 *   number          key, of 32 bits (of 64 likewise, for f64)
 *   -infinity       0x007FFFFF
 *   -0, 0           0x80000000
 *   infinity        0xFF800000
 *   NaN             0xFFFFFFFF, so it goes right; in the second columns 0, so
 *                   it goes left
 *
 * A row of keys has 2 n + 1 columns, and n more where nodes have sets:
 *
 *   0 to n - 1          keys of x
 *   n to 2 n - 1        the same, for nodes that send a NaN left
 *   2 n                 0
 *   2 n + 1 to 3 n      x as a category: 0 for a NaN, 1 for a number that is
 *                       none, else 2 + the number without its fraction
 *
 * No kernel here fails: what they follow was proven by core/model/check.c.
 * Trees are walked eight at a time; sums are in the order of the trees, so that
 * they are the trainer's, whatever order the walks were in.
 */
#ifndef MOTE_KERNEL_TREES_H
#define MOTE_KERNEL_TREES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MOTE_TREES_GROUP 8 /* trees that are walked together */

/* Rows that go through a group while its nodes are in the first cache. */
#define MOTE_TREES_ROWS 16

/* How a number becomes a category: from 0 on, or, as some trainers truncate,
 * from above -1. Below 2^30, or it is none. */
enum mote_trees_category {
    MOTE_TREES_NO_SETS,
    MOTE_TREES_FROM_ZERO,
    MOTE_TREES_TRUNCATED,
};

/* Columns of a row of keys. */
static inline size_t mote_trees_columns(size_t n, bool sets)
{
    return 2 * n + 1 + (sets ? n : 0);
}

/* The keys of one row, x [n], keys [mote_trees_columns]. */
void mote_trees_keys_f32(const float *x, uint32_t *keys, size_t n,
                         enum mote_trees_category category);
void mote_trees_keys_f64(const double *x, uint64_t *keys, size_t n,
                         enum mote_trees_category category);

/*
 * Trees of one depth. The eight of a group are one heap, whose first row are
 * their roots: node i has children 2 i and 2 i + 1, the roots are 8 to 15, and
 * 0 to 7 are unused. Levels of all eight lie side by side.
 *
 *   | unused | roots | 16 children | 32 ... | 8 << depth leaves |
 *   0        8      16            32       8 << depth
 *
 * keys      [groups][8 << depth] of nodes, uint32_t, or uint64_t if wide
 * features  likewise, columns of the row; uint8_t, or uint16_t if many
 */
struct mote_trees_heap {
    const void *keys, *features;
    bool wide, many;
    uint32_t depth;
};

/* Walks the trees of `groups` groups from `first` on. leaf[j]: where the j-th
 * of them ends, counted through all groups, 8 << depth leaves in each, tree
 * after tree. */
typedef void mote_trees_heap_fn(const struct mote_trees_heap *h, size_t first,
                                size_t groups, const void *row,
                                uint32_t leaf[]);

/*
 * Trees of any shape, in nodes that name their left child; the right one is
 * behind it. A leaf names itself, and has column 2 n, which sends it there.
 *
 * nodes  [][3] of uint32_t: key, column | height << 16, left
 *        wide: [][2] of uint64_t: key, column | height << 16 | left << 32
 *        The height is the number of steps to the farthest leaf, 0 of a leaf,
 *        whose key is its value's index. The key of a column from 2 n + 1 on
 *        is where in sets its set begins.
 * sets   or NULL. A set is its number of bits, at least 2, and the bits, first
 *        bit lowest: bit c is 1 where category c goes left. A c beyond is 1.
 * roots  [groups][8]
 * n      columns of x
 */
struct mote_trees_linked {
    const void *nodes;
    const uint32_t *sets, *roots;
    bool wide;
    size_t n;
};

/* Walks the trees of `groups` groups from `first` on. leaf[j]: index of the
 * value of the j-th of them. */
typedef void mote_trees_linked_fn(const struct mote_trees_linked *t,
                                  size_t first, size_t groups, const void *row,
                                  uint32_t leaf[]);

/*
 * What trees add to the outputs of a row.
 *
 *   y[target[t] + k] += values[leaf of t][k]   for t in order, k < width
 *
 * values   [][width], float, or double if wide, as y is
 * targets  [trees], or NULL for 0
 * order    [trees], where in `leaf` that of tree t is; or NULL where they are
 *          in order
 */
struct mote_trees_sum {
    const void *values;
    const uint32_t *targets, *order;
    size_t width;
    bool wide;
};

/* For `count` trees from `first` on, whose leaves begin at leaf[0]. */
void mote_trees_add(const struct mote_trees_sum *s, const uint32_t *leaf,
                    size_t first, size_t count, void *y);

/* y[r][k] = NaN where low[k] <= x[r][k] <= high[k], else x[r][k]: numbers that
 * stand for a missing one. x, y [rows][n]; y may be x itself. */
void mote_missing_f32(const float *x, const float *low, const float *high,
                      float *y, size_t rows, size_t n);
void mote_missing_f64(const double *x, const double *low, const double *high,
                      double *y, size_t rows, size_t n);

/* Versions; see struct mote_dense_s8_impl. The scalar ones walk one tree after
 * the other. Behind the last one comes a row of zeros. */
struct mote_trees_heap_impl {
    const char *isa;
    uint32_t needs;
    mote_trees_heap_fn *fn;
};
struct mote_trees_linked_impl {
    const char *isa;
    uint32_t needs;
    mote_trees_linked_fn *fn;
};
extern const struct mote_trees_heap_impl mote_trees_heap_impls[];
extern const struct mote_trees_linked_impl mote_trees_linked_impls[];

#define MOTE_KERNEL(isa, fn, needs) mote_trees_heap_fn fn;
#include "core/kernel/trees_heap.inc"
#undef MOTE_KERNEL
#define MOTE_KERNEL(isa, fn, needs) mote_trees_linked_fn fn;
#include "core/kernel/trees_linked.inc"
#undef MOTE_KERNEL

/* The first version that needs no more than cpu. */
mote_trees_heap_fn *mote_trees_heap_select(uint32_t cpu);
mote_trees_linked_fn *mote_trees_linked_select(uint32_t cpu);

#endif
