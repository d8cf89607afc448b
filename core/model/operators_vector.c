/*
 * core/model/operators_vector.c - the fp32 operators of transformers and of
 * what stands between layers: opcodes 10 to 19 of compress/FORMAT.md. map and
 * binary are float64 as well.
 */
#include "core/base/maths.h"
#include "core/model/operands.h"
#include "core/model/tiles.h"

/* ------------------------------------------------------------------------
 * Checks
 */

/* f32 in rows, with at least one dimension. */
static bool is_f32_rows(const struct mote_scope *s, uint32_t i)
{
    return mote_is_rows(s, i, MOTE_F32) && mote_scope_value(s, i)->rank >= 1;
}

static bool is_f32_like(const struct mote_scope *s, uint32_t i, uint32_t like)
{
    const struct mote_file_value *v = mote_scope_value(s, like);
    return mote_is_rows(s, i, MOTE_F32) &&
           mote_has_dims(s, i, v->rank, v->dims);
}

static bool is_f64(const struct mote_scope *s, uint32_t i)
{
    return i != MOTE_NONE && mote_scope_value(s, i)->dtype == MOTE_F64;
}

/* f32 or f64 in rows, with at least one dimension. */
static bool is_real_rows(const struct mote_scope *s, uint32_t i)
{
    return is_f32_rows(s, i) ||
           (mote_is_rows(s, i, MOTE_F64) && mote_scope_value(s, i)->rank >= 1);
}

/* In rows, of the same type and shape. */
static bool is_like(const struct mote_scope *s, uint32_t i, uint32_t like)
{
    const struct mote_file_value *v = mote_scope_value(s, like);
    return mote_is_rows(s, i, v->dtype) &&
           mote_has_dims(s, i, v->rank, v->dims);
}

/* x to y, both [..., n]. */
static bool maps_rows(const struct mote_scope *s,
                      const struct mote_operation *op)
{
    return is_f32_rows(s, op->reads[0]) &&
           is_f32_like(s, op->writes[0], op->reads[0]);
}

/* ------------------------------------------------------------------------
 * Runs
 */

static const struct mote_file_value *value_of(const struct mote_run *run,
                                              uint32_t i)
{
    return run->plan->values + i;
}

/* Rows of [..., n]. */
static size_t rows_of(const struct mote_run *run, uint32_t i)
{
    return mote_run_extent(run, value_of(run, i), 1);
}

static size_t last_of(const struct mote_run *run, uint32_t i)
{
    return mote_run_last(run, value_of(run, i));
}

/* s of [..., s, n]. */
static size_t steps_of(const struct mote_run *run, uint32_t i)
{
    return rows_of(run, i) / mote_run_extent(run, value_of(run, i), 2);
}

/* ------------------------------------------------------------------------
 * 10 map: x y kind
 */
bool mote_map_check(const struct mote_scope *s, const struct mote_operation *op)
{
    return mote_has_counts(op, 1, 1, 1) && is_real_rows(s, op->reads[0]) &&
           is_like(s, op->writes[0], op->reads[0]) &&
           (is_f64(s, op->reads[0]) ? mote_map_is_kind_f64(op->attributes[0])
                                    : mote_map_is_kind(op->attributes[0]));
}

enum mote_status mote_map_run(const struct mote_run *run,
                              const struct mote_operation *op,
                              struct mote_where *where)
{
    const struct mote_file_value *x = mote_operand_value(run, op, 0);
    const size_t n = mote_run_extent(run, x, 0);

