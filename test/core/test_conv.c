/* test/core/test_conv.c - convolutions and pooling: the scalar kernels, and
 * windows with every kind of edge, against loops over a padded image in long
 * double; every version against the scalar one, byte for byte. */
#include "test/core/conv.h"
#include "test/core/versions.h"
#include "core/kernel/conv_s8.h"

/* ------------------------------------------------------------------------
 * A literal reference
 */
struct shape {
    size_t in[2], taps[2], stride[2], dilation[2], before[2], after[2], out[2];
    size_t c, m, groups;
};

#define ROOM 20000
static float x[ROOM], w[ROOM], b[ROOM], y[ROOM];

/* Whether it has an output; sets their number. */
static bool set_out(struct shape *s)
{
    for (int i = 0; i < 2; i++) {
        const size_t reach = (s->taps[i] - 1) * s->dilation[i] + 1;
        const size_t all = s->in[i] + s->before[i] + s->after[i];
        if (all < reach)
            return false;
        s->out[i] = (all - reach) / s->stride[i] + 1;
    }
    return true;
}

static struct shape random_shape(uint64_t *seed, bool flat)
{
    struct shape s;

    do {
        for (int i = 0; i < 2; i++) {
            const bool one = flat && i == 0;
            s.in[i] = one ? 1 : 1 + test_random(seed) % 9;
            s.taps[i] = one ? 1 : 1 + test_random(seed) % 4;
            s.stride[i] = one ? 1 : 1 + test_random(seed) % 3;
            s.dilation[i] = one ? 1 : 1 + test_random(seed) % 4;
            s.before[i] = one ? 0 : test_random(seed) % 7;
            s.after[i] = one ? 0 : test_random(seed) % 7;
        }
    } while (!set_out(&s));
    return s;
}

/* Element of x at tap (h, v) of output (o, p), channel k; 0 outside. */
static const float *element(const struct shape *s, size_t o, size_t p, size_t h,
                            size_t v, size_t k)
{
    const long r =
        (long)(o * s->stride[0] + h * s->dilation[0]) - (long)s->before[0];
    const long q =
        (long)(p * s->stride[1] + v * s->dilation[1]) - (long)s->before[1];

    if (r < 0 || r >= (long)s->in[0] || q < 0 || q >= (long)s->in[1])
        return NULL;
    return x + ((size_t)r * s->in[1] + (size_t)q) * s->c + k;
}

static struct mote_window window_of(const struct shape *s)
{
    struct mote_axis a[2];

    for (int i = 0; i < 2; i++)
        a[i] = (struct mote_axis){s->taps[i],   s->stride[i], s->dilation[i],
                                  s->before[i], s->in[i],     s->out[i]};
    return (struct mote_window){a[0], a[1], s->c, s->m};
}

static void visit_conv(const struct mote_taps *t, const void *with)
{
    (void)with;
    mote_conv_f32_scalar(t);
}

static void visit_depthwise(const struct mote_taps *t, const void *with)
{
    (void)with;
    mote_depthwise_f32_scalar(t);
}

static void visit_pool(const struct mote_taps *t, const void *with)
{
    const bool *largest = with;
    mote_pool_f32_scalar(t, *largest, (float)(t->high * t->wide));
}

/* Whether got is want but for rounding of sums of that size. */
static bool is_near(float got, long double want, long double size)
{
    return fabsl(got - want) <= (size + 1) * 1e-5L;
}

static void windows_of_conv(void)
{
    uint64_t seed = 41;

    for (size_t i = 0; i < test_count(300, 10000); i++) {
        struct shape s = random_shape(&seed, i & 1);
        s.c = 1 + test_random(&seed) % 4;
        s.m = 1 + test_random(&seed) % 4;
        const struct mote_window window = window_of(&s);
        vector_fill(x, s.in[0] * s.in[1] * s.c, DRAW_ORDINARY, &seed);
        vector_fill(w, 16 * s.c * s.m, DRAW_ORDINARY, &seed);
        vector_fill(b, s.m, DRAW_ORDINARY, &seed);
        const struct mote_taps t = {.x = x,
                                    .w = w,
                                    .b = b,
                                    .y = y,
                                    .w_high = s.taps[1] * s.c * s.m,
                                    .w_wide = s.c * s.m,
                                    .n = s.c,
                                    .m = s.m,
                                    .w_row = s.m};
        mote_window_slide(&window, &t, visit_conv, NULL);
        for (size_t at = 0; at < s.out[0] * s.out[1] * s.m; at++) {
            const size_t o = at / s.m / s.out[1], p = at / s.m % s.out[1];
            long double want = b[at % s.m], size = 0;
            for (size_t k = 0; k < s.taps[0] * s.taps[1] * s.c; k++) {
                const float *e = element(&s, o, p, k / s.c / s.taps[1],
                                         k / s.c % s.taps[1], k % s.c);
                const long double term =
                    e ? (long double)*e * w[k * s.m + at % s.m] : 0;
                want += term;
                size += fabsl(term);
            }
            EXPECT(is_near(y[at], want, size), "%zu %zu", i, at);
        }
    }
}

