/*
 * test/core/conv.h - what holds for every version of the kernels of
 * core/kernel/conv.h and of the gates of core/kernel/recurrent.h: the bytes of
 * the scalar one, whatever the shape and the numbers, and not one byte beyond.
 */
#ifndef MOTE_TEST_CONV_H
#define MOTE_TEST_CONV_H

#include "test/core/vector.h"
#include "core/kernel/conv.h"
#include "core/kernel/recurrent.h"

/* What a kernel reads and writes, before a page without access. */
struct conv_arrays {
    float x[16384], w[16384], b[256], want[16384];
};

/* A run of t->rows positions with t's taps, channels and steps between
 * positions; the other distances follow. Returns the floats of x. */
static size_t conv_lay_out(struct mote_taps *t, size_t dilation, size_t stride)
{
    const size_t taps = t->wide ? (t->wide - 1) * dilation + 1 : 0;

    t->x_wide = dilation * t->n;
    t->x_step = stride * t->n;
    t->x_high = ((t->rows - 1) * stride + taps) * t->n;
    t->y_step = t->m + 3;
    t->w_row = t->m;
    return t->high ? t->high * t->x_high : 0;
}

/* The shape of round `i`: every size of rows and outputs that a tile has, and
 * their neighbours. */
static struct mote_taps conv_shape(size_t i, uint64_t *seed)
{
    static const size_t channels[] = {1, 2, 3, 7, 8, 16, 19};
    const size_t m = i % 64 < 52 ? i % 52 + 1 : 52 + i % 7 * 16;

    return (struct mote_taps){
        .rows = 1 + i / 3 % 20,
        .high = i % 11 == 0 ? 0 : 1 + test_random(seed) % 2,
        .wide = i % 11 == 0 ? 0 : 1 + test_random(seed) % 3,
        .n = channels[test_random(seed) % 7],
        .m = m,
        .relu = i & 1,
    };
}

/* Sets x, w and b to guarded copies and y to a guarded place; what is in y
 * between positions is to stay. */
static size_t conv_place(struct mote_taps *t, struct conv_arrays *a,
                         size_t x_size, size_t w_size, bool bias)
{
    const size_t y_size = (t->rows - 1) * t->y_step + t->m;

    t->x = a->x;
    t->w = a->w;
    t->b = bias ? a->b : NULL;
    t->y = a->want;
    memset(a->want, 0x55, y_size * sizeof *a->want);
    EXPECT(x_size <= 16384 && w_size <= 16384 && y_size <= 16384);
    return y_size;
}

static void conv_guard(struct mote_taps *t, size_t x_size, size_t w_size,
                       size_t y_size)
{
    float *y;

    t->x = vector_guarded(t->x, x_size);
    t->w = vector_guarded(t->w, w_size);
    t->b = t->b ? vector_guarded(t->b, t->m) : NULL;
    y = vector_guarded(t->y, y_size);
    memset(y, 0x55, y_size * sizeof *y);
    t->y = y;
}

static void conv_fill(struct conv_arrays *a, size_t x_size, size_t w_size,
                      size_t i, uint64_t *seed)
{
    vector_fill(a->x, x_size, i % DRAWS, seed);
    vector_fill(a->w, w_size, i % 5 == 4 ? DRAW_ALL : DRAW_ORDINARY, seed);
    vector_fill(a->b, 256, i % 7 == 6 ? DRAW_EDGES : DRAW_ORDINARY, seed);
}

__attribute__((unused)) static void conv_check(mote_conv_f32_fn *fn,
                                               const char *isa)
{
    static struct conv_arrays a;
    uint64_t seed = 31;

    for (size_t i = 0; i < test_count(700, 20000); i++) {
        struct mote_taps t = conv_shape(i, &seed);
        const size_t x_size = conv_lay_out(&t, 1 + i % 3, 1 + i / 2 % 3);
        t.w_wide = t.n * t.m;
        t.w_high = t.wide * t.w_wide;
        const size_t w_size = t.high * t.w_high;
        conv_fill(&a, x_size, w_size, i, &seed);
        const size_t y_size = conv_place(&t, &a, x_size, w_size, i & 2);
        mote_conv_f32_scalar(&t);
        conv_guard(&t, x_size, w_size, y_size);
        fn(&t);
        EXPECT(vector_same(t.y, a.want, y_size),
               "%s %zu: rows %zu n %zu m %zu, %zu x %zu", isa, i, t.rows, t.n,
               t.m, t.high, t.wide);
    }
}

