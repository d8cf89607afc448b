/* test/core/test_recurrent.c - GRU and LSTM layers against the equations of
 * the ONNX operators in long double; the same bytes whatever the processor and
 * whatever scratch held before. */
#include "test/core/conv.h"
#include "test/core/versions.h"
#include "core/kernel/kernels.h"

enum { STEPS_MAX = 7, N_MAX = 20, M_MAX = 35, GATES_MOST = 4 };

/* A layer with its weights in both forms. */
struct layer {
    size_t gates, steps, n, m;
    float w[N_MAX * GATES_MOST * M_MAX]; /* [n][gates m] */
    float r[M_MAX * GATES_MOST * M_MAX]; /* [m][gates m] */
    float b[GATES_MOST * M_MAX], e[GATES_MOST * M_MAX];
    float c[GATES_MOST * M_MAX], d[GATES_MOST * M_MAX]; /* scales */
    int8_t w_s8[24 * 144], r_s8[40 * 144];              /* P8K8 */
    float x[STEPS_MAX * N_MAX], h[M_MAX], cell[M_MAX];
};

static void fill(float *at, size_t n, float size, uint64_t *seed)
{
    vector_fill(at, n, DRAW_ORDINARY, seed);
    for (size_t i = 0; i < n; i++)
        at[i] *= size / 8; /* they were in [-8, 8) */
}

/* w [n][m] as int8 and scales, packed; w becomes what those stand for. */
static void quantize(float *w, int8_t *packed, float *scale, size_t n, size_t m)
{
    memset(packed, 0, (m + 7) / 8 * 8 * ((n + 7) / 8 * 8));
    for (size_t i = 0; i < m; i++) {
        float top = 1e-20f;
        for (size_t k = 0; k < n; k++)
            top = fmaxf(top, fabsf(w[k * m + i]));
        scale[i] = top / 127;
        for (size_t k = 0; k < n; k++) {
            const int8_t q = (int8_t)rintf(w[k * m + i] * (127 / top));
            packed[(i / 8 * ((n + 7) / 8) + k / 8) * 64 + i % 8 * 8 + k % 8] =
                q;
            w[k * m + i] = (float)q * scale[i];
        }
    }
}

static void draw(struct layer *l, size_t gates, uint64_t *seed)
{
    l->gates = gates;
    l->steps = 1 + test_random(seed) % STEPS_MAX;
    l->n = 1 + test_random(seed) % N_MAX;
    l->m = 1 + test_random(seed) % M_MAX;
    const size_t all = gates * l->m;
    fill(l->w, l->n * all, 1, seed);
    fill(l->r, l->m * all, 1, seed);
    fill(l->b, all, 1, seed);
    fill(l->e, all, 1, seed);
    fill(l->x, l->steps * l->n, 2, seed);
    fill(l->h, l->m, 1, seed);
    fill(l->cell, l->m, 1, seed);
    quantize(l->w, l->w_s8, l->c, l->n, all);
    quantize(l->r, l->r_s8, l->d, l->m, all);
}

struct result {
    float y[STEPS_MAX * M_MAX], last[M_MAX], cell[M_MAX];
};

static struct mote_recurrent recurrent_of(const struct layer *l,
                                          const struct mote_kernels *kernels,
                                          bool s8, unsigned form)
{
    const size_t all = l->gates * l->m;

    return (struct mote_recurrent){
        .kernels = kernels,
        .input = {s8 ? (const void *)l->w_s8 : l->w, s8 ? l->c : NULL,
                  form & 4 ? l->b : NULL, l->n, all},
        .state = {s8 ? (const void *)l->r_s8 : l->r, s8 ? l->d : NULL,
                  form & 8 ? l->e : NULL, l->m, all},
        .steps = l->steps,
        .n = l->n,
        .m = l->m,
        .reverse = form & 1,
        .reset_before = form & 2,
    };
}

