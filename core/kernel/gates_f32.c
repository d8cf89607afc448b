/* core/kernel/gates_f32.c - see core/kernel/recurrent.h */
#include "core/kernel/recurrent.h"

const struct mote_gates_f32_impl mote_gates_f32_impls[] = {
#define MOTE_KERNEL(isa, fn, needs) {#isa, needs, fn},
#include "core/kernel/gates_f32.inc"
#undef MOTE_KERNEL
};

mote_gates_f32_fn *mote_gates_f32_select(uint32_t cpu)
{
    size_t i = 0;
    while (mote_gates_f32_impls[i].needs & ~cpu)
        i++; /* ends at scalar, which needs nothing */
    return mote_gates_f32_impls[i].fn;
}