static void windows_of_depthwise(void)
{
    uint64_t seed = 42;

    for (size_t i = 0; i < test_count(300, 10000); i++) {
        struct shape s = random_shape(&seed, i & 1);
        s.c = s.m = 1 + test_random(&seed) % 5;
        const struct mote_window window = window_of(&s);
        vector_fill(x, s.in[0] * s.in[1] * s.c, DRAW_ORDINARY, &seed);
        vector_fill(w, 16 * s.c, DRAW_ORDINARY, &seed);
        const struct mote_taps t = {.x = x,
                                    .w = w,
                                    .y = y,
                                    .w_high = s.taps[1] * s.c,
                                    .w_wide = s.c,
                                    .n = s.c,
                                    .m = s.c};
        mote_window_slide(&window, &t, visit_depthwise, NULL);
        for (size_t at = 0; at < s.out[0] * s.out[1] * s.m; at++) {
            const size_t o = at / s.m / s.out[1], p = at / s.m % s.out[1];
            long double want = 0, size = 0;
            for (size_t k = 0; k < s.taps[0] * s.taps[1]; k++) {
                const float *e =
                    element(&s, o, p, k / s.taps[1], k % s.taps[1], at % s.m);
                const long double term =
                    e ? (long double)*e * w[k * s.m + at % s.m] : 0;
                want += term;
                size += fabsl(term);
            }
            EXPECT(is_near(y[at], want, size), "%zu %zu", i, at);
        }
    }
}

static void windows_of_pool(void)
{
    uint64_t seed = 43;

    for (size_t i = 0; i < test_count(300, 10000); i++) {
        struct shape s = random_shape(&seed, i & 1);
        const bool largest = i & 2;
        for (int a = 0; a < 2; a++) { /* no window lies outside */
            s.dilation[a] = 1;
            s.before[a] %= s.taps[a];
            s.after[a] %= s.taps[a];
        }
        if (!set_out(&s))
            continue;
        s.c = s.m = 1 + test_random(&seed) % 5;
        const struct mote_window window = window_of(&s);
        vector_fill(x, s.in[0] * s.in[1] * s.c, DRAW_ORDINARY, &seed);
        const struct mote_taps t = {.x = x, .y = y, .n = s.c, .m = s.c};
        mote_window_slide(&window, &t, visit_pool, &largest);
        for (size_t at = 0; at < s.out[0] * s.out[1] * s.m; at++) {
            const size_t o = at / s.m / s.out[1], p = at / s.m % s.out[1];
            long double sum = 0, top = -INFINITY, count = 0;
            for (size_t k = 0; k < s.taps[0] * s.taps[1]; k++) {
                const float *e =
                    element(&s, o, p, k / s.taps[1], k % s.taps[1], at % s.m);
                sum += e ? *e : 0;
                count += e ? 1 : 0;
                top = e && *e > top ? *e : top;
            }
            EXPECT(largest ? y[at] == top : is_near(y[at], sum / count, 16),
                   "%zu %zu", i, at);
        }
    }
}

static void scalar_conv_in_the_stated_order(void)
{
    /* from the bias on: 1 + 2^24 - 2^24 is 0 in this order, 1 in another */
    const float in[] = {0x1p24f, -0x1p24f}, one[] = {1, 1}, bias = 1;
    float out = 9;
    struct mote_taps t = {.x = in,
                          .w = one,
                          .b = &bias,
                          .y = &out,
                          .rows = 1,
                          .high = 1,
                          .wide = 2,
                          .x_wide = 1,
                          .w_wide = 1,
                          .n = 1,
                          .m = 1,
                          .w_row = 1};

    mote_conv_f32_scalar(&t);
    EXPECT(out == 0, "%a", out);
    mote_depthwise_f32_scalar(&t);
    EXPECT(out == 0, "%a", out);
    t.high = t.wide = 0;
    mote_conv_f32_scalar(&t);
    EXPECT(out == 1, "%a", out);
}

