/* core/kernel/gates_f32_scalar.c - see core/kernel/recurrent.h */
#include "core/kernel/recurrent.h"

static void open_gates(const struct mote_gates_step *g, size_t gates)
{
    for (size_t i = 0; i < gates * g->n; i++)
        g->s[i] = mote_sigmoidf(g->a[i] + g->u[i]);
}

static void reset(const struct mote_gates_step *g)
{
    for (size_t i = 0; i < g->n; i++)
        g->s[g->n + i] *= g->h[i];
}

/* r: NULL when the reset came before the product. */
static void next_state(const struct mote_gates_step *g, const float *r)
{
    const float *a = g->a + 2 * g->n, *u = g->u + 2 * g->n;

    for (size_t i = 0; i < g->n; i++) {
        const float sum = r ? mote_fmaf(r[i], u[i], a[i]) : a[i] + u[i];
        g->y[i] =
            mote_fmaf(g->s[i], g->h[i], (1.0f - g->s[i]) * mote_tanhf(sum));
    }
}

static void next_cell(const struct mote_gates_step *g)
{
    const size_t n = g->n;

    for (size_t k = 0; k < n; k++) {
        const float new = mote_tanhf(g->a[3 * n + k] + g->u[3 * n + k]);
        g->c[k] = mote_fmaf(g->s[2 * n + k], g->c[k], g->s[k] * new);
        g->y[k] = g->s[n + k] * mote_tanhf(g->c[k]);
    }
}

void mote_gates_f32_scalar(const struct mote_gates_step *g,
                           enum mote_gates_part part)
{
    switch (part) {
    case MOTE_GRU_ALL:
        open_gates(g, 2);
        next_state(g, g->s + g->n);
        break;
    case MOTE_GRU_RESET:
        open_gates(g, 2);
        reset(g);
        break;
    case MOTE_GRU_REST:
        next_state(g, NULL);
        break;
    case MOTE_LSTM_ALL:
        open_gates(g, 3);
        next_cell(g);
    }
}