    (void)where;
    if (x->dtype == MOTE_F64)
        mote_map_f64(mote_operand(run, op, 0), mote_operand(run, op, 1), n,
                     op->attributes[0]);
    else
        run->model->kernels.map_f32(mote_operand(run, op, 0),
                                    mote_operand(run, op, 1), n,
                                    op->attributes[0]);
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 11 binary: a b y kind
 */

/* Rank 0, or [1]. */
static bool is_one(const struct mote_file_value *v)
{
    return v->rank == 0 || (v->rank == 1 && v->dims[0] == 1);
}

bool mote_binary_check(const struct mote_scope *s,
                       const struct mote_operation *op)
{
    if (!mote_has_counts(op, 2, 1, 1) || !is_real_rows(s, op->reads[0]) ||
        !mote_is_rows(s, op->reads[1],
                      mote_scope_value(s, op->reads[0])->dtype))
        return false;
    const uint32_t n = mote_last_dim(s, op->reads[0]);
    return (is_like(s, op->reads[1], op->reads[0]) ||
            mote_has_dims(s, op->reads[1], 1, &n) ||
            is_one(mote_scope_value(s, op->reads[1]))) &&
           is_like(s, op->writes[0], op->reads[0]) &&
           op->attributes[0] < MOTE_BINARY_KINDS;
}

enum mote_status mote_binary_run(const struct mote_run *run,
                                 const struct mote_operation *op,
                                 struct mote_where *where)
{
    const struct mote_file_value *b = mote_operand_value(run, op, 1);
    const size_t all = mote_run_extent(run, mote_operand_value(run, op, 0), 0);
    const size_t of_b = mote_run_extent(run, b, 0);
    /* of equal shape: one long row */
    const size_t rows = is_one(b) ? 1 : all / of_b;
    const size_t n = is_one(b) ? all : of_b;

    (void)where;
    if (b->dtype == MOTE_F64)
        mote_binary_f64(mote_operand(run, op, 0), mote_operand(run, op, 1),
                        mote_operand(run, op, 2), rows, n, is_one(b),
                        op->attributes[0]);
    else
        run->model->kernels.binary_f32(
            mote_operand(run, op, 0), mote_operand(run, op, 1),
            mote_operand(run, op, 2), rows, n, is_one(b), op->attributes[0]);
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 12 norm: x r g b y kind eps
 */
bool mote_norm_check(const struct mote_scope *s,
                     const struct mote_operation *op)
{
    if (!mote_has_counts(op, 4, 1, 2) || !maps_rows(s, op))
        return false;
    const uint32_t n = mote_last_dim(s, op->reads[0]);
    return (op->reads[1] == MOTE_NONE ||
            is_f32_like(s, op->reads[1], op->reads[0])) &&
           mote_is_vector(s, op->reads[2], n) &&
           (op->reads[3] == MOTE_NONE || mote_is_vector(s, op->reads[3], n)) &&
           op->attributes[0] < MOTE_NORM_KINDS &&
           mote_is_scale(op->attributes[1]);
}

enum mote_status mote_norm_run(const struct mote_run *run,
                               const struct mote_operation *op,
                               struct mote_where *where)
{
    (void)where;
    run->model->kernels.norm_f32(
        mote_operand(run, op, 0), mote_operand(run, op, 1),
        mote_operand(run, op, 2), mote_operand(run, op, 3),
        mote_operand(run, op, 4), rows_of(run, op->reads[0]),
        last_of(run, op->reads[0]), mote_f32_of_bits(op->attributes[1]),
        op->attributes[0]);
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 13 softmax_f32: x y scale
 */
bool mote_softmax_check(const struct mote_scope *s,
                        const struct mote_operation *op)
{
    return mote_has_counts(op, 1, 1, 1) && maps_rows(s, op) &&
           mote_is_scale(op->attributes[0]);
}

enum mote_status mote_softmax_run(const struct mote_run *run,
                                  const struct mote_operation *op,
                                  struct mote_where *where)
{
    (void)where;
    run->model->kernels.softmax_f32(
        mote_operand(run, op, 0), mote_operand(run, op, 1),
        rows_of(run, op->reads[0]), last_of(run, op->reads[0]),
        mote_f32_of_bits(op->attributes[0]));
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 14 embed: a ids table scale y
 * 15 position: x table scale y
 */

/* A tensor [v][n] of s8 with an f32 scale [v], or of f32 without one. */
static bool is_table(const struct mote_scope *s, uint32_t table, uint32_t scale,
                     uint32_t n)
{
    const uint8_t dtype = scale == MOTE_NONE ? MOTE_F32 : MOTE_S8;

    if (!mote_is_rows(s, table, dtype))
        return false;
    const struct mote_file_value *v = mote_scope_value(s, table);
    return v->kind == MOTE_VALUE_TENSOR && v->rank == 2 && v->dims[1] == n &&
           (scale == MOTE_NONE || mote_is_vector(s, scale, v->dims[0]));
}

/* y = a + row of the table; a NULL for zeros, scale NULL for f32. */
static void add_row(const struct mote_run *run, const float *a, const void *row,
                    const float *scale, float *y, size_t n)
{
    const struct mote_kernels *k = &run->model->kernels;

    if (scale)
        k->scale_s8(a, row, *scale, y, n);
    else if (a)
        k->binary_f32(a, row, y, 1, n, false, MOTE_BINARY_ADD);
    else
        memcpy(y, row, n * sizeof *y);
}

/* y [count][n] = a [count][n] + those rows of the table. */
static enum mote_status add_rows(const struct mote_run *run,
                                 const struct mote_table *table,
                                 const uint32_t *rows, uint32_t count,
                                 const float *a, const float *scale, float *y,
                                 size_t n, struct mote_where *where)
{
    const void *at[MOTE_TABLE_ROWS];
    const enum mote_status s = mote_table_rows(table, rows, count, at, where);

    for (uint32_t i = 0; s == MOTE_OK && i < count; i++)
        add_row(run, a ? a + i * n : NULL, at[i],
                scale ? scale + rows[i] : NULL, y + i * n, n);
    return s;
}

bool mote_embed_check(const struct mote_scope *s,
                      const struct mote_operation *op)
{
    if (!mote_has_counts(op, 4, 1, 0) ||
        !mote_is_rows(s, op->reads[1], MOTE_S32) ||
        !mote_is_rows(s, op->writes[0], MOTE_F32))
        return false;
    const struct mote_file_value *ids = mote_scope_value(s, op->reads[1]);
    const struct mote_file_value *y = mote_scope_value(s, op->writes[0]);
    return ids->rank >= 1 && y->rank == ids->rank + 1 &&
           memcmp(y->dims, ids->dims, ids->rank * sizeof *y->dims) == 0 &&
           is_table(s, op->reads[2], op->reads[3], y->dims[ids->rank]) &&
           (op->reads[0] == MOTE_NONE ||
            is_f32_like(s, op->reads[0], op->writes[0]));
}

enum mote_status mote_embed_run(const struct mote_run *run,
                                const struct mote_operation *op,
                                struct mote_where *where)
{
    const float *a = mote_operand(run, op, 0),
                *scale = mote_operand(run, op, 3);
    const int32_t *ids = mote_operand(run, op, 1);
    float *y = mote_operand(run, op, 4);
    const struct mote_file_value *v = mote_operand_value(run, op, 1);
    const size_t count = mote_run_extent(run, v, 0);
    const size_t batch = mote_run_extent(run, v, v->rank - 1u);
    const size_t n = last_of(run, op->writes[0]);
    const uint32_t rows = mote_operand_value(run, op, 2)->dims[0];
    uint32_t asked[MOTE_TABLE_ROWS];
    struct mote_table table;
    enum mote_status s = mote_table_begin(&table, run, op->reads[2], where);

