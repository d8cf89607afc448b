/* core/kernel/norm_f32_scalar.c - see core/kernel/vector.h */
#include "core/kernel/sum16.h"
#include "core/kernel/vector.h"

static float mean(const float *h, size_t n)
{
    float lane[MOTE_LANES] = {0};

    for (size_t k = 0; k < n; k++)
        lane[k % MOTE_LANES] += h[k];
    return mote_sum16_fold(lane) / (float)n;
}

static float mean_square(const float *h, size_t n, float m)
{
    float lane[MOTE_LANES] = {0};

    for (size_t k = 0; k < n; k++) {
        const float d = h[k] - m;
        lane[k % MOTE_LANES] = mote_fmaf(d, d, lane[k % MOTE_LANES]);
    }
    return mote_sum16_fold(lane) / (float)n;
}

void mote_norm_f32_scalar(const float *x, const float *r, const float *g,
                          const float *b, float *y, size_t rows, size_t n,
                          float eps, enum mote_norm kind)
{
    for (size_t i = 0; i < rows; i++, x += n, y += n) {
        const float *more = r ? r + i * n : NULL;
        for (size_t k = 0; k < n; k++)
            y[k] = more ? x[k] + more[k] : x[k];
        const float m = kind == MOTE_NORM_LAYER ? mean(y, n) : 0;
        const float v = mean_square(y, n, m);
        const float inverse = 1.0f / __builtin_sqrtf(v + eps);
        for (size_t k = 0; k < n; k++)
            y[k] = mote_fmaf((y[k] - m) * inverse, g[k], b ? b[k] : 0);
    }
}
