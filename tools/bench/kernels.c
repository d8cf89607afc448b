/*
 * tools/bench/kernels.c - speed of each version of the product kernels that
 * this machine can run.
 *
 * Best of several runs, each at least a few milliseconds: GMAC/s counts one
 * multiply-add as one. The weights of a working set are several matrices, used
 * one after another, so that a small set stays in the first cache and a large
 * one in none. The scalar version is measured with one row alone.
 *
 * Usage: kernels [part of a row's name]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/kernel/dense.h"
#include "core/kernel/quantize_s8.h"

enum { REPEATS = 7 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void *filled(size_t bytes, unsigned seed)
{
    uint8_t *at = aligned_alloc(64, (bytes + 63) / 64 * 64);

    if (!at)
        exit(1);
    for (size_t i = 0; i < bytes; i++) /* no -128 among them */
        at[i] =
            (uint8_t)(int8_t)((int)((i * 2654435761u + seed) >> 7) % 255 - 127);
    return at;
}

static float *floats(size_t n)
{
    float *at = filled(n * sizeof *at, 0);

    for (size_t i = 0; i < n; i++)
        at[i] = (float)(i % 61) * 0.01f - 0.3f;
    return at;
}

/* What a row measures: `work` multiply-adds in each call of run(). */
struct row {
    char name[64];
    double work;
    void (*run)(void *with);
    void *with;
};

/* Seconds of a call, the best of several runs. */
static double best_time(const struct row *row)
{
    double best = 1e9, start;
    size_t calls = 1;

    for (row->run(row->with);; calls *= 2) {
        start = now();
        for (size_t i = 0; i < calls; i++)
            row->run(row->with);
        if (now() - start > 4e-3)
            break;
    }
    for (int i = 0; i < REPEATS; i++) {
        start = now();
        for (size_t j = 0; j < calls; j++)
            row->run(row->with);
        const double each = (now() - start) / (double)calls;
        best = each < best ? each : best;
    }
    return best;
}

static const char *wanted = "";

static void report(const struct row *row)
{
    if (!strstr(row->name, wanted))
        return;
    const double seconds = best_time(row);
    printf("%-44s %10.2f us %8.1f GMAC/s\n", row->name, seconds * 1e6,
           row->work / seconds * 1e-9);
}

/* ------------------------------------------------------------------------
 * dense_s8
 */
struct s8 {
    struct mote_dense_s8 d;
    mote_dense_s8_fn *fn;
    size_t matrices, next;
};

static void run_s8(void *with)
{
    struct s8 *t = with;
    struct mote_dense_s8 d = t->d;

    d.w += t->next * d.n * d.m;
    t->next = t->next + 1 < t->matrices ? t->next + 1 : 0;
    t->fn(&d);
}

/* One row of the table: M rows of N columns to m, of `bytes` of weights. */
static void row_s8(const struct mote_dense_s8_impl *impl, size_t rows, size_t n,
                   size_t m, size_t bytes)
{
    struct s8 t = {.fn = impl->fn, .matrices = bytes / (n * m)};
    struct row row = {
        .work = (double)(rows * n * m), .run = run_s8, .with = &t};

    t.matrices = t.matrices ? t.matrices : 1;
    t.d = (struct mote_dense_s8){
        .q = filled(rows * n, 1),
        .s = floats(rows),
        .w = filled(t.matrices * n * m, 2),
        .c = floats(m),
        .b = floats(m),
        .y = floats(rows * m),
        .rows = rows,
        .n = n,
        .m = m,
        .q_stride = n,
        .y_stride = m,
    };
    snprintf(row.name, sizeof row.name, "dense_s8 %s %zux%zux%zu, %zu KB",
             impl->isa, rows, n, m, t.matrices * n * m / 1024);
    report(&row);
    free((void *)t.d.q), free((void *)t.d.s), free((void *)t.d.w);
    free((void *)t.d.c), free((void *)t.d.b), free(t.d.y);
}