static void relu_keeps_nan(void)
{
    const float in[] = {-1, NAN}, one = 1;
    float out[2];
    const struct mote_taps t = {.x = in,
                                .w = &one,
                                .y = out,
                                .rows = 2,
                                .x_step = 1,
                                .y_step = 1,
                                .high = 1,
                                .wide = 1,
                                .n = 1,
                                .m = 1,
                                .w_row = 1,
                                .relu = true};

    mote_conv_f32_scalar(&t);
    EXPECT(out[0] == 0 && isnan(out[1]));
}

/* ------------------------------------------------------------------------
 * int8
 */
static int8_t weights[ROOM], panels[ROOM];
static float scales[64];

/* [m][n] to P8K8. */
static void pack(size_t m, size_t n)
{
    memset(panels, 0, sizeof panels);
    for (size_t i = 0; i < m; i++)
        for (size_t k = 0; k < n; k++)
            panels[(i / 8 * ((n + 7) / 8) + k / 8) * 64 + i % 8 * 8 + k % 8] =
                weights[i * n + k];
}

/* The item's numbers as int8, and their scale. */
static float quantized(const struct shape *s, int8_t *q)
{
    const size_t n = s->in[0] * s->in[1] * s->c;
    float top = 0;

    for (size_t i = 0; i < n; i++)
        top = fabsf(x[i]) > top ? fabsf(x[i]) : top;
    for (size_t i = 0; i < n; i++)
        q[i] = (int8_t)rintf(x[i] * (127 / top));
    return top / 127;
}

static float wanted_s8(const struct shape *s, const int8_t *q, float scale,
                       size_t at)
{
    const size_t o = at / s->m / s->out[1], p = at / s->m % s->out[1];
    const size_t i = at % s->m, n = s->c / s->groups;
    const size_t g = i / (s->m / s->groups), taps = s->taps[0] * s->taps[1];
    int32_t sum = 0;

    for (size_t k = 0; k < taps * n; k++) {
        const float *e = element(s, o, p, k / n / s->taps[1],
                                 k / n % s->taps[1], g * n + k % n);
        sum += e ? q[e - x] * weights[i * taps * n + k] : 0;
    }
    return fmaf((float)sum, scale * scales[i], b[i]);
}

static void conv_s8_of(const struct mote_kernels *kernels, const char *name)
{
    static int8_t q[ROOM];
    static uint8_t scratch[ROOM];
    uint64_t seed = 44;

    for (size_t i = 0; i < test_count(200, 5000); i++) {
        struct shape s = random_shape(&seed, i & 1);
        s.groups = i % 5 == 0 ? 2 : 1;
        s.c = s.groups * (1 + test_random(&seed) % 5);
        s.m = s.groups * (s.groups > 1 ? 8 : 1 + test_random(&seed) % 20);
        const size_t n = s.taps[0] * s.taps[1] * s.c / s.groups;
        vector_fill(x, s.in[0] * s.in[1] * s.c, DRAW_ORDINARY, &seed);
        vector_fill(b, s.m, DRAW_ORDINARY, &seed);
        vector_fill(scales, s.m, DRAW_ORDINARY, &seed);
        for (size_t k = 0; k < s.m * n; k++)
            weights[k] = (int8_t)((int)(test_random(&seed) % 255) - 127);
        pack(s.m, n);
        const struct mote_conv_s8 l = {.kernels = kernels,
                                       .window = window_of(&s),
                                       .after_high = s.after[0],
                                       .after_wide = s.after[1],
                                       .groups = s.groups,
                                       .w = panels,
                                       .c = scales,
                                       .b = b};
        const size_t bytes = mote_conv_s8_bytes(&l);
        const size_t outputs = s.out[0] * s.out[1] * s.m;
        EXPECT(bytes <= ROOM && outputs <= ROOM);
        memset(scratch, i % 2 ? 0xA5 : 0x80, bytes);
        const size_t aligned = (bytes + 3) / 4 * 4;
        const float *in = vector_guarded(x, s.in[0] * s.in[1] * s.c);
        float *out = vector_guarded(y, outputs);
        const float scale = quantized(&s, q);
        EXPECT(mote_conv_s8(&l, in, out, guarded(scratch, aligned)));
        for (size_t at = 0; at < outputs; at++) {
            const float want = wanted_s8(&s, q, scale, at);
            EXPECT(!memcmp(&out[at], &want, sizeof want),
                   "%s %zu: output %zu, %a not %a", name, i, at, out[at], want);
        }
    }
}

