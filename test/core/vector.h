/*
 * test/core/vector.h - what holds for every version of the kernels of
 * core/kernel/vector.h and core/kernel/attention.h: the bytes of the scalar
 * one, whatever the length and the numbers, and not one byte beyond.
 */
#ifndef MOTE_TEST_VECTOR_H
#define MOTE_TEST_VECTOR_H

#include "test/test.h"
#include "core/kernel/attention.h"
#include "core/kernel/vector.h"
#include <math.h>

#define VECTOR_MAX 1600 /* numbers in one operand */

/* Whether x and y are equal to the bit, or both a NaN. */
__attribute__((unused)) static bool vector_same(const float *x, const float *y,
                                                size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (mote_f32_bits(x[i]) != mote_f32_bits(y[i]) &&
            !(isnan(x[i]) && isnan(y[i])))
            return false;
    return true;
}

/* What numbers are drawn from: ordinary ones, every size, and the edges. */
enum vector_draw { DRAW_ORDINARY, DRAW_ALL, DRAW_EDGES, DRAWS };

static float vector_number(enum vector_draw draw, uint64_t *seed)
{
    static const float edges[] = {
        0.0f,    -0.0f,   1.0f,    -1.0f,     INFINITY, -INFINITY, NAN,
        3.85f,   -5.5f,   5.4f,    -11.0f,    -10.9f,   0.55f,     0.5499999f,
        10.0f,   -104.0f, -103.9f, 88.8f,     89.5f,    -87.4f,    1e-45f,
        -1e-40f, 3e38f,   -3e38f,  0x1p-126f,
    };
    const uint64_t r = test_random(seed);

    if (draw == DRAW_ORDINARY)
        return (float)((int64_t)(r >> 40) - (1 << 23)) * 0x1p-20f;
    if (draw == DRAW_ALL)
        return mote_f32_of_bits((uint32_t)(r >> 32));
    return edges[(r >> 33) % (sizeof edges / sizeof *edges)];
}

static void vector_fill(float *x, size_t n, enum vector_draw draw,
                        uint64_t *seed)
{
    for (size_t i = 0; i < n; i++)
        x[i] = vector_number(draw, seed);
}

/* The lengths that matter to 4, 8 and 16 lanes, and real ones. */
static size_t vector_next(size_t n)
{
    return n < 50 ? n + 1 : n < 384 ? 384 : n < 395 ? 395 : SIZE_MAX;
}

/* n numbers that end at a page without access, valid for four calls. */
static float *vector_guarded(const float *x, size_t n)
{
    return (float *)(void *)guarded(x, n * sizeof *x);
}

__attribute__((unused)) static void map_check(mote_map_f32_fn *fn,
                                              const char *isa)
{
    static float x[VECTOR_MAX], want[VECTOR_MAX];
    uint64_t seed = 1;

    for (uint32_t kind = 0; kind <= MOTE_MAP_RECIPROCAL; kind++)
        for (size_t n = 0; mote_map_is_kind(kind) && n != SIZE_MAX;
             n = vector_next(n)) {
            vector_fill(x, n, n % DRAWS, &seed);
            mote_map_f32_scalar(x, want, n, kind);
            float *in = vector_guarded(x, n), *out = vector_guarded(want, n);
            memset(out, 0x55, n * sizeof *out);
            fn(in, out, n, kind);
            EXPECT(vector_same(out, want, n), "%s kind %u n %zu", isa, kind, n);
            fn(in, in, n, kind);
            EXPECT(vector_same(in, want, n), "%s kind %u n %zu", isa, kind, n);
        }
}