static void table_s8(uint32_t cpu)
{
    static const size_t rows[] = {1, 2, 4, 8, 16, 64, 128};
    const struct mote_dense_s8_impl *impl = mote_dense_s8_impls;

    for (bool more = true; more; impl++) {
        more = impl->needs != 0;
        if (impl->needs & ~cpu)
            continue;
        for (size_t i = 0; i < (more ? sizeof rows / sizeof *rows : 1); i++)
            row_s8(impl, rows[i], 384, 1536, 0);
        if (more)
            row_s8(impl, 64, 1536, 384, 0);
        for (size_t kb = 16; kb <= 128 << 10; kb *= 8)
            row_s8(impl, 1, 256, kb < 256 ? 64 : 1024, kb << 10);
    }
}

/* ------------------------------------------------------------------------
 * dense_f32
 */
struct f32 {
    mote_dense_f32_fn *fn;
    float *x, *w, *b, *y;
    size_t rows, n, m;
};

static void run_f32(void *with)
{
    const struct f32 *t = with;
    t->fn(t->x, t->w, t->b, t->y, t->rows, t->n, t->m, MOTE_ACTIVATION_RELU);
}

static void row_f32(const struct mote_dense_f32_impl *impl, size_t rows,
                    size_t n, size_t m)
{
    struct f32 t = {
        .fn = impl->fn,
        .x = floats(rows * n),
        .w = floats(n * m),
        .b = floats(m),
        .y = floats(rows * m),
        .rows = rows,
        .n = n,
        .m = m,
    };
    struct row row = {
        .work = (double)(rows * n * m), .run = run_f32, .with = &t};

    snprintf(row.name, sizeof row.name, "dense_f32 %s %zux%zux%zu", impl->isa,
             rows, n, m);
    report(&row);
    free(t.x), free(t.w), free(t.b), free(t.y);
}

static void table_f32(uint32_t cpu)
{
    static const size_t shapes[][2] = {{32, 64},   {64, 32},   {32, 1},
                                       {128, 256}, {256, 256}, {384, 1536}};
    static const size_t rows[] = {1, 8, 64};
    const struct mote_dense_f32_impl *impl = mote_dense_f32_impls;

    for (bool more = true; more; impl++) {
        more = impl->needs != 0;
        if (impl->needs & ~cpu)
            continue;
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
            for (size_t r = 0; r < (more ? sizeof rows / sizeof *rows : 1); r++)
                row_f32(impl, rows[r], shapes[i][0], shapes[i][1]);
    }
}

/* ------------------------------------------------------------------------
 * quantize_s8: elements in place of multiply-adds
 */
struct quantize {
    mote_quantize_s8_fn *fn;
    float *x, *s;
    int8_t *q;
    size_t rows, n;
};

static void run_quantize(void *with)
{
    const struct quantize *t = with;
    t->fn(t->x, t->q, t->s, t->rows, t->n);
}

static void table_quantize(uint32_t cpu)
{
    const struct mote_quantize_s8_impl *impl = mote_quantize_s8_impls;
    struct quantize t = {.rows = 16, .n = 384};
    struct row row = {.work = 16 * 384, .run = run_quantize, .with = &t};

    t.x = floats(t.rows * t.n), t.s = floats(t.rows),
    t.q = filled(t.rows * t.n, 0);
    for (bool more = true; more; impl++) {
        more = impl->needs != 0;
        t.fn = impl->fn;
        snprintf(row.name, sizeof row.name, "quantize_s8 %s 16x384", impl->isa);
        if (!(impl->needs & ~cpu))
            report(&row);
    }
    free(t.x), free(t.s), free(t.q);
}

int main(int argc, char **argv)
{
    const uint32_t cpu = mote_cpu_flags(0, 0);

    wanted = argc > 1 ? argv[1] : "";
    table_s8(cpu);
    table_f32(cpu);
    table_quantize(cpu);
}
