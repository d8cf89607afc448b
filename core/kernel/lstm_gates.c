/* core/kernel/lstm_gates.c - see core/kernel/recurrent.h */
#include "core/kernel/recurrent.h"

const struct mote_lstm_gates_impl mote_lstm_gates_impls[] = {
#define MOTE_KERNEL(isa, fn, needs) {#isa, needs, fn},
#include "core/kernel/lstm_gates.inc"
#undef MOTE_KERNEL
};

mote_lstm_gates_fn *mote_lstm_gates_select(uint32_t cpu)
{
    size_t i = 0;
    while (mote_lstm_gates_impls[i].needs & ~cpu)
        i++; /* ends at scalar, which needs nothing */
    return mote_lstm_gates_impls[i].fn;
}