/* What the engine gives, in scratch of the stated size that held `byte`. */
static bool run(const struct layer *l, const struct mote_kernels *kernels,
                bool s8, unsigned form, int byte, struct result *out)
{
    static uint8_t room[200000];
    const struct mote_recurrent r = recurrent_of(l, kernels, s8, form);
    const size_t bytes =
        4 * mote_recurrent_floats(l->gates, l->steps, l->n, l->m, s8);
    const float *first = form & 16 ? l->h : NULL;
    const float *cell = form & 16 ? l->cell : NULL;

    EXPECT(bytes <= sizeof room);
    memset(room, byte, bytes);
    memset(out, byte, sizeof *out);
    float *scratch = (float *)(void *)guarded(room, bytes);
    float *x = vector_guarded(l->x, l->steps * l->n);
    float *y = vector_guarded(out->y, l->steps * l->m);
    const bool done =
        l->gates == 3
            ? mote_gru(&r, x, first, y, out->last, scratch)
            : mote_lstm(&r, x, first, cell, y, out->last, out->cell, scratch);
    memcpy(out->y, y, l->steps * l->m * sizeof *y);
    return done;
}

/* ------------------------------------------------------------------------
 * The equations
 */
typedef long double real;

static real logistic(real x)
{
    return 1 / (1 + expl(-x));
}

/* Gate g of output i: products of v with w [count][gates m]. */
static real gate(const struct layer *l, const float *w, const real *v,
                 size_t count, size_t g, size_t i)
{
    real sum = 0;
    for (size_t k = 0; k < count; k++)
        sum += v[k] * w[(k * l->gates + g) * l->m + i];
    return sum;
}

struct reference {
    const struct layer *l;
    unsigned form;
    real x[N_MAX], h[M_MAX], c[M_MAX];
};

/* Wx + b, and Rh + e. */
static real of_input(const struct reference *s, size_t g, size_t i)
{
    const real b = s->form & 4 ? s->l->b[g * s->l->m + i] : 0;
    return gate(s->l, s->l->w, s->x, s->l->n, g, i) + b;
}

static real of_state(const struct reference *s, const real *h, size_t g,
                     size_t i)
{
    const real e = s->form & 8 ? s->l->e[g * s->l->m + i] : 0;
    return gate(s->l, s->l->r, h, s->l->m, g, i) + e;
}

static void gru_reference(struct reference *s)
{
    real reset[M_MAX], rh[M_MAX], next[M_MAX];
    const size_t m = s->l->m;

    for (size_t i = 0; i < m; i++) {
        reset[i] = logistic(of_input(s, 1, i) + of_state(s, s->h, 1, i));
        rh[i] = reset[i] * s->h[i];
    }
    for (size_t i = 0; i < m; i++) {
        const real z = logistic(of_input(s, 0, i) + of_state(s, s->h, 0, i));
        const real u = s->form & 2 ? of_state(s, rh, 2, i)
                                   : reset[i] * of_state(s, s->h, 2, i);
        next[i] = (1 - z) * tanhl(of_input(s, 2, i) + u) + z * s->h[i];
    }
    memcpy(s->h, next, sizeof next);
}

static void lstm_reference(struct reference *s)
{
    real next[M_MAX];

    for (size_t k = 0; k < s->l->m; k++) {
        real a[4];
        for (size_t g = 0; g < 4; g++)
            a[g] = of_input(s, g, k) + of_state(s, s->h, g, k);
        s->c[k] = logistic(a[2]) * s->c[k] + logistic(a[0]) * tanhl(a[3]);
        next[k] = logistic(a[1]) * tanhl(s->c[k]);
    }
    memcpy(s->h, next, sizeof next);
}

static void expect_equations(const struct layer *l, unsigned form,
                             const struct result *got, real error)
{
    struct reference s = {l, form, {0}, {0}, {0}};

    for (size_t i = 0; i < l->m; i++) {
        s.h[i] = form & 16 ? l->h[i] : 0;
        s.c[i] = form & 16 ? l->cell[i] : 0;
    }
    for (size_t done = 0; done < l->steps; done++) {
        const size_t t = form & 1 ? l->steps - 1 - done : done;
        for (size_t k = 0; k < l->n; k++)
            s.x[k] = l->x[t * l->n + k];
        if (l->gates == 3)
            gru_reference(&s);
        else
            lstm_reference(&s);
        for (size_t i = 0; i < l->m; i++)
            EXPECT(fabsl(got->y[t * l->m + i] - s.h[i]) <= error,
                   "form %u, step %zu, %zu", form, t, i);
    }
    for (size_t i = 0; i < l->m; i++) {
        EXPECT(fabsl(got->last[i] - s.h[i]) <= error);
        EXPECT(l->gates == 3 || fabsl(got->cell[i] - s.c[i]) <= 4 * error);
    }
}

