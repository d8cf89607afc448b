/* core/kernel/gru_gates.c - see core/kernel/recurrent.h */
#include "core/kernel/recurrent.h"

const struct mote_gru_gates_impl mote_gru_gates_impls[] = {
#define MOTE_KERNEL(isa, fn, needs) {#isa, needs, fn},
#include "core/kernel/gru_gates.inc"
#undef MOTE_KERNEL
};

mote_gru_gates_fn *mote_gru_gates_select(uint32_t cpu)
{
    size_t i = 0;
    while (mote_gru_gates_impls[i].needs & ~cpu)
        i++; /* ends at scalar, which needs nothing */
    return mote_gru_gates_impls[i].fn;
}