/* Each function over floats of every size. */
__attribute__((unused)) static void map_sweep(mote_map_f32_fn *fn,
                                              const char *isa)
{
    enum { N = 1024 };
    static float x[N], y[N], want[N];
    const uint64_t step = test_count(40009, 257);

    for (uint32_t kind = 0; kind <= MOTE_MAP_RECIPROCAL; kind++)
        for (uint64_t bits = 0; mote_map_is_kind(kind) && bits < 1ull << 32;) {
            for (size_t i = 0; i < N; i++, bits += step)
                x[i] = mote_f32_of_bits((uint32_t)bits);
            mote_map_f32_scalar(x, want, N, kind);
            fn(x, y, N, kind);
            EXPECT(vector_same(y, want, N), "%s kind %u before %llx", isa, kind,
                   (unsigned long long)bits);
        }
}

__attribute__((unused)) static void binary_check(mote_binary_f32_fn *fn,
                                                 const char *isa)
{
    static float a[VECTOR_MAX], b[VECTOR_MAX], want[VECTOR_MAX];
    uint64_t seed = 2;

    for (unsigned kind = 0; kind < MOTE_BINARY_KINDS; kind++)
        for (size_t n = 0; n != SIZE_MAX; n = vector_next(n))
            for (unsigned one = 0; one < 2; one++) {
                const size_t rows = n % 4;
                vector_fill(a, rows * n, n % DRAWS, &seed);
                vector_fill(b, n ? n : 1, n / 3 % DRAWS, &seed);
                mote_binary_f32_scalar(a, b, want, rows, n, one, kind);
                float *x = vector_guarded(a, rows * n);
                float *y = vector_guarded(want, rows * n);
                float *other = vector_guarded(b, one ? 1 : n);
                memset(y, 0x55, rows * n * sizeof *y);
                fn(x, other, y, rows, n, one, kind);
                EXPECT(vector_same(y, want, rows * n), "%s kind %u n %zu %u",
                       isa, kind, n, one);
                fn(x, other, x, rows, n, one, kind);
                EXPECT(vector_same(x, want, rows * n), "%s kind %u n %zu %u",
                       isa, kind, n, one);
            }
}

__attribute__((unused)) static void norm_check(mote_norm_f32_fn *fn,
                                               const char *isa)
{
    static float x[VECTOR_MAX], r[VECTOR_MAX], want[VECTOR_MAX];
    static float g[VECTOR_MAX], b[VECTOR_MAX];
    uint64_t seed = 3;

    for (size_t n = 1; n != SIZE_MAX; n = vector_next(n))
        for (unsigned form = 0; form < 8; form++) {
            const size_t rows = 1 + form % 3;
            const enum mote_norm kind = form & 1;
            vector_fill(x, rows * n, n % DRAWS, &seed);
            vector_fill(r, rows * n, DRAW_ORDINARY, &seed);
            vector_fill(g, n, DRAW_ORDINARY, &seed);
            vector_fill(b, n, DRAW_ORDINARY, &seed);
            float *more = form & 2 ? vector_guarded(r, rows * n) : NULL;
            float *shift = form & 4 ? b : NULL;
            mote_norm_f32_scalar(x, more, g, shift, want, rows, n, 1e-5f, kind);
            float *in = vector_guarded(x, rows * n);
            float *y = vector_guarded(want, rows * n);
            float *factor = vector_guarded(g, n);
            memset(y, 0x55, rows * n * sizeof *y);
            fn(in, more, factor, shift, y, rows, n, 1e-5f, kind);
            EXPECT(vector_same(y, want, rows * n), "%s n %zu form %u", isa, n,
                   form);
            fn(in, more, factor, shift, in, rows, n, 1e-5f, kind);
            EXPECT(vector_same(in, want, rows * n), "%s n %zu form %u", isa, n,
                   form);
        }
}