    for (size_t i = 0, few; s == MOTE_OK && i < count; i += few) {
        few = count - i < table.most ? count - i : table.most;
        for (size_t k = 0; k < few; k++) {
            asked[k] = (uint32_t)ids[i + k];
            if (asked[k] >= rows) { /* negative ones as well */
                where->row = (uint32_t)((i + k) / (count / batch));
                where->expected = "indices within the table";
                return MOTE_E_RANGE;
            }
        }
        s = add_rows(run, &table, asked, (uint32_t)few, a ? a + i * n : NULL,
                     scale, y + i * n, n, where);
    }
    return s;
}

bool mote_position_check(const struct mote_scope *s,
                         const struct mote_operation *op)
{
    if (!mote_has_counts(op, 3, 1, 0) || !maps_rows(s, op))
        return false;
    const struct mote_file_value *x = mote_scope_value(s, op->reads[0]);
    if (x->rank < 2 ||
        !is_table(s, op->reads[1], op->reads[2], x->dims[x->rank - 1]))
        return false;
    return mote_scope_value(s, op->reads[1])->dims[0] >=
           mote_scope_largest(s, x->dims[x->rank - 2]);
}

enum mote_status mote_position_run(const struct mote_run *run,
                                   const struct mote_operation *op,
                                   struct mote_where *where)
{
    const float *x = mote_operand(run, op, 0);
    float *y = mote_operand(run, op, 3);
    const size_t rows = rows_of(run, op->reads[0]);
    const size_t n = last_of(run, op->reads[0]);
    const size_t steps = steps_of(run, op->reads[0]);
    uint32_t asked[MOTE_TABLE_ROWS];
    struct mote_table table;
    enum mote_status s = mote_table_begin(&table, run, op->reads[1], where);

