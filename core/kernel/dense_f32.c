/* core/kernel/dense_f32.c - see core/kernel/dense.h */
#include "core/kernel/dense.h"

const struct mote_dense_f32_impl mote_dense_f32_impls[] = {
#define MOTE_KERNEL(isa, fn, needs) {#isa, needs, fn},
#include "core/kernel/dense_f32.inc"
#undef MOTE_KERNEL
};

mote_dense_f32_fn *mote_dense_f32_select(uint32_t cpu)
{
    size_t i = 0;
    while (mote_dense_f32_impls[i].needs & ~cpu)
        i++; /* ends at scalar, which needs nothing */
    return mote_dense_f32_impls[i].fn;
}
