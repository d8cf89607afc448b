/*
 * core/kernel/layer.h - matrix products with any activation.
 *
 * The kernels of products know relu alone. What is curved is applied to a
 * strip of sums while it still lies in the first cache. Which strips is no
 * matter of the arithmetic: every element is computed alone.
 */
#ifndef MOTE_KERNEL_LAYER_H
#define MOTE_KERNEL_LAYER_H

#include "core/kernel/kernels.h"

/* As mote_dense_f32_fn. */
void mote_layer_f32(const struct mote_kernels *kernels, const float *x,
                    const float *w, const float *b, float *y, size_t rows,
                    size_t n, size_t m, enum mote_activation activation);

/* d with the activation in place of its `relu`; d->sums is NULL. */
void mote_layer_s8(const struct mote_kernels *kernels,
                   const struct mote_dense_s8 *d,
                   enum mote_activation activation);

#endif