static void conv_s8(void)
{
    struct mote_kernels kernels;

    mote_kernels_select(&kernels, 0);
    conv_s8_of(&kernels, "baseline");
    mote_kernels_select(&kernels, this_cpu());
    conv_s8_of(&kernels, "this CPU");
}

static void conv_s8_refuses_nan(void)
{
    struct shape s = {.in = {1, 3},
                      .taps = {1, 1},
                      .stride = {1, 1},
                      .dilation = {1, 1},
                      .c = 1,
                      .m = 1,
                      .groups = 1};
    struct mote_kernels kernels;
    static _Alignas(64) uint8_t scratch[4096];

    set_out(&s);
    mote_kernels_select(&kernels, 0);
    const struct mote_conv_s8 l = {.kernels = &kernels,
                                   .window = window_of(&s),
                                   .groups = 1,
                                   .w = panels,
                                   .c = scales};
    EXPECT(mote_conv_s8_bytes(&l) <= sizeof scratch);
    x[0] = 1, x[1] = NAN, x[2] = 2;
    EXPECT(!mote_conv_s8(&l, x, y, scratch));
    x[1] = -INFINITY;
    EXPECT(!mote_conv_s8(&l, x, y, scratch));
    x[1] = 0;
    EXPECT(mote_conv_s8(&l, x, y, scratch));
}

/* ------------------------------------------------------------------------
 * int8 to int8, with stated scales
 */
struct fixed {
    int8_t q[ROOM], y[ROOM];
    int32_t more[64], zero_q;
    struct mote_requantize to_s8;
};

/* Numbers of a round: extremes of every kind among them, sums with b from the
 * least to the largest, factors that make ties. */
static void fixed_fill(struct fixed *f, const struct shape *s, size_t w_size,
                       size_t i, uint64_t *seed)
{
    for (size_t k = 0; k < s->in[0] * s->in[1] * s->c; k++)
        f->q[k] = i % 7 == 0 ? -128 : (int8_t)test_random(seed);
    for (size_t k = 0; k < w_size; k++)
        weights[k] = i % 7 == 0 ? -127
                     : i % 7 == 1
                         ? 127
                         : (int8_t)((int)(test_random(seed) % 255) - 127);
    for (size_t k = 0; k < s->m; k++) {
        f->more[k] = (int32_t)(test_random(seed) % 20001) - 10000;
        if (k == 3)
            f->more[k] = INT32_MAX;
        scales[k] = k % 3 ? ldexpf(1, -(int)(test_random(seed) % 14))
                          : 1.0f / (float)(1 + test_random(seed) % 999);
    }
    f->zero_q = (int32_t)(test_random(seed) % 256) - 128;
    f->to_s8 = (struct mote_requantize){
        .b = f->more,
        .c = scales,
        .zero = (int32_t)(test_random(seed) % 256) - 128,
    };
    f->to_s8.low = i & 1 ? -128 : f->to_s8.zero;
}

/* From the formula, in double: a product of 32 and 24 bits is exact there. */
static int8_t wanted_fixed(const struct fixed *f, const struct shape *s,
                           bool depthwise, size_t at)
{
    const struct mote_requantize *t = &f->to_s8;
    const size_t o = at / s->m / s->out[1], p = at / s->m % s->out[1];
    const size_t i = at % s->m, n = depthwise ? 1 : s->c / s->groups;
    const size_t first = depthwise ? i : i / (s->m / s->groups) * n;
    const size_t taps = s->taps[0] * s->taps[1];
    uint32_t sum = (uint32_t)f->more[i];

    for (size_t k = 0; k < taps * n; k++) {
        const float *e = element(s, o, p, k / n / s->taps[1],
                                 k / n % s->taps[1], first + k % n);
        const int8_t by = weights[depthwise ? k * s->m + i : i * taps * n + k];
        sum += (uint32_t)((e ? f->q[e - x] : f->zero_q) * by);
    }
    const double real = (float)(int32_t)sum * t->c[i];
    const double at_zero = rint((float)real) + t->zero;
    return (int8_t)(at_zero < t->low ? t->low : at_zero > 127 ? 127 : at_zero);
}

