/* core/kernel/kernels.c - see core/kernel/kernels.h */
#include "core/base/linked.h"
#include "core/kernel/kernels.h"

/* Each for the operators that call it, by opcode: those that are not linked
 * need none. */
void mote_kernels_select(struct mote_kernels *kernels, uint32_t cpu)
{
    if (!MOTE_LINKED_KERNELS)
        return;
    if (MOTE_LINKED(3))
        kernels->dense_f32 = mote_dense_f32_select(cpu);
    if (MOTE_LINKED(4))
        kernels->quantize_s8 = mote_quantize_s8_select(cpu);
    if (MOTE_LINKED(5))
        kernels->dense_s8 = mote_dense_s8_select(cpu);
}
