/*
 * core/model/operators_tensor.c - what tensors need beside layers: opcodes 49
 * to 59 of compress/FORMAT.md.
 */
#include "core/kernel/tensor.h"
#include "core/model/operands.h"

_Static_assert((int)MOTE_NUMBER_F32 == (int)MOTE_F32 &&
                   (int)MOTE_NUMBER_BOOL == (int)MOTE_BOOL,
               "the kernels count types as the file does");

/* ------------------------------------------------------------------------
 * Checks
 */

/* Any type, in rows. */
static bool is_any(const struct mote_scope *s, uint32_t i)
{
    return i != MOTE_NONE && mote_is_rows(s, i, mote_scope_value(s, i)->dtype);
}

static bool is_like(const struct mote_scope *s, uint32_t i, uint32_t like,
                    uint8_t dtype)
{
    const struct mote_file_value *v = mote_scope_value(s, like);
    return mote_is_rows(s, i, dtype) && mote_has_dims(s, i, v->rank, v->dims);
}

/* Rank 0, or [1]. */
static bool is_one(const struct mote_file_value *v)
{
    return v->rank == 0 || (v->rank == 1 && v->dims[0] == 1);
}

/* Of y's shape, or one number. */
static bool is_like_or_one(const struct mote_scope *s, uint32_t i, uint32_t y,
                           uint8_t dtype)
{
    return is_like(s, i, y, dtype) ||
           (mote_is_rows(s, i, dtype) && is_one(mote_scope_value(s, i)));
}

/* ------------------------------------------------------------------------
 * Runs
 */
static size_t count_of(const struct mote_run *run,
                       const struct mote_operation *op, uint32_t number)
{
    return mote_run_extent(run, mote_operand_value(run, op, number), 0);
}

/* Whether an operand is one number for all. */
static bool spreads(const struct mote_run *run, const struct mote_operation *op,
                    uint32_t number)
{
    return is_one(mote_operand_value(run, op, number));
}

/* ------------------------------------------------------------------------
 * 50 convert: x y
 */
bool mote_convert_check(const struct mote_scope *s,
                        const struct mote_operation *op)
{
    return mote_has_counts(op, 1, 1, 0) && is_any(s, op->reads[0]) &&
           is_like(s, op->writes[0], op->reads[0],
                   mote_scope_value(s, op->writes[0])->dtype);
}

enum mote_status mote_convert_run(const struct mote_run *run,
                                  const struct mote_operation *op,
                                  struct mote_where *where)
{
    (void)where;
    mote_convert(mote_operand(run, op, 0),
                 (enum mote_number)mote_operand_value(run, op, 0)->dtype,
                 mote_operand(run, op, 1),
                 (enum mote_number)mote_operand_value(run, op, 1)->dtype,
                 count_of(run, op, 0));
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 51 expand: x y
 */
bool mote_expand_check(const struct mote_scope *s,
                       const struct mote_operation *op)
{
    if (!mote_has_counts(op, 1, 1, 0) || !is_any(s, op->reads[0]))
        return false;
    const struct mote_file_value *x = mote_scope_value(s, op->reads[0]);
    const struct mote_file_value *y = mote_scope_value(s, op->writes[0]);
    if (x->rank != y->rank || x->dtype != y->dtype)
        return false;
    for (uint32_t i = 0; i < x->rank; i++)
        if (x->dims[i] != y->dims[i] && x->dims[i] != 1)
            return false;
    return true;
}

/* An operand in this run: how long each axis is, behind as many of one element
 * as the rank is short of 4. */
struct shape {
    size_t dims[MOTE_RANK_MAX];
};

static struct shape shape_of(const struct mote_run *run,
                             const struct mote_operation *op, uint32_t number)
{
    const uint32_t rank = mote_operand_value(run, op, number)->rank;
    struct shape shape = {{1, 1, 1, 1}};

    for (uint32_t i = 0; i < rank; i++)
        shape.dims[MOTE_RANK_MAX - rank + i] =
            mote_operand_dim(run, op, number, i);
    return shape;
}

/* y [times][bytes] from one x [bytes]. */
static void repeat(uint8_t *y, const uint8_t *x, size_t bytes, size_t times)
{
    for (size_t i = 0; i < times; i++)
        memcpy(y + i * bytes, x, bytes);
}

/* Axes from `axis` on, x and y being `bytes` and more of an element. Returns
 * bytes of y that were written. */
static size_t expand(uint8_t *y, const uint8_t *x, const struct shape *from,
                     const struct shape *to, uint32_t axis, size_t bytes)
{
    if (axis == MOTE_RANK_MAX) {
        memcpy(y, x, bytes);
        return bytes;
    }
    size_t step = bytes, one = 0;
    for (uint32_t i = axis + 1; i < MOTE_RANK_MAX; i++)
        step *= from->dims[i];
    for (size_t i = 0; i < from->dims[axis]; i++)
        one += expand(y + one, x + i * step, from, to, axis + 1, bytes);
    if (from->dims[axis] == to->dims[axis])
        return one;
    repeat(y + one, y, one, to->dims[axis] - 1);
    return one * to->dims[axis];
}

enum mote_status mote_expand_run(const struct mote_run *run,
                                 const struct mote_operation *op,
                                 struct mote_where *where)
{
    const struct shape from = shape_of(run, op, 0), to = shape_of(run, op, 1);
    size_t bytes = mote_dtype_bytes(mote_operand_value(run, op, 0)->dtype);
    struct shape x = from, y = to;

