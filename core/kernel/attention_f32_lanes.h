/*
 * core/kernel/attention_f32_lanes.h - mote_attention_f32 in lanes: see
 * core/kernel/attention.h and core/kernel/lanes.h.
 *
 * Both products are one: c = a b, where neighbouring columns of b lie side by
 * side. Scores are q times k transposed, results e times v. Columns are filled
 * up to whole sixteens with zeros, so that no product has a part.
 */
#include "core/kernel/attention.h"
#include "core/base/mem.h"
#include "core/kernel/lanes_softmax.h"

#define ROWS 4 /* that share each vector of b: 8 sums hide an fma's latency */

/* c[rows][columns of `vectors`] = a [rows][depth] times b. */
LANES_INLINE void tile(const float *a, size_t a_step, const float *b,
                       size_t b_step, float *c, size_t c_step, size_t depth,
                       size_t rows, size_t vectors)
{
    lanes sum[ROWS][2];

#pragma GCC unroll 4
    for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (size_t v = 0; v < vectors; v++)
            sum[i][v] = lanes_all(0);
#pragma GCC unroll 2
    for (size_t k = 0; k < depth; k++, b += b_step)
#pragma GCC unroll 4
        for (size_t i = 0; i < rows; i++) {
            const lanes x = lanes_all(a[i * a_step + k]);
#pragma GCC unroll 2
            for (size_t v = 0; v < vectors; v++)
                sum[i][v] = lanes_fma(x, lanes_load(b + v * LANES), sum[i][v]);
        }
#pragma GCC unroll 4
    for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (size_t v = 0; v < vectors; v++)
            lanes_store(c + i * c_step + v * LANES, sum[i][v]);
}

/* rows at most MOTE_ATTENTION_STRIP, columns a multiple of 16. */
static void product(const float *a, size_t a_step, const float *b,
                    size_t b_step, float *c, size_t c_step, size_t rows,
                    size_t depth, size_t columns)
{
    for (size_t j = 0; j < columns;) {
        const bool two = columns - j >= 2 * LANES;
        size_t i = 0;

        for (; i + ROWS <= rows; i += ROWS)
            if (two)
                tile(a + i * a_step, a_step, b + j, b_step, c + i * c_step + j,
                     c_step, depth, ROWS, 2);
            else
                tile(a + i * a_step, a_step, b + j, b_step, c + i * c_step + j,
                     c_step, depth, ROWS, 1);
        for (; i < rows; i++)
            if (two)
                tile(a + i * a_step, a_step, b + j, b_step, c + i * c_step + j,
                     c_step, depth, 1, 2);
            else
                tile(a + i * a_step, a_step, b + j, b_step, c + i * c_step + j,
                     c_step, depth, 1, 1);
        j += two ? 2 * LANES : LANES;
    }
}

/* One head: where its parts lie, and the scratch of core/kernel/attention.h. */
struct head {
    const float *q, *k, *v; /* [s] rows, `step` apart */
    float *y;               /* [s] rows, `width` apart */
    size_t s, d, step, width, keys, columns;
    float *kt, *values, *scores, *result;
    float scale;
    bool causal;
};

/* Sixteen columns of k transposed, from row j of k on: the first `there`, and
 * zeros. They are written side by side, and read from as many cache lines as
 * stay at hand. */
LANES_INLINE void transpose(const struct head *h, size_t j, size_t there)
{
    const float *k = h->k + j * h->step;
    float *kt = h->kt + j;

    for (size_t c = 0; c < h->d; c++, k++, kt += h->keys)
#pragma GCC unroll 16
        for (size_t i = 0; i < MOTE_ATTENTION_PAD; i++)
            kt[i] = i < there ? k[i * h->step] : 0;
}

/* k transposed and v, both filled up with zeros. */
static void pack(const struct head *h)
{
    size_t j = 0;

    for (; j + MOTE_ATTENTION_PAD <= h->s; j += MOTE_ATTENTION_PAD)
        transpose(h, j, MOTE_ATTENTION_PAD);
    if (j < h->s)
        transpose(h, j, h->s - j);
    for (j = 0; j < h->s; j++) {
        float *row = h->values + j * h->columns;
        memcpy(row, h->v + j * h->step, h->d * sizeof *row);
        memset(row + h->d, 0, (h->columns - h->d) * sizeof *row);
    }
}

/* Rows from i on. */
static void strip(const struct head *h, size_t i, size_t rows)
{
    float inverse[MOTE_ATTENTION_STRIP];

    product(h->q + i * h->step, h->step, h->kt, h->keys, h->scores, h->keys,
            rows, h->d, h->keys);
    for (size_t r = 0; r < rows; r++) {
        float *e = h->scores + r * h->keys;
        const size_t seen = h->causal ? i + r + 1 : h->s;
        const float top = lanes_row_largest(e, seen);
        inverse[r] = lanes_row_exp(e, e, seen, top, h->scale);
        memset(e + seen, 0, (h->s - seen) * sizeof *e);
    }
    product(h->scores, h->keys, h->values, h->columns, h->result, h->columns,
            rows, h->s, h->columns);
    for (size_t r = 0; r < rows; r++)
        lanes_row_times(h->result + r * h->columns, h->y + (i + r) * h->width,
                        h->d, inverse[r]);
}

LANES_INLINE void attention_f32(const float *qkv, float *y, float *scratch,
                                size_t s, size_t heads, size_t d, float scale,
                                bool causal)
{
    struct head h = {
        .s = s,
        .d = d,
        .step = 3 * heads * d,
        .width = heads * d,
        .keys = mote_attention_padded(s),
        .columns = mote_attention_padded(d),
        .kt = scratch,
        .scale = scale,
        .causal = causal,
    };

    h.values = h.kt + d * h.keys;
    h.scores = h.values + s * h.columns;
    h.result = h.scores + MOTE_ATTENTION_STRIP * h.keys;
    for (size_t i = 0; i < heads; i++) {
        h.q = qkv + i * d;
        h.k = h.q + h.width;
        h.v = h.k + h.width;
        h.y = y + i * d;
        pack(&h);
        for (size_t row = 0; row < s; row += MOTE_ATTENTION_STRIP)
            strip(&h, row,
                  s - row < MOTE_ATTENTION_STRIP ? s - row
                                                 : MOTE_ATTENTION_STRIP);
    }
}
