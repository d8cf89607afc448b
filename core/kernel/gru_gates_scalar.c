/* core/kernel/gru_gates_scalar.c - see core/kernel/recurrent.h */
#include "core/kernel/recurrent.h"

static void reset(const struct mote_gru_gates *g, size_t i)
{
    g->z[i] = mote_sigmoidf(g->a[i] + g->u[i]);
    g->rh[i] = mote_sigmoidf(g->a[g->n + i] + g->u[g->n + i]) * g->h[i];
}

static void finish(const struct mote_gru_gates *g, float z, float c, size_t i)
{
    g->y[i] = mote_fmaf(z, g->h[i], (1.0f - z) * c);
}

static void rest(const struct mote_gru_gates *g, size_t i)
{
    const float *a = g->a + 2 * g->n, *u = g->u + 2 * g->n;
    finish(g, g->z[i], mote_tanhf(a[i] + u[i]), i);
}

static void all(const struct mote_gru_gates *g, size_t i)
{
    const float *a = g->a + i, *u = g->u + i;
    const size_t n = g->n;
    const float z = mote_sigmoidf(a[0] + u[0]);
    const float r = mote_sigmoidf(a[n] + u[n]);
    finish(g, z, mote_tanhf(mote_fmaf(r, u[2 * n], a[2 * n])), i);
}

void mote_gru_gates_scalar(const struct mote_gru_gates *g,
                           enum mote_gru_part part)
{
    for (size_t i = 0; i < g->n; i++)
        if (part == MOTE_GRU_ALL)
            all(g, i);
        else if (part == MOTE_GRU_RESET)
            reset(g, i);
        else
            rest(g, i);
}
