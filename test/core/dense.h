/*
 * test/core/dense.h - what a version of a kernel of core/kernel/dense.h or
 * quantize_s8.h must give: references written the other way round, operands
 * beside pages without access, and the sizes to try.
 */
#ifndef MOTE_TEST_CORE_DENSE_H
#define MOTE_TEST_CORE_DENSE_H

#include "test/test.h"
#include "core/kernel/dense.h"
#include "core/kernel/quantize_s8.h"
#include <math.h>

/* ------------------------------------------------------------------------
 * Memory between two pages without access
 */
enum place { AT_START, AT_END, PLACES };
enum { SLOTS = 8, SLOT_PAGES = 600, PAGE = 4096 };

/* n bytes in a slot of their own, right behind the first of these pages or
 * right before the second, filled with `fill`. */
static void *lend(unsigned slot, size_t n, enum place place, int fill)
{
    static char *base;
    const size_t size = (size_t)(SLOT_PAGES + 1) * PAGE;

    if (!base) {
        base = mmap(NULL, SLOTS * size + PAGE, PROT_NONE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        for (size_t i = 0; base != MAP_FAILED && i < SLOTS; i++)
            if (mprotect(base + i * size + PAGE, size - PAGE,
                         PROT_READ | PROT_WRITE))
                abort();
    }
    if (base == MAP_FAILED || n > size - PAGE)
        abort();
    char *at = base + slot * size + PAGE;
    at += place == AT_END ? size - PAGE - n : 0;
    memset(at, fill, n);
    return at;
}

static float random_f32(uint64_t *seed)
{
    return (float)((int64_t)(test_random(seed) >> 40) - (1 << 23)) * 0x1p-20f;
}

static int8_t random_s8(uint64_t *seed, int smallest)
{
    return (int8_t)((int)(test_random(seed) % (128u - (unsigned)smallest)) +
                    smallest);
}

/* Also for what has no ==: a NaN, the sign of zero. */
static bool same_bits(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* ------------------------------------------------------------------------
 * dense_s8
 */

/* w [m][n] packed as the format page says. */
static void pack(int8_t *packed, const int8_t *w, size_t m, size_t n)
{
    const size_t blocks = (n + 7) / 8, panels = (m + 7) / 8;

    memset(packed, 0, panels * blocks * 64);
    for (size_t i = 0; i < m; i++)
        for (size_t k = 0; k < n; k++)
            packed[(i / 8 * blocks + k / 8) * 64 + i % 8 * 8 + k % 8] =
                w[i * n + k];
}

enum fill { RANDOM, ALL_HIGH, ALL_LOW, CROSSED, FILLS };

static int8_t filling(enum fill fill, size_t i, int smallest, uint64_t *seed)
{
    switch (fill) {
    case ALL_HIGH:
        return 127;
    case ALL_LOW:
        return (int8_t)smallest;
    case CROSSED:
        return i % 2 ? 127 : (int8_t)smallest;
    default:
        return random_s8(seed, smallest);
    }
}

/* One problem, its operands beside guard pages. */
struct s8_case {
    struct mote_dense_s8 d;
    int8_t *w; /* [m][n], in rows */
};

#define GAP 0x7F /* fills what must not be written */

static struct s8_case s8_case(size_t rows, size_t n, size_t m, enum place place,
                              enum fill fill, size_t apart)
{
    uint64_t seed = rows * 65537 + n * 257 + m + 1;
    const size_t padded = (m + 7) / 8 * 8 * ((n + 7) / 8 * 8);
    const size_t stride = n + apart, y_stride = m + apart;
    int8_t *q = lend(0, (rows - 1) * stride + n, place, GAP);
    float *s = lend(1, rows * sizeof *s, place, 0);
    int8_t *packed = lend(2, padded, place, 0);
    float *c = lend(3, m * sizeof *c, place, 0);
    float *b = lend(4, m * sizeof *b, place, 0);
    float *y = lend(5, ((rows - 1) * y_stride + m) * sizeof *y, place, GAP);
    struct s8_case t = {.w = lend(6, m * n, place, 0)};

    for (size_t r = 0; r < rows; r++) {
        s[r] = random_f32(&seed);
        for (size_t k = 0; k < n; k++)
            q[r * stride + k] = filling(fill, k + r, -128, &seed);
    }
    for (size_t i = 0; i < m; i++) {
        c[i] = random_f32(&seed), b[i] = random_f32(&seed);
        for (size_t k = 0; k < n; k++)
            t.w[i * n + k] = filling(fill, k + i, -127, &seed);
    }
    pack(packed, t.w, m, n);
    t.d = (struct mote_dense_s8){
        .q = q,
        .s = s,
        .w = packed,
        .c = c,
        .b = (rows + n + m) % 3 ? b : NULL,
        .y = y,
        .rows = rows,
        .n = n,
        .m = m,
        .q_stride = stride,
        .y_stride = y_stride,
        .relu = (rows + n + m) % 2,
    };
    return t;
}

static int32_t exact_sum(const int8_t *a, const int8_t *b, size_t n)
{
    int64_t sum = 0;

    for (size_t k = 0; k < n; k++)
        sum += a[k] * b[k];
    return (int32_t)sum;
}

/* Whether y is what it should be, and what lies between its rows untouched. */
static void s8_compare(const struct s8_case *t, const char *isa)
{
    const struct mote_dense_s8 *d = &t->d;
    const uint8_t *bytes = (const uint8_t *)d->y;

    for (size_t r = 0; r < d->rows; r++)
        for (size_t i = 0; i < d->y_stride; i++) {
            const size_t at = r * d->y_stride + i;
            if (i >= d->m && r + 1 == d->rows)
                break;
            if (i >= d->m) {
                EXPECT(bytes[at * 4] == GAP, "%s: row %zu", isa, r);
                continue;
            }
            const int32_t sum =
                exact_sum(d->q + r * d->q_stride, t->w + i * d->n, d->n);
            float want =
                fmaf((float)sum, d->s[r] * d->c[i], d->b ? d->b[i] : 0);
            want = d->relu && want < 0 ? 0 : want;
            EXPECT(same_bits(d->y[at], want),
                   "%s: %zu x %zu x %zu at %zu, %zu: %g, got %g", isa, d->rows,
                   d->n, d->m, r, i, want, d->y[at]);
        }
}

static void s8_check(mote_dense_s8_fn *fn, const char *isa, size_t rows,
                     size_t n, size_t m, enum fill fill)
{
    for (enum place place = AT_START; place < PLACES; place++) {
        const struct s8_case t =
            s8_case(rows, n, m, place, fill, (rows + n) % 4);
        fn(&t.d);
        s8_compare(&t, isa);
    }
}

/* Every size up to the largest of each, or a part of them spread evenly. */
static void s8_small(mote_dense_s8_fn *fn, const char *isa)
{
    const size_t step = test_count(29, 1);
    size_t at = 0;

    for (size_t rows = 1; rows <= 17; rows++)
        for (size_t m = 1; m <= 33; m++)
            for (size_t n = 1; n <= 67; n++)
                if (at++ % step == 0)
                    s8_check(fn, isa, rows, n, m,
                             at / step % 8 ? RANDOM : at / step / 8 % FILLS);
}

/* Shapes of models; and more rows than any version takes at once. */
static void s8_real(mote_dense_s8_fn *fn, const char *isa)
{
    static const size_t shapes[][3] = {
        {1, 384, 1536}, {5, 1536, 384}, {3, 128, 512},
        {1, 512, 128},  {9, 312, 312},  {1, 28, 1},
        {200, 24, 9},   {6, 2100, 33},  {9, 384, 24},
    };

    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        s8_check(fn, isa, shapes[i][0], shapes[i][1], shapes[i][2], RANDOM);
}

/* The longest exact sums, of products of the largest kind. */
static void s8_long(mote_dense_s8_fn *fn, const char *isa)
{
    for (enum fill fill = ALL_HIGH; fill < FILLS; fill++) {
        s8_check(fn, isa, 1, 65536, 8, fill);
        s8_check(fn, isa, 3, 65535, 9, fill);
    }
}

/* Panel by panel and columns by columns: the same as at once. */
static void s8_parts(mote_dense_s8_fn *fn, const char *isa)
{
    static const size_t rows = 5, n = 83, m = 43, step = 16;
    const struct s8_case t = s8_case(rows, n, m, AT_END, RANDOM, 3);
    const size_t blocks = (n + 7) / 8;

    for (size_t i = 0; i < m; i += step) {
        const size_t width = m - i < step ? m - i : step;
        const size_t padded = (width + 7) / 8 * 8;
        struct mote_dense_s8 d = t.d;
        d.m = width;
        d.c += i, d.b = d.b ? d.b + i : NULL, d.y += i;
        d.sums = lend(7, rows * padded * 4, AT_END, 0);
        for (size_t k = 0; k < n; k += 24) {
            int8_t *piece =
                lend(6, padded * 24, AT_END, 0); /* not w any more */
            d.n = n - k < 24 ? n - k : 24;
            d.q = t.d.q + k;
            d.w = piece;
            d.more = k + 24 < n;
            for (size_t p = 0; p < padded / 8; p++)
                memcpy(piece + p * ((d.n + 7) / 8) * 64,
                       t.d.w + ((i / 8 + p) * blocks + k / 8) * 64,
                       (d.n + 7) / 8 * 64);
            fn(&d);
        }
    }
    int8_t *w = lend(6, m * n, AT_END, 0);
    for (size_t i = 0; i < m; i++)
        for (size_t k = 0; k < n; k++)
            w[i * n + k] =
                t.d.w[(i / 8 * blocks + k / 8) * 64 + i % 8 * 8 + k % 8];
    s8_compare(&(struct s8_case){t.d, w}, isa);
}

/* int8 results: zero points at both ends, ties, clamping, scales that are no
 * numbers. */
static void s8_to_s8(mote_dense_s8_fn *fn, const char *isa)
{
    static const int zeros[] = {0, -128, 127, 3};
    uint64_t seed = 8;

    for (size_t i = 0; i < 200; i++) {
        const size_t rows = 1 + i % 9, n = 1 + i % 37, m = 1 + i % 27;
        struct s8_case t = s8_case(rows, n, m, i % PLACES, RANDOM, i % 3);
        int32_t *b = lend(4, m * sizeof *b, i % PLACES, 0);
        int8_t *y = lend(5, (rows - 1) * t.d.y_stride + m, i % PLACES, GAP);
        float *c = lend(3, m * sizeof *c, i % PLACES, 0);
        struct mote_requantize to = {b, c, y, zeros[i % 4], -128};

        to.low = i % 5 ? -128 : to.zero;
        for (size_t j = 0; j < m; j++) {
            b[j] = (int32_t)(test_random(&seed) % 20000) - 10000;
            c[j] = j % 3 ? 0x1p-7f : random_f32(&seed) * 0x1p-8f;
        }
        c[0] = i % 17 ? c[0] : i % 2 ? NAN : INFINITY;
        b[0] = i % 19 ? b[0] : INT32_MAX;
        t.d.to_s8 = &to;
        fn(&t.d);
        for (size_t r = 0; r < rows; r++)
            for (size_t j = 0; j < m; j++) {
                const int32_t sum =
                    (int32_t)((uint32_t)exact_sum(t.d.q + r * t.d.q_stride,
                                                  t.w + j * n, n) +
                              (uint32_t)b[j]);
                const float x = rintf((float)sum * c[j]);
                const int got = y[r * t.d.y_stride + j];
                const int want = isnan(x) || x + (float)to.zero < (float)to.low
                                     ? to.low
                                 : x + (float)to.zero > 127 ? 127
                                                            : (int)x + to.zero;
                EXPECT(got == want, "%s: case %zu at %zu, %zu: %d, got %d", isa,
                       i, r, j, want, got);
            }
        EXPECT(rows == 1 || i % 3 == 0 || y[m] == GAP, "%s: gap", isa);
    }
}

__attribute__((unused)) static void dense_s8_check(mote_dense_s8_fn *fn,
                                                   const char *isa)
{
    s8_small(fn, isa);
    s8_real(fn, isa);
    s8_long(fn, isa);
    s8_parts(fn, isa);
    s8_to_s8(fn, isa);
}

/* ------------------------------------------------------------------------
 * dense_f32
 */

/* The order of additions, literally: 16 sums, then folding in halves. */
static float ordered_dot(const float *a, const float *b, size_t n)
{
    float s[16] = {0};
    for (size_t lane = 0; lane < 16; lane++)
        for (size_t k = lane; k < n; k += 16)
            s[lane] = fmaf(a[k], b[k], s[lane]);
    const float e[8] = {s[0] + s[8],  s[1] + s[9],  s[2] + s[10], s[3] + s[11],
                        s[4] + s[12], s[5] + s[13], s[6] + s[14], s[7] + s[15]};
    const float q[4] = {e[0] + e[4], e[1] + e[5], e[2] + e[6], e[3] + e[7]};
    return (q[0] + q[2]) + (q[1] + q[3]);
}

/* Numbers that cancel, vanish (so that sums are -0 too) or overflow. */
static float odd_f32(uint64_t *seed, size_t kind)
{
    const float x = random_f32(seed);

    switch (kind % 4) {
    case 1:
        return x * 0x1p-78f;
    case 2:
        return test_random(seed) % 2 ? -0.0f : -0x1p-80f;
    case 3:
        return test_random(seed) % 64 ? x : x * 0x1p125f;
    default:
        return x;
    }
}

static void f32_check(mote_dense_f32_fn *fn, const char *isa, size_t rows,
                      size_t n, size_t m, enum place place)
{
    uint64_t seed = rows * 65537 + n * 257 + m + 1;
    float *x = lend(0, rows * n * sizeof *x, place, 0);
    float *w = lend(1, m * n * sizeof *w, place, 0);
    float *b = lend(2, m * sizeof *b, place, 0);
    float *y = lend(3, rows * m * sizeof *y, place, GAP);
    const bool with = (rows + n + m) % 3, relu = (rows + n) % 2;

    for (size_t i = 0; i < rows * n; i++)
        x[i] = odd_f32(&seed, n / 2 + m);
    for (size_t i = 0; i < m * n; i++)
        w[i] = odd_f32(&seed, n / 2 + m);
    for (size_t i = 0; i < m; i++)
        b[i] = random_f32(&seed);
    fn(x, w, with ? b : NULL, y, rows, n, m,
       relu ? MOTE_ACTIVATION_RELU : MOTE_ACTIVATION_NONE);
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < m; i++) {
            float want = ordered_dot(w + i * n, x + r * n, n);
            want = with ? want + b[i] : want;
            want = relu && want < 0 ? 0 : want;
            const float got = y[r * m + i];
            EXPECT(same_bits(got, want) || (isnan(got) && isnan(want)),
                   "%s: %zu x %zu x %zu at %zu, %zu: %g, got %g", isa, rows, n,
                   m, r, i, want, got);
        }
}

__attribute__((unused)) static void dense_f32_check(mote_dense_f32_fn *fn,
                                                    const char *isa)
{
    const size_t step = test_count(7, 1);
    size_t at = 0;

    for (size_t rows = 1; rows <= 9; rows++)
        for (size_t m = 1; m <= 19; m++)
            for (size_t n = 1; n <= 67; n++)
                if (at++ % step == 0)
                    f32_check(fn, isa, rows, n, m, at / step % PLACES);
    f32_check(fn, isa, 1, 32, 64, AT_END);
    f32_check(fn, isa, 7, 256, 41, AT_END); /* more than are done at once */
    f32_check(fn, isa, 5, 5000, 11, AT_END);
}

/* ------------------------------------------------------------------------
 * quantize_s8
 */
static void quantize_values(mote_quantize_s8_fn *fn, const char *isa, size_t n,
                            enum place place)
{
    enum { ROWS = 5 };
    uint64_t seed = n;
    float *x = lend(0, ROWS * n * sizeof *x, place, 0);
    float *s = lend(1, ROWS * sizeof *s, place, 0);
    int8_t *q = lend(2, ROWS * n, place, GAP);

    for (size_t i = 0; i < ROWS * n; i++)
        x[i] = random_f32(&seed);
    for (size_t k = 0; k < n; k++) {
        x[n + k] = k % 2 ? -0.0f : 0;
        x[2 * n + k] = 1e-38f * (float)(k + 1);
        x[3 * n + k] = (float)(k % 255) - 127 + (k % 2 ? 0.5f : 0); /* ties */
        x[4 * n + k] *= 0x1p123f;
    }
    EXPECT(fn(x, q, s, ROWS, n) == ROWS, "%s: %zu", isa, n);
    EXPECT(s[1] == 1, "%s: zeros", isa);
    for (size_t r = 0; r < ROWS; r++) {
        float top = 0;
        for (size_t k = 0; k < n; k++)
            top = fabsf(x[r * n + k]) > top ? fabsf(x[r * n + k]) : top;
        const bool tiny = top < 0x1p-120f;
        EXPECT(same_bits(s[r], tiny ? 1 : top / 127), "%s: %zu", isa, n);
        for (size_t k = 0; k < n; k++) {
            const float scaled = x[r * n + k] * (tiny ? 0 : 127 / top);
            EXPECT(q[r * n + k] == (int)nearbyintf(scaled),
                   "%s: %zu at %zu, %zu: %g, got %d", isa, n, r, k, scaled,
                   q[r * n + k]);
        }
    }
}

static void quantize_refuses(mote_quantize_s8_fn *fn, const char *isa, size_t n)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY, -NAN};
    float *x = lend(0, 3 * n * sizeof *x, AT_END, 0);
    float *s = lend(1, 3 * sizeof *s, AT_END, 0);
    int8_t *q = lend(2, 3 * n, AT_END, 0);

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        for (size_t at = 0; at < 3 * n; at++) {
            for (size_t k = 0; k < 3 * n; k++)
                x[k] = k == at ? bad[i] : (float)k, q[k] = 9;
            s[0] = s[1] = s[2] = 9;
            EXPECT(fn(x, q, s, 3, n) == at / n, "%s: %zu of %zu", isa, at, n);
            EXPECT(s[at / n] == 9 && q[at / n * n] == 9 && q[3 * n - 1] == 9,
                   "%s: written", isa);
        }
}

__attribute__((unused)) static void quantize_s8_check(mote_quantize_s8_fn *fn,
                                                      const char *isa)
{
    for (size_t n = 1; n < 140; n++)
        for (enum place place = AT_START; place < PLACES; place++)
            quantize_values(fn, isa, n, place);
    quantize_values(fn, isa, 1536, AT_END);
    for (size_t n = 1; n < 72; n += 7)
        quantize_refuses(fn, isa, n);
}

#endif