__attribute__((unused)) static void depthwise_check(mote_depthwise_f32_fn *fn,
                                                    const char *isa)
{
    static struct conv_arrays a;
    uint64_t seed = 32;

    for (size_t i = 0; i < test_count(700, 20000); i++) {
        struct mote_taps t = conv_shape(i, &seed);
        t.n = t.m;
        const size_t x_size = conv_lay_out(&t, 1 + i % 2, 1 + i / 2 % 2);
        t.w_wide = t.m;
        t.w_high = t.wide * t.m;
        const size_t w_size = t.high * t.w_high;
        conv_fill(&a, x_size, w_size, i, &seed);
        const size_t y_size = conv_place(&t, &a, x_size, w_size, i & 2);
        mote_depthwise_f32_scalar(&t);
        conv_guard(&t, x_size, w_size, y_size);
        fn(&t);
        EXPECT(vector_same(t.y, a.want, y_size),
               "%s %zu: rows %zu m %zu, %zu x %zu", isa, i, t.rows, t.m, t.high,
               t.wide);
    }
}

__attribute__((unused)) static void pool_check(mote_pool_f32_fn *fn,
                                               const char *isa)
{
    static struct conv_arrays a;
    uint64_t seed = 33;

    for (size_t i = 0; i < test_count(700, 20000); i++) {
        struct mote_taps t = conv_shape(i, &seed);
        t.n = t.m;
        t.high += t.high == 0;
        t.wide += t.wide == 0;
        const size_t x_size = conv_lay_out(&t, 1, 1 + i / 2 % 2);
        conv_fill(&a, x_size, 0, i, &seed);
        const size_t y_size = conv_place(&t, &a, x_size, 0, false);
        mote_pool_f32_scalar(&t, i & 4, (float)(1 + i % 9));
        conv_guard(&t, x_size, 0, y_size);
        fn(&t, i & 4, (float)(1 + i % 9));
        EXPECT(vector_same(t.y, a.want, y_size),
               "%s %zu: rows %zu m %zu, %zu x %zu", isa, i, t.rows, t.m, t.high,
               t.wide);
    }
}

#define GATES_MAX 100

/* Of four gates. */
struct gates_arrays {
    float a[4 * GATES_MAX], u[4 * GATES_MAX], h[GATES_MAX];
    float out[5 * GATES_MAX]; /* s, c and y, one behind the other */
};

static void gates_fill(struct gates_arrays *g, size_t n, uint64_t *seed)
{
    const enum vector_draw draw = n % DRAWS;

    vector_fill(g->a, 4 * n, draw, seed);
    vector_fill(g->u, 4 * n, DRAW_ORDINARY, seed);
    vector_fill(g->h, n, draw, seed);
    vector_fill(g->out, 5 * n, DRAW_ORDINARY, seed);
}

__attribute__((unused)) static void gates_check(mote_gates_f32_fn *fn,
                                                const char *isa)
{
    static struct gates_arrays s, want;
    uint64_t seed = 34;

    for (size_t n = 1; n <= GATES_MAX; n += n < 52 ? 1 : 16)
        for (unsigned part = MOTE_GRU_ALL; part <= MOTE_LSTM_ALL; part++) {
            const size_t gates = part == MOTE_LSTM_ALL ? 4 : 3;
            gates_fill(&s, n, &seed);
            want = s;
            struct mote_gates_step g = {
                want.a,           want.u,           want.out, want.h,
                want.out + 3 * n, want.out + 4 * n, n};
            mote_gates_f32_scalar(&g, part);
            float *out = vector_guarded(s.out, 5 * n);
            g = (struct mote_gates_step){vector_guarded(s.a, gates * n),
                                         vector_guarded(s.u, gates * n),
                                         out,
                                         vector_guarded(s.h, n),
                                         out + 3 * n,
                                         out + 4 * n,
                                         n};
            fn(&g, part);
            EXPECT(vector_same(out, want.out, 5 * n), "%s n %zu part %u", isa,
                   n, part);
        }
}

#endif
