/* core/kernel/kernels.c - see core/kernel/kernels.h */
#include "core/kernel/kernels.h"

void mote_kernels_select(struct mote_kernels *kernels, uint32_t cpu)
{
    kernels->dense_s8 = mote_dense_s8_select(cpu);
}
