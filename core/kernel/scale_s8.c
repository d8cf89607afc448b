/* core/kernel/scale_s8.c - see core/kernel/vector.h */
#include "core/kernel/vector.h"

const struct mote_scale_s8_impl mote_scale_s8_impls[] = {
#define MOTE_KERNEL(isa, fn, needs) {#isa, needs, fn},
#include "core/kernel/scale_s8.inc"
#undef MOTE_KERNEL
};

mote_scale_s8_fn *mote_scale_s8_select(uint32_t cpu)
{
    size_t i = 0;
    while (mote_scale_s8_impls[i].needs & ~cpu)
        i++; /* ends at scalar, which needs nothing */
    return mote_scale_s8_impls[i].fn;
}
