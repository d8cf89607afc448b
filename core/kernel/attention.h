/*
 * core/kernel/attention.h - self-attention of all heads, in fp32.
 *
 * For each head and each row i of its q, over the rows j of its k and v:
 *
 *   score[j] = sum over c of q[i][c] * k[j][c]
 *   e[j]     = exp((score[j] - largest score of the row) * scale)
 *   y[i][c]  = (sum over j of e[j] * v[j][c]) * (1 / sum of e)
 *
 * Both sums of products are fused multiply-adds one after the other, from the
 * first to the last, starting at 0: a vector holds neighbouring j, or
 * neighbouring c, and none has to be folded. The sum of e is in 16 lanes
 * (core/kernel/sum16.h). Nothing is transposed but k, into scratch, and a
 * strip of MOTE_ATTENTION_STRIP rows of scores is finished before the next.
 *
 * qkv     [s][3][heads][d], as one product of the three writes it
 * y       [s][heads * d], overlaps neither
 * causal  row i looks at the rows up to i: the e of later ones are 0, and are
 *         added as such
 * scale   finite, above 0; s, heads and d at least 1
 * scratch mote_attention_floats(s, d), what it holds does not matter
 * exact   the same bytes from every version, but for a NaN's sign and payload
 * errors  none: shapes were proven when the model was opened
 * source  Vaswani et al., arXiv:1706.03762
 */
#ifndef MOTE_KERNEL_ATTENTION_H
#define MOTE_KERNEL_ATTENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/cpu.h"

#define MOTE_ATTENTION_STRIP 16
#define MOTE_ATTENTION_PAD 16 /* columns of a strip are a multiple of this */

static inline uint64_t mote_attention_padded(uint64_t n)
{
    return (n + MOTE_ATTENTION_PAD - 1) / MOTE_ATTENTION_PAD *
           MOTE_ATTENTION_PAD;
}

/*
 * Floats of scratch, for rows up to s:
 *
 *   | k [d][padded s] | v [s][padded d] | scores [16][padded s]
 *   | result [16][padded d] |
 *
 * s and d are below 2^31, so nothing overflows.
 */
static inline uint64_t mote_attention_floats(uint64_t s, uint64_t d)
{
    const uint64_t keys = mote_attention_padded(s);
    const uint64_t columns = mote_attention_padded(d);

    return d * keys + s * columns + MOTE_ATTENTION_STRIP * (keys + columns);
}

typedef void mote_attention_f32_fn(const float *qkv, float *y, float *scratch,
                                   size_t s, size_t heads, size_t d,
                                   float scale, bool causal);

/* Its versions, as in core/kernel/vector.h. */
struct mote_attention_f32_impl {
    const char *isa;
    uint32_t needs;
    mote_attention_f32_fn *fn;
};
extern const struct mote_attention_f32_impl mote_attention_f32_impls[];

#define MOTE_KERNEL(isa, fn, needs) mote_attention_f32_fn fn;
#include "core/kernel/attention_f32.inc"
#undef MOTE_KERNEL

mote_attention_f32_fn *mote_attention_f32_select(uint32_t cpu);

#endif
