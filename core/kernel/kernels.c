/* core/kernel/kernels.c - see core/kernel/kernels.h */
#include "core/base/linked.h"
#include "core/kernel/kernels.h"

/* Each for the operators that call it, by opcode: those that are not linked
 * need none. */
void mote_kernels_select(struct mote_kernels *kernels, uint32_t cpu)
{
    /* for every processor of a machine there is one that is best */
    if (MOTE_LINKED(20))
        kernels->trees_heap = mote_trees_heap_select(cpu);
    if (MOTE_LINKED(21))
        kernels->trees_linked = mote_trees_linked_select(cpu);
    if (!MOTE_LINKED_KERNELS)
        return;
    if (MOTE_LINKED(3))
        kernels->dense_f32 = mote_dense_f32_select(cpu);
    if (MOTE_LINKED(4) || MOTE_LINKED(26) || MOTE_LINKED(35) || MOTE_LINKED(36))
        kernels->quantize_s8 = mote_quantize_s8_select(cpu);
    if (MOTE_LINKED(5) || MOTE_LINKED(24) || MOTE_LINKED(26) ||
        MOTE_LINKED(35) || MOTE_LINKED(36) || MOTE_LINKED(60) ||
        MOTE_LINKED(63))
        kernels->dense_s8 = mote_dense_s8_select(cpu);
    if (MOTE_LINKED(3) || MOTE_LINKED(5) || MOTE_LINKED(10) ||
        MOTE_LINKED(25) || MOTE_LINKED(26) || MOTE_LINKED(27))
        kernels->map_f32 = mote_map_f32_select(cpu);
    if (MOTE_LINKED(11) || MOTE_LINKED(14) || MOTE_LINKED(15) ||
        MOTE_LINKED(17))
        kernels->binary_f32 = mote_binary_f32_select(cpu);
    if (MOTE_LINKED(12))
        kernels->norm_f32 = mote_norm_f32_select(cpu);
    if (MOTE_LINKED(13))
        kernels->softmax_f32 = mote_softmax_f32_select(cpu);
    if (MOTE_LINKED(14) || MOTE_LINKED(15))
        kernels->scale_s8 = mote_scale_s8_select(cpu);
    if (MOTE_LINKED(16))
        kernels->attention_f32 = mote_attention_f32_select(cpu);
    if (MOTE_LINKED(25) || MOTE_LINKED(35) || MOTE_LINKED(36) ||
        MOTE_LINKED(55))
        kernels->conv_f32 = mote_conv_f32_select(cpu);
    if (MOTE_LINKED(27))
        kernels->depthwise_f32 = mote_depthwise_f32_select(cpu);
    if (MOTE_LINKED(28))
        kernels->pool_f32 = mote_pool_f32_select(cpu);
    if (MOTE_LINKED(35) || MOTE_LINKED(36))
        kernels->gates_f32 = mote_gates_f32_select(cpu);
}
