/* core/kernel/attention_f32_neon.c - see core/kernel/attention.h */
#include "core/kernel/lanes_neon.inc"

#include "core/kernel/attention_f32_lanes.inc"

void mote_attention_f32_neon(const float *qkv, float *y, float *scratch,
                             size_t s, size_t heads, size_t d, float scale,
                             bool causal)
{
    attention_f32(qkv, y, scratch, s, heads, d, scale, causal);
}
