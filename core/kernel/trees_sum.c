/* core/kernel/trees_sum.c - see core/kernel/trees.h */
#include "core/kernel/trees.h"

static size_t leaf_of(const struct mote_trees_sum *s, const uint32_t *leaf,
                      size_t tree)
{
    return leaf[s->order ? s->order[tree] : tree];
}

/* A single sum stays in a register: each addition waits for the one before,
 * and memory would double the wait. */
static float sum_f32(const struct mote_trees_sum *s, const uint32_t *leaf,
                     size_t count, float sum)
{
    for (size_t t = 0; t < count; t++)
        sum += ((const float *)s->values)[leaf_of(s, leaf, t)];
    return sum;
}

static double sum_f64(const struct mote_trees_sum *s, const uint32_t *leaf,
                      size_t count, double sum)
{
    for (size_t t = 0; t < count; t++)
        sum += ((const double *)s->values)[leaf_of(s, leaf, t)];
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

static void add_f32_rows(const struct mote_trees_sum *s, const uint32_t *leaf,
                         const uint32_t *targets, size_t count, float *y)
{
    if (s->width == 1 && !targets) {
        *y = sum_f32(s, leaf, count, *y);
        return;
    }
    for (size_t t = 0; t < count; t++)
        add_f32(y + (targets ? targets[t] : 0),
                (const float *)s->values + leaf_of(s, leaf, t) * s->width,
                s->width);
}

static void add_f64_rows(const struct mote_trees_sum *s, const uint32_t *leaf,
                         const uint32_t *targets, size_t count, double *y)
{
    if (s->width == 1 && !targets) {
        *y = sum_f64(s, leaf, count, *y);
        return;
    }
    for (size_t t = 0; t < count; t++)
        add_f64(y + (targets ? targets[t] : 0),
                (const double *)s->values + leaf_of(s, leaf, t) * s->width,
                s->width);
}

void mote_trees_add(const struct mote_trees_sum *s, const uint32_t *leaf,
                    size_t first, size_t count, void *y)
{
    const uint32_t *targets = s->targets ? s->targets + first : NULL;

    if (s->wide)
        add_f64_rows(s, leaf, targets, count, y);
    else
        add_f32_rows(s, leaf, targets, count, y);
}