    (void)where;
    /* what is equal from the last axis on is one piece */
    for (uint32_t i = MOTE_RANK_MAX; i-- > 0 && from.dims[i] == to.dims[i];) {
        bytes *= from.dims[i];
        x.dims[i] = y.dims[i] = 1;
    }
    expand(mote_operand(run, op, 1), mote_operand(run, op, 0), &x, &y, 0,
           bytes);
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 52 compare: a b y kind
 */
bool mote_compare_check(const struct mote_scope *s,
                        const struct mote_operation *op)
{
    if (!mote_has_counts(op, 2, 1, 1) || !is_any(s, op->reads[0]))
        return false;
    const uint8_t type = mote_scope_value(s, op->reads[0])->dtype;
    return (type == MOTE_F32 || type == MOTE_F64 || type == MOTE_S32 ||
            type == MOTE_BOOL) &&
           is_like_or_one(s, op->reads[1], op->reads[0], type) &&
           is_like(s, op->writes[0], op->reads[0], MOTE_BOOL) &&
           op->attributes[0] < MOTE_COMPARES;
}

enum mote_status mote_compare_run(const struct mote_run *run,
                                  const struct mote_operation *op,
                                  struct mote_where *where)
{
    (void)where;
    mote_compare(mote_operand(run, op, 0), mote_operand(run, op, 1),
                 mote_operand(run, op, 2),
                 (enum mote_number)mote_operand_value(run, op, 0)->dtype,
                 count_of(run, op, 0), spreads(run, op, 1),
                 (enum mote_compare)op->attributes[0]);
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 53 logic: a b y kind
 */
bool mote_logic_check(const struct mote_scope *s,
                      const struct mote_operation *op)
{
    return mote_has_counts(op, 2, 1, 1) &&
           mote_is_rows(s, op->reads[0], MOTE_BOOL) &&
           is_like_or_one(s, op->reads[1], op->reads[0], MOTE_BOOL) &&
           is_like(s, op->writes[0], op->reads[0], MOTE_BOOL) &&
           op->attributes[0] < MOTE_LOGICS;
}

enum mote_status mote_logic_run(const struct mote_run *run,
                                const struct mote_operation *op,
                                struct mote_where *where)
{
    (void)where;
    mote_logic(mote_operand(run, op, 0), mote_operand(run, op, 1),
               mote_operand(run, op, 2), count_of(run, op, 0),
               spreads(run, op, 1), (enum mote_logic)op->attributes[0]);
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 54 select: which a b y
 */
bool mote_select_check(const struct mote_scope *s,
                       const struct mote_operation *op)
{
    if (!mote_has_counts(op, 3, 1, 0) ||
        !mote_is_rows(s, op->reads[0], MOTE_BOOL))
        return false;
    const uint8_t type = mote_scope_value(s, op->writes[0])->dtype;
    return is_like_or_one(s, op->reads[1], op->reads[0], type) &&
           is_like_or_one(s, op->reads[2], op->reads[0], type) &&
           is_like(s, op->writes[0], op->reads[0], type);
}

enum mote_status mote_select_run(const struct mote_run *run,
                                 const struct mote_operation *op,
                                 struct mote_where *where)
{
    (void)where;
    mote_select(mote_operand(run, op, 0), mote_operand(run, op, 1),
                spreads(run, op, 1), mote_operand(run, op, 2),
                spreads(run, op, 2), mote_operand(run, op, 3),
                mote_dtype_bytes(mote_operand_value(run, op, 3)->dtype),
                count_of(run, op, 0));
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 55 matmul: a b y
 */
bool mote_matmul_check(const struct mote_scope *s,
                       const struct mote_operation *op)
{
    if (!mote_has_counts(op, 2, 1, 0) ||
        !mote_is_rows(s, op->reads[0], MOTE_F32) ||
        !mote_is_rows(s, op->reads[1], MOTE_F32) ||
        !mote_is_rows(s, op->writes[0], MOTE_F32))
        return false;
    const struct mote_file_value *a = mote_scope_value(s, op->reads[0]);
    const struct mote_file_value *b = mote_scope_value(s, op->reads[1]);
    const uint32_t rank = a->rank;
    uint32_t dims[MOTE_RANK_MAX];
    if (rank < 2 || b->rank != rank || a->dims[rank - 1] != b->dims[rank - 2] ||
        memcmp(a->dims, b->dims, (rank - 2) * sizeof *dims) != 0)
        return false;
    memcpy(dims, a->dims, sizeof dims);
    dims[rank - 1] = b->dims[rank - 1];
    return mote_has_dims(s, op->writes[0], rank, dims);
}

enum mote_status mote_matmul_run(const struct mote_run *run,
                                 const struct mote_operation *op,
                                 struct mote_where *where)
{
    const struct shape a = shape_of(run, op, 0), y = shape_of(run, op, 2);
    const size_t m = a.dims[2], k = a.dims[3], n = y.dims[3];
    const size_t times = y.dims[0] * y.dims[1];
    const float *left = mote_operand(run, op, 0);
    const float *right = mote_operand(run, op, 1);
    float *to = mote_operand(run, op, 2);

