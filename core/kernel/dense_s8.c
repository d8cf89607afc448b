/* core/kernel/dense_s8.c - see core/kernel/dense.h */
#include "core/kernel/dense.h"

const struct mote_dense_s8_impl mote_dense_s8_impls[] = {
#define MOTE_KERNEL(isa, fn, needs) {#isa, needs, fn},
#include "core/kernel/dense_s8.inc"
#undef MOTE_KERNEL
};

mote_dense_s8_fn *mote_dense_s8_select(uint32_t cpu)
{
    size_t i = 0;
    while (mote_dense_s8_impls[i].needs & ~cpu)
        i++; /* ends at scalar, which needs nothing */
    return mote_dense_s8_impls[i].fn;
}