    for (size_t i = 0, few; s == MOTE_OK && i < rows; i += few) {
        few = rows - i < table.most ? rows - i : table.most;
        for (size_t k = 0; k < few; k++)
            asked[k] = (uint32_t)((i + k) % steps);
        s = add_rows(run, &table, asked, (uint32_t)few, x + i * n,
                     mote_operand(run, op, 2), y + i * n, n, where);
    }
    return s;
}

/* ------------------------------------------------------------------------
 * 16 attention: qkv y scratch heads scale causal
 */
enum { HEADS, SCALE, CAUSAL };

/* q, k and v side by side, each of all heads; d of a head, or 0. */
static uint32_t head_size(uint32_t n, uint32_t heads)
{
    const bool even = heads > 0 && heads < MOTE_DIM_SYMBOL &&
                      !(n & MOTE_DIM_SYMBOL) && n % 3 == 0 &&
                      n / 3 % heads == 0;
    return even ? n / 3 / heads : 0;
}

/* A value [count] for what an operator needs while it runs. */
static bool is_scratch(const struct mote_scope *s, uint32_t i, uint64_t floats)
{
    if (!mote_is_rows(s, i, MOTE_F32))
        return false;
    const struct mote_file_value *v = mote_scope_value(s, i);
    return v->rank == 1 && !(v->dims[0] & MOTE_DIM_SYMBOL) &&
           v->dims[0] >= floats;
}

bool mote_attention_check(const struct mote_scope *s,
                          const struct mote_operation *op)
{
    if (!mote_has_counts(op, 1, 2, 3) || !is_f32_rows(s, op->reads[0]) ||
        !mote_is_rows(s, op->writes[0], MOTE_F32))
        return false;
    const struct mote_file_value *x = mote_scope_value(s, op->reads[0]);
    uint32_t dims[MOTE_RANK_MAX];
    memcpy(dims, x->dims, sizeof dims);
    const uint32_t d = head_size(dims[x->rank - 1], op->attributes[HEADS]);
    if (x->rank < 2 || d == 0)
        return false;
    dims[x->rank - 1] /= 3;
    const uint32_t steps = mote_scope_largest(s, dims[x->rank - 2]);
    return mote_has_dims(s, op->writes[0], x->rank, dims) &&
           is_scratch(s, op->writes[1], mote_attention_floats(steps, d)) &&
           mote_is_scale(op->attributes[SCALE]) && op->attributes[CAUSAL] <= 1;
}

enum mote_status mote_attention_run(const struct mote_run *run,
                                    const struct mote_operation *op,
                                    struct mote_where *where)
{
    const float *qkv = mote_operand(run, op, 0);
    float *y = mote_operand(run, op, 1);
    const uint32_t *a = op->attributes;
    const size_t n = last_of(run, op->writes[0]);
    const size_t steps = steps_of(run, op->reads[0]);
    const size_t times = rows_of(run, op->reads[0]) / steps;