    (void)where;
    for (size_t i = 0; i < times; i++) {
        /* a convolution of m positions with one tap */
        const struct mote_taps t = {
            .x = left + i * m * k,
            .w = right + i * k * n,
            .y = to + i * m * n,
            .rows = m,
            .x_step = k,
            .y_step = n,
            .high = 1,
            .wide = 1,
            .n = k,
            .m = n,
            .w_row = n,
        };
        run->model->kernels.conv_f32(&t);
    }
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 56 take: x index y axis
 */
bool mote_take_check(const struct mote_scope *s,
                     const struct mote_operation *op)
{
    if (!mote_has_counts(op, 2, 1, 1) || !is_any(s, op->reads[0]) ||
        !mote_is_table(s, op->reads[1], MOTE_S32, 1))
        return false;
    const struct mote_file_value *x = mote_scope_value(s, op->reads[0]);
    const uint32_t axis = op->attributes[0];
    uint32_t dims[MOTE_RANK_MAX];
    if (axis >= x->rank || !mote_is_constant(x->dims[axis]))
        return false;
    memcpy(dims, x->dims, sizeof dims);
    dims[axis] = mote_scope_value(s, op->reads[1])->dims[0];
    return mote_is_rows(s, op->writes[0], x->dtype) &&
           mote_has_dims(s, op->writes[0], x->rank, dims);
}

/* Each index is one of the axis. */
bool mote_take_contents(const struct mote_scope *s,
                        const struct mote_operation *op)
{
    const struct mote_file_value *index = mote_scope_value(s, op->reads[1]);
    const struct mote_file_value *x = mote_scope_value(s, op->reads[0]);
    const uint32_t *at =
        (const void *)(s->model->bytes +
                       s->model->tensors[index->tensor].data_offset);

    for (uint32_t i = 0; i < index->dims[0]; i++)
        if (at[i] >= x->dims[op->attributes[0]]) /* negative ones as well */
            return false;
    return true;
}

enum mote_status mote_take_run(const struct mote_run *run,
                               const struct mote_operation *op,
                               struct mote_where *where)
{
    const struct mote_file_value *v = mote_operand_value(run, op, 0);
    const size_t count = mote_operand_dim(run, op, 1, 0);
    const int32_t *index = mote_operand(run, op, 1);
    const uint8_t *x = mote_operand(run, op, 0);
    uint8_t *y = mote_operand(run, op, 2);
    size_t outer = 1, bytes = mote_dtype_bytes(v->dtype);
    const size_t length = mote_operand_dim(run, op, 0, op->attributes[0]);

