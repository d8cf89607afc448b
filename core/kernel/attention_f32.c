/* core/kernel/attention_f32.c - see core/kernel/attention.h */
#include "core/kernel/attention.h"

const struct mote_attention_f32_impl mote_attention_f32_impls[] = {
#define MOTE_KERNEL(isa, fn, needs) {#isa, needs, fn},
#include "core/kernel/attention_f32.inc"
#undef MOTE_KERNEL
};

mote_attention_f32_fn *mote_attention_f32_select(uint32_t cpu)
{
    size_t i = 0;
    while (mote_attention_f32_impls[i].needs & ~cpu)
        i++; /* ends at scalar, which needs nothing */
    return mote_attention_f32_impls[i].fn;
}
