/*
 * core/model/operators_recurrent.c - GRU and LSTM layers: opcodes 35 and 36 of
 * compress/FORMAT.md.
 */
#include "core/kernel/kernels.h"
#include "core/model/operands.h"
#include "core/model/tiles.h"

/* Operands: reads of both, the last of LSTM alone; then writes. */
enum { X, W, C, R, D, B, E, H, GRU_READS, CELL = GRU_READS, LSTM_READS };
enum { GRU_Y = GRU_READS, GRU_LAST, GRU_SCRATCH };
enum { LSTM_Y = LSTM_READS, LSTM_LAST, LSTM_CELL, LSTM_SCRATCH };

enum { REVERSE, RESET_BEFORE }; /* attributes */

/* ------------------------------------------------------------------------
 * Checks
 */

/* Weights of all gates, m outputs for n inputs: f32 [n][m], or s8 [m][n] in
 * P8K8 with scales. */
static bool gates_fit(const struct mote_scope *s, uint32_t w, uint32_t c,
                      uint32_t b, uint32_t n, uint32_t m)
{
    const uint32_t dims[] = {n, m};

    if (b != MOTE_NONE && !mote_is_vector(s, b, m))
        return false;
    if (c != MOTE_NONE)
        return mote_is_panels(s, w, m, n) && mote_is_vector(s, c, m);
    return mote_is_table(s, w, MOTE_F32, 2) && mote_has_dims(s, w, 2, dims);
}

/* f32 [batch][m] */
static bool state_fits(const struct mote_scope *s, uint32_t i, uint32_t batch,
                       uint32_t m)
{
    const uint32_t dims[] = {batch, m};
    return mote_is_rows(s, i, MOTE_F32) && mote_has_dims(s, i, 2, dims);
}

/* x [batch][steps][n] to y [batch][steps][m] and a state [batch][m]. */
static bool layer_fits(const struct mote_scope *s,
                       const struct mote_operation *op, uint32_t gates)
{
    const uint32_t *v = op->reads, y = op->writes[0];

    if (!mote_is_rows(s, v[X], MOTE_F32) || !mote_is_rows(s, y, MOTE_F32))
        return false;
    const uint32_t *x = mote_scope_value(s, v[X])->dims;
    const uint32_t m = mote_scope_value(s, y)->dims[2];
    const uint32_t dims[] = {x[0], x[1], m};
    if (mote_scope_value(s, v[X])->rank != 3 || !mote_has_dims(s, y, 3, dims) ||
        !mote_is_constant(x[2]) || !mote_is_constant(m) || m > UINT32_MAX / 4 ||
        (v[C] == MOTE_NONE) != (v[D] == MOTE_NONE))
        return false;
    return gates_fit(s, v[W], v[C], v[B], x[2], gates * m) &&
           gates_fit(s, v[R], v[D], v[E], m, gates * m) &&
           (v[H] == MOTE_NONE || state_fits(s, v[H], x[0], m)) &&
           state_fits(s, op->writes[1], x[0], m);
}

static bool scratch_fits(const struct mote_scope *s,
                         const struct mote_operation *op, uint32_t gates,
                         uint32_t scratch)
{
    const uint32_t *x = mote_scope_value(s, op->reads[X])->dims;
    const uint32_t m = mote_scope_value(s, op->writes[0])->dims[2];

    return mote_is_scratch(
        s, scratch, MOTE_F32,
        mote_recurrent_floats(gates, mote_scope_largest(s, x[1]), x[2], m,
                              op->reads[C] != MOTE_NONE) +
            mote_wholes_bytes(s, op) / sizeof(float));
}

bool mote_gru_check(const struct mote_scope *s, const struct mote_operation *op)
{
    return mote_has_counts(op, GRU_READS, 3, 2) &&
           op->attributes[REVERSE] <= 1 && op->attributes[RESET_BEFORE] <= 1 &&
           layer_fits(s, op, 3) &&
           scratch_fits(s, op, 3, op->reads[GRU_SCRATCH]);
}