    (void)where;
    for (uint32_t i = 0; i < v->rank; i++)
        if (i < op->attributes[0])
            outer *= mote_operand_dim(run, op, 0, i);
        else if (i > op->attributes[0])
            bytes *= mote_operand_dim(run, op, 0, i);
    for (size_t o = 0; o < outer; o++, x += length * bytes)
        for (size_t i = 0; i < count; i++, y += bytes)
            memcpy(y, x + (size_t)index[i] * bytes, bytes);
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 57 unary: x y kind
 */
bool mote_unary_check(const struct mote_scope *s,
                      const struct mote_operation *op)
{
    return mote_has_counts(op, 1, 1, 1) &&
           mote_is_rows(s, op->reads[0], MOTE_F32) &&
           is_like(s, op->writes[0], op->reads[0], MOTE_F32) &&
           op->attributes[0] < MOTE_UNARIES;
}

enum mote_status mote_unary_run(const struct mote_run *run,
                                const struct mote_operation *op,
                                struct mote_where *where)
{
    (void)where;
    mote_unary_f32(mote_operand(run, op, 0), mote_operand(run, op, 1),
                   count_of(run, op, 0), (enum mote_unary)op->attributes[0]);
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 58 power: a b y
 */
bool mote_power_check(const struct mote_scope *s,
                      const struct mote_operation *op)
{
    return mote_has_counts(op, 2, 1, 0) &&
           mote_is_rows(s, op->reads[0], MOTE_F32) &&
           is_like_or_one(s, op->reads[1], op->reads[0], MOTE_F32) &&
           is_like(s, op->writes[0], op->reads[0], MOTE_F32);
}

enum mote_status mote_power_run(const struct mote_run *run,
                                const struct mote_operation *op,
                                struct mote_where *where)
{
    (void)where;
    mote_power_f32(mote_operand(run, op, 0), mote_operand(run, op, 1),
                   mote_operand(run, op, 2), count_of(run, op, 0),
                   spreads(run, op, 1));
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 59 integer: a b y kind
 */
bool mote_integer_check(const struct mote_scope *s,
                        const struct mote_operation *op)
{
    return mote_has_counts(op, 2, 1, 1) &&
           mote_is_rows(s, op->reads[0], MOTE_S32) &&
           is_like_or_one(s, op->reads[1], op->reads[0], MOTE_S32) &&
           is_like(s, op->writes[0], op->reads[0], MOTE_S32) &&
           op->attributes[0] < MOTE_INTEGERS;
}

enum mote_status mote_integer_run(const struct mote_run *run,
                                  const struct mote_operation *op,
                                  struct mote_where *where)
{
    (void)where;
    mote_integer_s32(mote_operand(run, op, 0), mote_operand(run, op, 1),
                     mote_operand(run, op, 2), count_of(run, op, 0),
                     spreads(run, op, 1), (enum mote_integer)op->attributes[0]);
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 49 remainder: a b y kind
 */
bool mote_remainder_check(const struct mote_scope *s,
                          const struct mote_operation *op)
{
    return mote_has_counts(op, 2, 1, 1) &&
           mote_is_rows(s, op->reads[0], MOTE_F32) &&
           is_like_or_one(s, op->reads[1], op->reads[0], MOTE_F32) &&
           is_like(s, op->writes[0], op->reads[0], MOTE_F32) &&
           op->attributes[0] < 2;
}

enum mote_status mote_remainder_run(const struct mote_run *run,
                                    const struct mote_operation *op,
                                    struct mote_where *where)
{
    (void)where;
    mote_remainder_f32(mote_operand(run, op, 0), mote_operand(run, op, 1),
                       mote_operand(run, op, 2), count_of(run, op, 0),
                       spreads(run, op, 1), op->attributes[0] == 1);
    return MOTE_OK;
}
