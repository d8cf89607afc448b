/* core/kernel/quantize_s8.c - see core/kernel/quantize_s8.h */
#include "core/kernel/quantize_s8.h"

const struct mote_quantize_s8_impl mote_quantize_s8_impls[] = {
#define MOTE_KERNEL(isa, fn, needs) {#isa, needs, fn},
#include "core/kernel/quantize_s8.inc"
#undef MOTE_KERNEL
};

mote_quantize_s8_fn *mote_quantize_s8_select(uint32_t cpu)
{
    size_t i = 0;
    while (mote_quantize_s8_impls[i].needs & ~cpu)
        i++; /* ends at scalar, which needs nothing */
    return mote_quantize_s8_impls[i].fn;
}
