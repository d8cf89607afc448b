/*
 * core/kernel/recurrent.h - GRU and LSTM layers over the steps of a sequence.
 *
 *   GRU    z = s(a0 + u0)             LSTM   i = s(a0 + u0)
 *          r = s(a1 + u1)                    o = s(a1 + u1)
 *          c = tanh(a2 + r u2)               f = s(a2 + u2)
 *          h = z h' + (1 - z) c              g = tanh(a3 + u3)
 *                                            C = f C' + i g
 *                                            h = o tanh(C)
 *
 * s is the logistic function, a what the gates have of the step's input, u
 * what they have of the state before, with a bias each. A GRU may reset the
 * state before the product instead of after it: then c = tanh(a2 + u2), and
 * u2 is of r h'.
 *
 * source  ONNX operators GRU and LSTM, and their order of gates; Cho et al.,
 *         arXiv:1406.1078; Hochreiter and Schmidhuber, Neural Computation 9(8)
 */
#ifndef MOTE_KERNEL_RECURRENT_H
#define MOTE_KERNEL_RECURRENT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/cpu.h"
#include "core/base/maths.h"

/* ------------------------------------------------------------------------
 * One step's gates. Every version gives the same bytes, but for the sign and
 * payload of a NaN.
 */

/* Of a GRU all of it; or, with the reset before the product, what comes before
 * that and what comes after. */
enum mote_gates_part {
    MOTE_GRU_ALL,
    MOTE_GRU_RESET,
    MOTE_GRU_REST,
    MOTE_LSTM_ALL
};

/*
 * The first s come in order, z and r or i, o and f: s(a + u). Then
 *
 * GRU_ALL    c = tanh(fma(r, u2, a2)), y = fma(z, h, (1 - z) c)
 * GRU_RESET  r = r h, and no more
 * GRU_REST   c = tanh(a2 + u2), y likewise, with z as RESET left it in s
 * LSTM_ALL   c = fma(f, c, i tanh(a3 + u3)), y = o tanh(c)
 */
struct mote_gates_step {
    const float *a, *u; /* [3][n] or [4][n] */
    float *s;           /* [2][n] or [3][n] */
    const float *h;     /* [n] state before; GRU */
    float *c;           /* [n] cell, in place; LSTM */
    float *y;           /* [n] state after */
    size_t n;
};
typedef void mote_gates_f32_fn(const struct mote_gates_step *g,
                               enum mote_gates_part part);

/* Its versions: that for an instruction set, and the MOTE_CPU_... flags it
 * needs. The last one is scalar, needs nothing, and is the specification. */
struct mote_gates_f32_impl {
    const char *isa;
    uint32_t needs;
    mote_gates_f32_fn *fn;
};
extern const struct mote_gates_f32_impl mote_gates_f32_impls[];

#define MOTE_KERNEL(isa, fn, needs) mote_gates_f32_fn fn;
#include "core/kernel/gates_f32.inc"
#undef MOTE_KERNEL

/* The first version that needs no more than cpu. */
mote_gates_f32_fn *mote_gates_f32_select(uint32_t cpu);

/* ------------------------------------------------------------------------
 * Layers
 */
struct mote_kernels;

/* Weights of all gates, m outputs together, for n inputs: float32 by input,
 * [n][m] as conv_f32 takes them; or with scales c [m] int8, [m][n] in P8K8,
 * and then what they multiply is quantized row by row. */
struct mote_gates {
    const void *w;
    const float *c; /* NULL: w is float32 */
    const float *b; /* [m], or NULL for zeros */
    size_t n, m;
};

struct mote_recurrent {
    const struct mote_kernels *kernels;
    struct mote_gates input, state;
    size_t steps, n, m; /* numbers of an input and of a state */
    bool reverse;       /* from the last step to the first */
    bool reset_before;  /* GRU: the reset comes before the product */
};

/* Floats of scratch that a layer of 3 or 4 gates needs; s8: it is int8. */
uint64_t mote_recurrent_floats(uint64_t gates, uint64_t steps, uint64_t n,
                               uint64_t m, bool s8);

/*
 * One sequence.
 *
 * x        [steps][n]
 * first    [m] state before the first step, NULL for zeros; LSTM: and its cell
 * y        [steps][m] every state, at the place of its step
 * last     [m] the state after the last step done; LSTM: and its cell
 * returns  false when a row cannot be quantized, because it has a NaN or an
 *          infinity; y and last then hold anything
 */
bool mote_gru(const struct mote_recurrent *l, const float *x,
              const float *first, float *y, float *last, float *scratch);
bool mote_lstm(const struct mote_recurrent *l, const float *x,
               const float *first, const float *first_cell, float *y,
               float *last, float *cell, float *scratch);

#endif