/* Forms 0 to 31: reverse, reset before, biases, first states. */
static void follows_equations(size_t gates, bool s8, real error)
{
    static struct layer l;
    static struct result got;
    struct mote_kernels kernels;
    uint64_t seed = 51 + gates;

    mote_kernels_select(&kernels, this_cpu());
    for (unsigned i = 0; i < test_count(96, 3200); i++) {
        draw(&l, gates, &seed);
        EXPECT(run(&l, &kernels, s8, i % 32, 0xA5, &got));
        expect_equations(&l, i % 32, &got, error);
    }
}

static void gru_f32(void)
{
    follows_equations(3, false, 1e-5L);
}

static void lstm_f32(void)
{
    follows_equations(4, false, 1e-5L);
}

/* Rows are rounded to 127 steps: far from float32, near the equations. */
static void gru_s8(void)
{
    follows_equations(3, true, 0.15L);
}

static void lstm_s8(void)
{
    follows_equations(4, true, 0.15L);
}

/* ------------------------------------------------------------------------
 * The same bytes
 */
static void gives_the_same_bytes(size_t gates)
{
    static struct layer l;
    static struct result plain, fast, again;
    struct mote_kernels none, all;
    uint64_t seed = 61 + gates;

    mote_kernels_select(&none, 0);
    mote_kernels_select(&all, this_cpu());
    for (unsigned i = 0; i < test_count(128, 3200); i++) {
        const bool s8 = i / 32 % 2;
        draw(&l, gates, &seed);
        if (i % 9 == 0) /* small numbers keep their denormals */
            for (size_t k = 0; k < l.m; k++)
                l.h[k] *= 0x1p-125f;
        EXPECT(run(&l, &none, s8, i % 32, 0, &plain));
        EXPECT(run(&l, &all, s8, i % 32, 0xA5, &fast));
        EXPECT(run(&l, &all, s8, i % 32, 0xFF, &again));
        const size_t y = l.steps * l.m * sizeof *plain.y;
        const size_t state = l.m * sizeof *plain.last;
        EXPECT(!memcmp(plain.y, fast.y, y) && !memcmp(fast.y, again.y, y), "%u",
               i);
        EXPECT(!memcmp(plain.last, fast.last, state) &&
               !memcmp(fast.last, again.last, state));
        EXPECT(gates == 3 || (!memcmp(plain.cell, fast.cell, state) &&
                              !memcmp(fast.cell, again.cell, state)));
    }
}

static void gru_bytes(void)
{
    gives_the_same_bytes(3);
}

static void lstm_bytes(void)
{
    gives_the_same_bytes(4);
}

static void int8_refuses_what_is_not_finite(void)
{
    static struct layer l;
    static struct result got;
    struct mote_kernels kernels;
    uint64_t seed = 71;

    mote_kernels_select(&kernels, this_cpu());
    for (size_t gates = 3; gates <= 4; gates++) {
        draw(&l, gates, &seed);
        l.x[l.steps * l.n - 1] = NAN;
        EXPECT(!run(&l, &kernels, true, 0, 0, &got));
        EXPECT(run(&l, &kernels, false, 0, 0, &got));
        EXPECT(isnan(got.last[0]));
        l.x[l.steps * l.n - 1] = 0;
        l.h[0] = INFINITY;
        EXPECT(!run(&l, &kernels, true, 16, 0, &got));
        EXPECT(run(&l, &kernels, true, 0, 0, &got));
    }
}

static void gates_versions(void)
{
    EACH_VERSION(mote_gates_f32_impls, gates_check);
}

static const struct test_case cases[] = {
    {"GRU, its equations", gru_f32},
    {"LSTM, its equations", lstm_f32},
    {"GRU in int8, near them", gru_s8},
    {"LSTM in int8, near them", lstm_s8},
    {"GRU, the same bytes", gru_bytes},
    {"LSTM, the same bytes", lstm_bytes},
    {"int8 refuses NaN and infinity", int8_refuses_what_is_not_finite},
    {"gates, every version", gates_versions},
};
TEST_MAIN(cases)