    (void)where;
    for (size_t i = 0; i < times; i++, qkv += steps * 3 * n, y += steps * n)
        run->model->kernels.attention_f32(
            qkv, y, mote_operand(run, op, 2), steps, a[HEADS], n / a[HEADS],
            mote_f32_of_bits(a[SCALE]), a[CAUSAL]);
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 17 reduce: x y kind
 */
enum reduce { REDUCE_MEAN, REDUCE_MAX, REDUCE_SUM, REDUCE_FIRST, REDUCE_LAST };

bool mote_reduce_check(const struct mote_scope *s,
                       const struct mote_operation *op)
{
    if (!mote_has_counts(op, 1, 1, 1) || !is_f32_rows(s, op->reads[0]) ||
        !mote_is_rows(s, op->writes[0], MOTE_F32) ||
        op->attributes[0] > REDUCE_LAST)
        return false;
    const struct mote_file_value *x = mote_scope_value(s, op->reads[0]);
    uint32_t dims[MOTE_RANK_MAX];
    memcpy(dims, x->dims, sizeof dims);
    if (x->rank < 2)
        return false;
    dims[x->rank - 2] = x->dims[x->rank - 1];
    return mote_has_dims(s, op->writes[0], x->rank - 1u, dims);
}

/* x [steps][n] to y [n], one step after the other. */
static void reduce(const struct mote_kernels *k, const float *x, float *y,
                   size_t steps, size_t n, enum reduce kind)
{
    const float count = (float)steps;
    const enum mote_binary add =
        kind == REDUCE_MAX ? MOTE_BINARY_MAX : MOTE_BINARY_ADD;

    memcpy(y, kind == REDUCE_LAST ? x + (steps - 1) * n : x, n * sizeof *y);
    if (kind == REDUCE_FIRST || kind == REDUCE_LAST)
        return;
    for (size_t t = 1; t < steps; t++)
        k->binary_f32(y, x + t * n, y, 1, n, false, add);
    if (kind == REDUCE_MEAN)
        k->binary_f32(y, &count, y, 1, n, true, MOTE_BINARY_DIV);
}

enum mote_status mote_reduce_run(const struct mote_run *run,
                                 const struct mote_operation *op,
                                 struct mote_where *where)
{
    const float *x = mote_operand(run, op, 0);
    float *y = mote_operand(run, op, 1);
    const size_t n = last_of(run, op->reads[0]);
    const size_t steps = steps_of(run, op->reads[0]);
    const size_t times = rows_of(run, op->reads[0]) / steps;

    (void)where;
    for (size_t i = 0; i < times; i++)
        reduce(&run->model->kernels, x + i * steps * n, y + i * n, steps, n,
               op->attributes[0]);
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 18 normalize: x y
 */
bool mote_normalize_check(const struct mote_scope *s,
                          const struct mote_operation *op)
{
    return mote_has_counts(op, 1, 1, 0) && maps_rows(s, op);
}

enum mote_status mote_normalize_run(const struct mote_run *run,
                                    const struct mote_operation *op,
                                    struct mote_where *where)
{
    (void)where;
    mote_normalize_f32(mote_operand(run, op, 0), mote_operand(run, op, 1),
                       rows_of(run, op->reads[0]), last_of(run, op->reads[0]));
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 19 lookup: x table y
 */
bool mote_lookup_check(const struct mote_scope *s,
                       const struct mote_operation *op)
{
    static const uint32_t entries = 256;

    if (!mote_has_counts(op, 2, 1, 0) || op->reads[0] == MOTE_NONE ||
        op->reads[1] == MOTE_NONE)
        return false;
    const struct mote_file_value *x = mote_scope_value(s, op->reads[0]);
    const struct mote_file_value *t = mote_scope_value(s, op->reads[1]);
    const bool from = x->dtype == MOTE_U8 || x->dtype == MOTE_S8;
    const bool to =
        t->dtype == MOTE_U8 || t->dtype == MOTE_S8 || t->dtype == MOTE_F32;
    return from && to && mote_is_rows(s, op->reads[0], x->dtype) &&
           mote_is_rows(s, op->reads[1], t->dtype) &&
           t->kind == MOTE_VALUE_TENSOR &&
           mote_has_dims(s, op->reads[1], 1, &entries) &&
           mote_is_rows(s, op->writes[0], t->dtype) &&
           mote_has_dims(s, op->writes[0], x->rank, x->dims);
}

enum mote_status mote_lookup_run(const struct mote_run *run,
                                 const struct mote_operation *op,
                                 struct mote_where *where)
{
    const struct mote_file_value *v = mote_operand_value(run, op, 0);
    const size_t count = mote_run_extent(run, v, 0);
    const uint8_t *x = mote_operand(run, op, 0), *t = mote_operand(run, op, 1);
    uint8_t *y = mote_operand(run, op, 2);
    float *y_f32 = mote_operand(run, op, 2);

    (void)where;
    if (mote_operand_value(run, op, 1)->dtype == MOTE_F32)
        for (size_t i = 0; i < count; i++)
            y_f32[i] = ((const float *)t)[x[i]];
    else
        for (size_t i = 0; i < count; i++)
            y[i] = t[x[i]];
    return MOTE_OK;
}
