/*
 * core/kernel/recurrent.c - see core/kernel/recurrent.h
 *
 * What the gates have of the inputs is one product for all steps. What they
 * have of the state is one row times all weights at each step, and takes most
 * of the time.
 */
#include "core/kernel/recurrent.h"
#include "core/base/mem.h"
#include "core/kernel/kernels.h"

/* Scratch, taken apart. */
struct room {
    float *a;    /* [steps][gates m] of the inputs */
    float *u;    /* [gates m] of the state */
    float *gate; /* [gates - 1][m] z and r, or i, o and f */
    float *s;    /* int8: [steps] scales of q, */
    int8_t *q;   /* [steps][n] or [m] */
};

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

uint64_t mote_recurrent_floats(uint64_t gates, uint64_t steps, uint64_t n,
                               uint64_t m, bool s8)
{
    const uint64_t q = larger(steps * n, m);
    return gates * m * (steps + 1) + (gates - 1) * m +
           (s8 ? steps + (q + 3) / 4 : 0);
}

static struct room room_of(const struct mote_recurrent *l, float *scratch)
{
    struct room r = {.a = scratch};

    r.u = r.a + l->steps * l->input.m;
    r.gate = r.u + l->state.m;
    if (l->input.c) {
        r.s = r.gate + l->state.m - l->m;
        r.q = (int8_t *)(r.s + l->steps);
    }
    return r;
}

static void product_f32(const struct mote_kernels *kernels,
                        const struct mote_gates *g, const float *x, float *y,
                        size_t rows, size_t first, size_t end)
{
    const struct mote_taps t = {
        .x = x,
        .w = (const float *)g->w + first,
        .b = g->b ? g->b + first : NULL,
        .y = y + first,
        .rows = rows,
        .x_step = g->n,
        .y_step = g->m,
        .high = 1,
        .wide = 1,
        .n = g->n,
        .m = end - first,
        .w_row = g->m,
    };
    kernels->conv_f32(&t);
}

/* The panel that output `first` is in is computed from its beginning. */
static void product_s8(const struct mote_kernels *kernels,
                       const struct mote_gates *g, const struct room *r,
                       float *y, size_t rows, size_t first, size_t end)
{
    const size_t blocks = (g->n + MOTE_P8K8 - 1) / MOTE_P8K8;
    const size_t panel = first / MOTE_P8K8, at = panel * MOTE_P8K8;
    const struct mote_dense_s8 d = {
        .q = r->q,
        .s = r->s,
        .w = (const int8_t *)g->w + panel * blocks * MOTE_P8K8_BYTES,
        .c = g->c + at,
        .b = g->b ? g->b + at : NULL,
        .y = y + at,
        .rows = rows,
        .n = g->n,
        .m = end - at,
        .q_stride = g->n,
        .y_stride = g->m,
    };
    kernels->dense_s8(&d);
}

/* Outputs first to end of all gates, for rows of x. Of those before, a few may
 * be written as well. False when a row cannot be quantized. */
static bool product(const struct mote_kernels *kernels,
                    const struct mote_gates *g, const struct room *r,
                    const float *x, float *y, size_t rows, size_t first,
                    size_t end)
{
    if (!g->c) {
        product_f32(kernels, g, x, y, rows, first, end);
        return true;
    }
    if (kernels->quantize_s8(x, r->q, r->s, rows, g->n) < rows)
        return false;
    product_s8(kernels, g, r, y, rows, first, end);
    return true;
}

static void start(float *state, const float *first, size_t m)
{
    if (first)
        memcpy(state, first, m * sizeof *state);
    else
        memset(state, 0, m * sizeof *state);
}

/* From the state at h to that at y. */
static bool gru_step(const struct mote_recurrent *l, const struct room *r,
                     const float *a, const float *h, float *y)
{
    const struct mote_kernels *k = l->kernels;
    const size_t m = l->m;
    const struct mote_gates_step g = {
        .a = a, .u = r->u, .s = r->gate, .h = h, .y = y, .n = m};

    if (!l->reset_before) {
        if (!product(k, &l->state, r, h, r->u, 1, 0, 3 * m))
            return false;
        k->gates_f32(&g, MOTE_GRU_ALL);
        return true;
    }
    if (!product(k, &l->state, r, h, r->u, 1, 0, 2 * m))
        return false;
    k->gates_f32(&g, MOTE_GRU_RESET);
    if (!product(k, &l->state, r, r->gate + m, r->u, 1, 2 * m, 3 * m))
        return false;
    k->gates_f32(&g, MOTE_GRU_REST);
    return true;
}

/* The same, and the cell in place. */
static bool lstm_step(const struct mote_recurrent *l, const struct room *r,
                      const float *a, const float *h, float *cell, float *y)
{
    const struct mote_gates_step g = {
        .a = a, .u = r->u, .s = r->gate, .c = cell, .y = y, .n = l->m};

    if (!product(l->kernels, &l->state, r, h, r->u, 1, 0, 4 * l->m))
        return false;
    l->kernels->gates_f32(&g, MOTE_LSTM_ALL);
    return true;
}

/* Number of the step that is done as the i-th. */
static size_t step_at(const struct mote_recurrent *l, size_t i)
{
    return l->reverse ? l->steps - 1 - i : i;
}

bool mote_gru(const struct mote_recurrent *l, const float *x,
              const float *first, float *y, float *last, float *scratch)
{
    const struct room r = room_of(l, scratch);
    const float *h = last;

    if (!product(l->kernels, &l->input, &r, x, r.a, l->steps, 0, l->input.m))
        return false;
    start(last, first, l->m);
    for (size_t i = 0; i < l->steps; i++) {
        const size_t t = step_at(l, i);
        if (!gru_step(l, &r, r.a + t * l->input.m, h, y + t * l->m))
            return false;
        h = y + t * l->m;
    }
    memcpy(last, h, l->m * sizeof *last);
    return true;
}

bool mote_lstm(const struct mote_recurrent *l, const float *x,
               const float *first, const float *first_cell, float *y,
               float *last, float *cell, float *scratch)
{
    const struct room r = room_of(l, scratch);
    const size_t gates = l->input.m;
    const float *h = last;

    if (!product(l->kernels, &l->input, &r, x, r.a, l->steps, 0, gates))
        return false;
    start(last, first, l->m);
    start(cell, first_cell, l->m);
    for (size_t i = 0; i < l->steps; i++) {
        const size_t t = step_at(l, i);
        if (!lstm_step(l, &r, r.a + t * gates, h, cell, y + t * l->m))
            return false;
        h = y + t * l->m;
    }
    memcpy(last, h, l->m * sizeof *last);
    return true;
}