static void fixed_of(const struct mote_kernels *kernels, const char *name,
                     bool depthwise)
{
    static uint8_t scratch[ROOM];
    static struct fixed f;
    uint64_t seed = 45;

    for (size_t i = 0; i < test_count(200, 5000); i++) {
        struct shape s = random_shape(&seed, i & 1);
        s.groups = !depthwise && i % 5 == 0 ? 2 : 1;
        s.c = s.groups * (1 + test_random(&seed) % (depthwise ? 40 : 5));
        s.m = depthwise
                  ? s.c
                  : s.groups * (s.groups > 1 ? 8 : 1 + test_random(&seed) % 20);
        const size_t taps = s.taps[0] * s.taps[1];
        const size_t n = depthwise ? taps : taps * s.c / s.groups;
        const size_t q_size = s.in[0] * s.in[1] * s.c;
        const size_t outputs = s.out[0] * s.out[1] * s.m;
        const struct mote_window window = window_of(&s);
        EXPECT(outputs <= ROOM && q_size <= ROOM);
        fixed_fill(&f, &s, s.m * n, i, &seed);
        const int8_t *q = (const int8_t *)guarded(f.q, q_size);
        f.to_s8.y = (int8_t *)guarded(f.y, outputs);
        if (depthwise) {
            mote_depthwise_fixed(&window, q, f.zero_q,
                                 (const int8_t *)guarded(weights, s.m * n),
                                 &f.to_s8);
        } else {
            pack(s.m, n);
            const struct mote_conv_s8 l = {
                .kernels = kernels,
                .window = window,
                .after_high = s.after[0],
                .after_wide = s.after[1],
                .groups = s.groups,
                .to_s8 = &f.to_s8,
                .zero = f.zero_q,
            };
            const size_t bytes = (mote_conv_s8_bytes(&l) + 3) / 4 * 4;
            EXPECT(bytes <= ROOM);
            memset(scratch, i % 2 ? 0xA5 : 0x80, bytes);
            void *room = guarded(scratch, bytes);
            mote_conv_s8_begin_fixed(&l, q, room);
            mote_conv_s8_channels(&l, panels, 0, s.m, NULL, room);
        }
        for (size_t at = 0; at < outputs; at++) {
            const int8_t want = wanted_fixed(&f, &s, depthwise, at);
            EXPECT(f.to_s8.y[at] == want, "%s %zu: output %zu, %d not %d", name,
                   i, at, f.to_s8.y[at], want);
        }
    }
}

static void conv_fixed(void)
{
    struct mote_kernels kernels;

    mote_kernels_select(&kernels, 0);
    fixed_of(&kernels, "baseline", false);
    mote_kernels_select(&kernels, this_cpu());
    fixed_of(&kernels, "this CPU", false);
}

static void depthwise_fixed(void)
{
    fixed_of(NULL, "depthwise", true);
}

/* ------------------------------------------------------------------------
 * The versions
 */
static void conv_versions(void)
{
    EACH_VERSION(mote_conv_f32_impls, conv_check);
}

static void depthwise_versions(void)
{
    EACH_VERSION(mote_depthwise_f32_impls, depthwise_check);
}

static void pool_versions(void)
{
    EACH_VERSION(mote_pool_f32_impls, pool_check);
}

static const struct test_case cases[] = {
    {"convolution in the stated order", scalar_conv_in_the_stated_order},
    {"relu keeps a NaN", relu_keeps_nan},
    {"windows of a convolution", windows_of_conv},
    {"windows of a depthwise one", windows_of_depthwise},
    {"windows of a pool", windows_of_pool},
    {"int8 convolution, exact", conv_s8},
    {"int8 convolution refuses NaN and infinity", conv_s8_refuses_nan},
    {"int8 to int8, exact", conv_fixed},
    {"int8 to int8 channel by channel, exact", depthwise_fixed},
    {"convolution, every version", conv_versions},
    {"depthwise, every version", depthwise_versions},
    {"pool, every version", pool_versions},
};
TEST_MAIN(cases)