__attribute__((unused)) static void softmax_check(mote_softmax_f32_fn *fn,
                                                  const char *isa)
{
    static float x[VECTOR_MAX], want[VECTOR_MAX];
    uint64_t seed = 4;

    for (size_t n = 1; n != SIZE_MAX; n = vector_next(n))
        for (unsigned draw = 0; draw < DRAWS; draw++) {
            const size_t rows = 1 + n % 3;
            vector_fill(x, rows * n, draw, &seed);
            mote_softmax_f32_scalar(x, want, rows, n, 0.3f);
            float *in = vector_guarded(x, rows * n);
            float *y = vector_guarded(want, rows * n);
            memset(y, 0x55, rows * n * sizeof *y);
            fn(in, y, rows, n, 0.3f);
            EXPECT(vector_same(y, want, rows * n), "%s n %zu", isa, n);
            fn(in, in, rows, n, 0.3f);
            EXPECT(vector_same(in, want, rows * n), "%s n %zu", isa, n);
        }
}

__attribute__((unused)) static void scale_check(mote_scale_s8_fn *fn,
                                                const char *isa)
{
    static float a[VECTOR_MAX], want[VECTOR_MAX];
    static int8_t w[VECTOR_MAX];
    uint64_t seed = 5;

    for (size_t n = 0; n != SIZE_MAX; n = vector_next(n))
        for (unsigned with = 0; with < 2; with++) {
            const float scale = n % 7 ? 0.013f : -3e36f;
            for (size_t i = 0; i < n; i++)
                w[i] = (int8_t)(n % 5 ? test_random(&seed) >> 20 : 0x80);
            vector_fill(a, n, n % DRAWS, &seed);
            mote_scale_s8_scalar(with ? a : NULL, w, scale, want, n);
            float *in = vector_guarded(a, n), *y = vector_guarded(want, n);
            const int8_t *row = (const int8_t *)guarded(w, n);
            memset(y, 0x55, n * sizeof *y);
            fn(with ? in : NULL, row, scale, y, n);
            EXPECT(vector_same(y, want, n), "%s n %zu %u", isa, n, with);
            fn(with ? in : NULL, row, scale, in, n);
            EXPECT(vector_same(in, want, n), "%s n %zu %u", isa, n, with);
        }
}

/* One shape of attention: twice, with junk of two kinds in the scratch. */
static void attention_shape(mote_attention_f32_fn *fn, const char *isa,
                            size_t s, size_t heads, size_t d, unsigned draw,
                            bool causal)
{
    enum { QKV = 40 * 3 * 96, SCRATCH = 1 << 14 };
    static float x[QKV], want[QKV], scratch[SCRATCH];
    const size_t floats = mote_attention_floats(s, d), all = s * heads * d;
    uint64_t seed = s * 100 + d;

    EXPECT(3 * all <= QKV && floats <= SCRATCH, "%zu %zu", s, d);
    vector_fill(x, 3 * all, draw, &seed);
    mote_attention_f32_scalar(x, want, scratch, s, heads, d, 0.7f, causal);
    for (int junk = 0; junk < 2; junk++) {
        float *in = vector_guarded(x, 3 * all);
        float *y = vector_guarded(want, all);
        float *room = vector_guarded(scratch, floats);
        memset(y, 0x55, all * sizeof *y);
        memset(room, junk ? 0xFF : 0x3F, floats * sizeof *room);
        fn(in, y, room, s, heads, d, 0.7f, causal);
        EXPECT(vector_same(y, want, all), "%s %zu x %zu x %zu draw %u %d", isa,
               s, heads, d, draw, causal);
    }
}

__attribute__((unused)) static void attention_check(mote_attention_f32_fn *fn,
                                                    const char *isa)
{
    for (size_t s = 1; s < 36; s++)
        for (unsigned draw = 0; draw < DRAWS; draw++)
            attention_shape(fn, isa, s, 1 + s % 3, 1 + s * 7 % 20, draw, s % 2);
    for (size_t d = 1; d < 35; d++)
        attention_shape(fn, isa, 1 + d * 5 % 19, 1, d, d % DRAWS, d % 3 == 0);
    attention_shape(fn, isa, 40, 3, 32, DRAW_ORDINARY, false);
    attention_shape(fn, isa, 40, 3, 32, DRAW_ORDINARY, true);
    attention_shape(fn, isa, 33, 1, 64, DRAW_ORDINARY, false);
}

#endif
