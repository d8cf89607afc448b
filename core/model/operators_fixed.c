/*
 * core/model/operators_fixed.c - int8 with scales and zero points that the file
 * states, not each run: opcodes 23 and 24 of compress/FORMAT.md.
 */
#include "core/kernel/kernels.h"
#include "core/model/operands.h"
#include "core/model/tiles.h"

static bool is_zero_point(uint32_t attribute)
{
    const int32_t zero = (int32_t)attribute;
    return zero >= -128 && zero <= 127;
}

/* ------------------------------------------------------------------------
 * 23 quantize_fixed: x q; zero, scale
 */
bool mote_quantize_fixed_check(const struct mote_scope *s,
                               const struct mote_operation *op)
{
    if (!mote_has_counts(op, 1, 1, 2) ||
        !mote_is_rows(s, op->reads[0], MOTE_F32) ||
        !mote_is_rows(s, op->writes[0], MOTE_S8) ||
        !is_zero_point(op->attributes[0]))
        return false;
    const struct mote_file_value *x = mote_scope_value(s, op->reads[0]);
    return x->rank >= 1 && mote_is_scale(op->attributes[1]) &&
           mote_has_dims(s, op->writes[0], x->rank, x->dims);
}

enum mote_status mote_quantize_fixed_run(const struct mote_run *run,
                                         const struct mote_operation *op,
                                         struct mote_where *where)
{
    const struct mote_file_value *v = mote_operand_value(run, op, 0);
    const size_t count = mote_run_extent(run, v, 0);
    const size_t done = mote_quantize_fixed(
        mote_operand(run, op, 0), mote_operand(run, op, 1), count,
        mote_f32_of_bits(op->attributes[1]), (int32_t)op->attributes[0]);

    if (done == count)
        return MOTE_OK;
    where->row = (uint32_t)(done / mote_run_last(run, v));
    where->expected = "numbers that are ones inside the model";
    return MOTE_E_RANGE;
}

/* ------------------------------------------------------------------------
 * 24 dense_fixed: q w c b y; zero, low
 */
bool mote_dense_fixed_check(const struct mote_scope *s,
                            const struct mote_operation *op)
{
    if (!mote_has_counts(op, 4, 1, 2) ||
        !mote_is_rows(s, op->reads[0], MOTE_S8) ||
        !mote_is_rows(s, op->writes[0], MOTE_S8))
        return false;
    const struct mote_file_value *q = mote_scope_value(s, op->reads[0]);
    const struct mote_file_value *y = mote_scope_value(s, op->writes[0]);
    const uint32_t rows = q->rank - 1u, m = y->dims[rows & 3];

    return q->rank >= 1 && y->rank == q->rank &&
           memcmp(q->dims, y->dims, rows * sizeof *q->dims) == 0 &&
           mote_is_constant(q->dims[rows]) && mote_is_constant(m) &&
           mote_is_panels(s, op->reads[1], m, q->dims[rows]) &&
           mote_is_vector(s, op->reads[2], m) &&
           mote_is_table(s, op->reads[3], MOTE_S32, 1) &&
           mote_has_dims(s, op->reads[3], 1, &m) &&
           is_zero_point(op->attributes[0]) && is_zero_point(op->attributes[1]);
}

enum mote_status mote_dense_fixed_run(const struct mote_run *run,
                                      const struct mote_operation *op,
                                      struct mote_where *where)
{
    const struct mote_file_value *q = mote_operand_value(run, op, 0);
    const struct mote_file_value *y = mote_operand_value(run, op, 4);
    const uint32_t last = q->rank - 1u;
    const struct mote_requantize to_s8 = {
        .b = mote_operand(run, op, 3),
        .c = mote_operand(run, op, 2),
        .y = mote_operand(run, op, 4),
        .zero = (int32_t)op->attributes[0],
        .low = (int32_t)op->attributes[1],
    };
    const struct mote_dense_s8 d = {
        .q = mote_operand(run, op, 0),
        .rows = mote_run_extent(run, q, 0) / q->dims[last],
        .n = q->dims[last],
        .m = y->dims[last],
        .q_stride = q->dims[last],
        .y_stride = y->dims[last],
        .to_s8 = &to_s8,
    };

    return mote_tiles_dense(run, op->reads[1], &d, MOTE_ACTIVATION_NONE, where);
}