bool mote_lstm_check(const struct mote_scope *s,
                     const struct mote_operation *op)
{
    if (!mote_has_counts(op, LSTM_READS, 4, 1) || op->attributes[REVERSE] > 1 ||
        !layer_fits(s, op, 4) ||
        !scratch_fits(s, op, 4, op->reads[LSTM_SCRATCH]))
        return false;
    const uint32_t batch = mote_scope_value(s, op->reads[X])->dims[0];
    const uint32_t m = mote_scope_value(s, op->writes[0])->dims[2];
    return (op->reads[CELL] == MOTE_NONE ||
            state_fits(s, op->reads[CELL], batch, m)) &&
           state_fits(s, op->reads[LSTM_CELL], batch, m);
}

/* ------------------------------------------------------------------------
 * Runs
 */

/* Its weights decoded to the front of *scratch, which is moved behind them. */
static enum mote_status layer_of(const struct mote_run *run,
                                 const struct mote_operation *op,
                                 uint32_t gates, struct mote_recurrent *l,
                                 float **scratch, struct mote_where *where)
{
    const struct mote_scope scope = {.model = run->model, .plan = run->plan};
    const size_t n = mote_operand_dim(run, op, X, 2);
    const size_t m = mote_operand_dim(run, op, op->file->reads, 2);
    const void *at[MOTE_WHOLES_READS];
    const enum mote_status s =
        mote_wholes(run, op, (uint8_t *)*scratch, at, where);

    *scratch += mote_wholes_bytes(&scope, op) / sizeof(float);
    *l = (struct mote_recurrent){
        .kernels = &run->model->kernels,
        .input = {at[W], at[C], at[B], n, gates * m},
        .state = {at[R], at[D], at[E], m, gates * m},
        .steps = mote_operand_dim(run, op, X, 1),
        .n = n,
        .m = m,
        .reverse = op->attributes[REVERSE],
        .reset_before = gates == 3 && op->attributes[RESET_BEFORE],
    };
    return s;
}

/* Operand `number` of sequence i, `size` numbers each; NULL for none. */
static float *part(const struct mote_run *run, const struct mote_operation *op,
                   uint32_t number, size_t i, size_t size)
{
    float *all = mote_operand(run, op, number);
    return all ? all + i * size : NULL;
}

static enum mote_status refuse(struct mote_where *where, size_t i)
{
    where->row = (uint32_t)i;
    where->expected = "numbers that stay finite inside the model";
    return MOTE_E_RANGE;
}

enum mote_status mote_gru_run(const struct mote_run *run,
                              const struct mote_operation *op,
                              struct mote_where *where)
{
    const size_t batch = mote_operand_dim(run, op, X, 0);
    float *scratch = mote_operand(run, op, GRU_SCRATCH);
    struct mote_recurrent l;
    const enum mote_status s = layer_of(run, op, 3, &l, &scratch, where);

    for (size_t i = 0; s == MOTE_OK && i < batch; i++)
        if (!mote_gru(&l, part(run, op, X, i, l.steps * l.n),
                      part(run, op, H, i, l.m),
                      part(run, op, GRU_Y, i, l.steps * l.m),
                      part(run, op, GRU_LAST, i, l.m), scratch))
            return refuse(where, i);
    return s;
}

enum mote_status mote_lstm_run(const struct mote_run *run,
                               const struct mote_operation *op,
                               struct mote_where *where)
{
    const size_t batch = mote_operand_dim(run, op, X, 0);
    float *scratch = mote_operand(run, op, LSTM_SCRATCH);
    struct mote_recurrent l;
    const enum mote_status s = layer_of(run, op, 4, &l, &scratch, where);

    for (size_t i = 0; s == MOTE_OK && i < batch; i++)
        if (!mote_lstm(&l, part(run, op, X, i, l.steps * l.n),
                       part(run, op, H, i, l.m), part(run, op, CELL, i, l.m),
                       part(run, op, LSTM_Y, i, l.steps * l.m),
                       part(run, op, LSTM_LAST, i, l.m),
                       part(run, op, LSTM_CELL, i, l.m), scratch))
            return refuse(where, i);
    return s;
}
