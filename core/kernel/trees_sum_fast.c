/* core/kernel/trees_sum_fast.c - see core/kernel/trees.h */
#include "core/kernel/trees.h"

#define INLINE static inline __attribute__((always_inline))

/* order is NULL or not where this is used, and so asked for once. */
INLINE size_t leaf_of(const uint32_t *leaf, const uint32_t *order, size_t tree)
{
    return leaf[order ? order[tree] : tree];
}

/* A single sum stays in a register: each addition waits for the one before,
 * and memory would double the wait. */
INLINE float sum_f32(float sum, const float *values, const uint32_t *leaf,
                     const uint32_t *order, size_t count)
{
    for (size_t t = 0; t < count; t++)
        sum += values[leaf_of(leaf, order, t)];
    return sum;
}

INLINE double sum_f64(double sum, const double *values, const uint32_t *leaf,
                      const uint32_t *order, size_t count)
{
    for (size_t t = 0; t < count; t++)
        sum += values[leaf_of(leaf, order, t)];
    return sum;
}

static void add_f32(float *y, const float *values, size_t n)
{
    for (size_t k = 0; k < n; k++)
        y[k] += values[k];
}

static void add_f64(double *y, const double *values, size_t n)
{
    for (size_t k = 0; k < n; k++)
        y[k] += values[k];
}

/* The same for any width and targets. */
static void add_rows(const struct mote_trees_sum *s, const uint32_t *leaf,
                     const uint32_t *targets, size_t count, void *y)
{
    for (size_t t = 0; t < count; t++) {
        const size_t from = leaf_of(leaf, s->order, t) * s->width;
        const size_t to = targets ? targets[t] : 0;
        if (s->wide)
            add_f64((double *)y + to, (const double *)s->values + from,
                    s->width);
        else
            add_f32((float *)y + to, (const float *)s->values + from, s->width);
    }
}

void mote_trees_add(const struct mote_trees_sum *s, const uint32_t *leaf,
                    size_t first, size_t count, void *y)
{
    float *const f = y;
    double *const d = y;

    if (s->width != 1 || s->targets)
        add_rows(s, leaf, s->targets ? s->targets + first : NULL, count, y);
    else if (s->wide && s->order)
        *d = sum_f64(*d, s->values, leaf, s->order, count);
    else if (s->wide)
        *d = sum_f64(*d, s->values, leaf, NULL, count);
    else if (s->order)
        *f = sum_f32(*f, s->values, leaf, s->order, count);
    else
        *f = sum_f32(*f, s->values, leaf, NULL, count);
}
