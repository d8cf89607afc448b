/* core/kernel/attention_f32_scalar.c - see core/kernel/attention.h */
#include "core/base/maths.h"
#include "core/kernel/attention.h"
#include "core/kernel/sum16.h"

static float dot(const float *q, const float *k, size_t d)
{
    float sum = 0;

    for (size_t c = 0; c < d; c++)
        sum = mote_fmaf(q[c], k[c], sum);
    return sum;
}

/* e of the first n scores, in their place; returns 1 / their sum. */
static float weigh(float *e, size_t n, float scale)
{
    float lane[MOTE_LANES] = {0}, top = e[0];

    for (size_t j = 1; j < n; j++)
        top = e[j] > top ? e[j] : top;
    for (size_t j = 0; j < n; j++) {
        e[j] = mote_expf((e[j] - top) * scale);
        lane[j % MOTE_LANES] += e[j];
    }
    return 1.0f / mote_sum16_fold(lane);
}

void mote_attention_f32_scalar(const float *qkv, float *y, float *scratch,
                               size_t s, size_t heads, size_t d, float scale,
                               bool causal)
{
    const size_t width = heads * d, step = 3 * width;
    float *e = scratch; /* [s] */

    for (size_t i = 0; i < s; i++)
        for (size_t h = 0; h < heads; h++) {
            const float *q = qkv + i * step + h * d;
            const float *k = qkv + width + h * d, *v = k + width;
            const size_t seen = causal ? i + 1 : s;

            for (size_t j = 0; j < s; j++)
                e[j] = j < seen ? dot(q, k + j * step, d) : 0;
            const float inverse = weigh(e, seen, scale);
            for (size_t c = 0; c < d; c++) {
                float sum = 0;
                for (size_t j = 0; j < s; j++)
                    sum = mote_fmaf(e[j], v[j * step + c], sum);
                y[i * width + h * d + c] = sum * inverse;
            }
        }
}
