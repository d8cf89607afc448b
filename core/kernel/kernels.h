/*
 * core/kernel/kernels.h - the versions that one machine uses, chosen once.
 */
#ifndef MOTE_KERNEL_KERNELS_H
#define MOTE_KERNEL_KERNELS_H

#include "core/kernel/attention.h"
#include "core/kernel/conv.h"
#include "core/kernel/dense.h"
#include "core/kernel/quantize_s8.h"
#include "core/kernel/recurrent.h"
#include "core/kernel/trees.h"
#include "core/kernel/vector.h"

/* A member for each kernel that has several versions. All of them give the
 * same bytes, so a choice is never more than a matter of speed. */
struct mote_kernels {
    mote_dense_f32_fn *dense_f32;
    mote_dense_s8_fn *dense_s8;
    mote_quantize_s8_fn *quantize_s8;
    mote_map_f32_fn *map_f32;
    mote_binary_f32_fn *binary_f32;
    mote_norm_f32_fn *norm_f32;
    mote_softmax_f32_fn *softmax_f32;
    mote_scale_s8_fn *scale_s8;
    mote_attention_f32_fn *attention_f32;
    mote_conv_f32_fn *conv_f32;
    mote_depthwise_f32_fn *depthwise_f32;
    mote_pool_f32_fn *pool_f32;
    mote_gates_f32_fn *gates_f32;
    mote_trees_heap_fn *trees_heap;
    mote_trees_linked_fn *trees_linked;
};

/* The best versions that need no more than cpu, a set of MOTE_CPU_... flags;
 * 0 chooses those that every machine has. */
void mote_kernels_select(struct mote_kernels *kernels, uint32_t cpu);

#endif
