/* core/kernel/dense_s8_scalar.c - see core/kernel/dense.h */
#include "core/kernel/dense.h"

/* Row i of w times q: every block of 8 columns lies 64 bytes behind the one
 * before, and row i has 8 bytes of each. */
static int32_t dot(const int8_t *q, const int8_t *w, size_t n, size_t i)
{
    const size_t blocks = (n + MOTE_P8K8 - 1) / MOTE_P8K8;
    const int8_t *row = w + i / MOTE_P8K8 * blocks * MOTE_P8K8_BYTES +
                        i % MOTE_P8K8 * MOTE_P8K8;
    int32_t sum = 0;

    for (size_t k = 0; k < n; k++)
        sum += q[k] * row[k / MOTE_P8K8 * MOTE_P8K8_BYTES + k % MOTE_P8K8];
    return sum;
}

static float finish(const struct mote_dense_s8 *d, int32_t sum, size_t r,
                    size_t i)
{
    const float y =
        mote_fmaf((float)sum, d->s[r] * d->c[i], d->b ? d->b[i] : 0);
    return d->relu && y < 0 ? 0 : y;
}

void mote_dense_s8_scalar(const struct mote_dense_s8 *d)
{
    const size_t columns = (d->m + MOTE_P8K8 - 1) / MOTE_P8K8 * MOTE_P8K8;

    for (size_t r = 0; r < d->rows; r++)
        for (size_t i = 0; i < d->m; i++) {
            int32_t *earlier = d->sums ? d->sums + r * columns + i : NULL;
            const int32_t sum = dot(d->q + r * d->q_stride, d->w, d->n, i) +
                                (earlier ? *earlier : 0);
            if (d->more)
                *earlier = sum;
            else if (d->to_s8)
                d->to_s8->y[r * d->y_stride + i] =
                    mote_requantize_one(sum, d->to_s8->b[i], d->to_s8->c[i],
                                        d->to_s8->zero, d->to_s8->low);
            else
                d->y[r * d->y_stride + i] = finish(d, sum, r, i);
        }
}
