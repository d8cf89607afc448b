/*
 * core/model/operators_fixed.c - int8 with scales and zero points that the file
 * states, opcodes 23 and 24 of compress/FORMAT.md, and with zero points that
 * each run finds, 62 and 63. (60 and 61 are in operators_conv.c.)
 */
#include "core/kernel/kernels.h"
#include "core/model/operands.h"
#include "core/model/tiles.h"

/* ------------------------------------------------------------------------
 * 23 quantize_fixed: x q; zero, scale
 */
bool mote_quantize_fixed_check(const struct mote_scope *s,
                               const struct mote_operation *op)
{
    if (!mote_has_counts(op, 1, 1, 2) ||
        !mote_is_rows(s, op->reads[0], MOTE_F32) ||
        !mote_is_rows(s, op->writes[0], MOTE_S8) ||
        !mote_is_zero_point(op->attributes[0]))
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
    where->row = (uint32_t)(done / (count / mote_operand_dim(run, op, 0, 0)));
    where->expected = "numbers that are ones inside the model";
    return MOTE_E_RANGE;
}

/* Whether an operator multiplies its first operand, q s8 [..., n], with w,
 * panels [m][n], into its first result [..., m] of a dtype; sets *m. */
static bool is_product(const struct mote_scope *s,
                       const struct mote_operation *op, uint8_t made,
                       uint32_t w, uint32_t *m)
{
    if (!mote_is_rows(s, op->reads[0], MOTE_S8) ||
        !mote_is_rows(s, op->writes[0], made))
        return false;
    const struct mote_file_value *q = mote_scope_value(s, op->reads[0]);
    const struct mote_file_value *y = mote_scope_value(s, op->writes[0]);
    const uint32_t rows = q->rank - 1u;

    *m = y->dims[rows & 3];
    return q->rank >= 1 && y->rank == q->rank &&
           memcmp(q->dims, y->dims, rows * sizeof *q->dims) == 0 &&
           mote_is_constant(q->dims[rows]) && mote_is_constant(*m) &&
           mote_is_panels(s, w, *m, q->dims[rows]);
}

/* ------------------------------------------------------------------------
 * 24 dense_fixed: q w c b y; zero, low
 */
bool mote_dense_fixed_check(const struct mote_scope *s,
                            const struct mote_operation *op)
{
    uint32_t m;

    return mote_has_counts(op, 4, 1, 2) &&
           is_product(s, op, MOTE_S8, op->reads[1], &m) &&
           mote_is_vector(s, op->reads[2], m) &&
           mote_is_table(s, op->reads[3], MOTE_S32, 1) &&
           mote_has_dims(s, op->reads[3], 1, &m) &&
           mote_is_zero_point(op->attributes[0]) &&
           mote_is_zero_point(op->attributes[1]);
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

/* ------------------------------------------------------------------------
 * 62 quantize_u8: x q s zero; shared
 */

/* Whether v is f32 [rows of x]. */
static bool is_of_rows(const struct mote_scope *s, uint32_t v,
                       const struct mote_file_value *x)
{
    return mote_is_rows(s, v, MOTE_F32) &&
           mote_has_dims(s, v, x->rank - 1u, x->dims);
}

bool mote_quantize_u8_check(const struct mote_scope *s,
                            const struct mote_operation *op)
{
    if (!mote_has_counts(op, 1, 3, 1) ||
        !mote_is_rows(s, op->reads[0], MOTE_F32) ||
        !mote_is_rows(s, op->writes[0], MOTE_S8))
        return false;
    const struct mote_file_value *x = mote_scope_value(s, op->reads[0]);
    return x->rank >= 1 && op->attributes[0] >= 1 &&
           op->attributes[0] <= x->rank &&
           mote_has_dims(s, op->writes[0], x->rank, x->dims) &&
           is_of_rows(s, op->writes[1], x) && is_of_rows(s, op->writes[2], x);
}

enum mote_status mote_quantize_u8_run(const struct mote_run *run,
                                      const struct mote_operation *op,
                                      struct mote_where *where)
{
    const struct mote_file_value *v = mote_operand_value(run, op, 0);
    const size_t total = mote_run_extent(run, v, 0);
    const size_t n = total / mote_run_extent(run, v, op->attributes[0]);
    const size_t rows = n / mote_run_last(run, v);
    const float *x = mote_operand(run, op, 0);
    int8_t *q = mote_operand(run, op, 1);
    float *s = mote_operand(run, op, 2), *zero = mote_operand(run, op, 3);

    for (size_t at = 0; at < total; at += n, s += rows, zero += rows) {
        if (!mote_quantize_u8(x + at, q + at, n, s, zero)) {
            const size_t item = total / mote_operand_dim(run, op, 0, 0);
            where->row = (uint32_t)(at / item);
            where->expected = "numbers that stay finite inside the model";
            return MOTE_E_RANGE;
        }
        for (size_t r = 1; r < rows; r++) {
            s[r] = s[0];
            zero[r] = zero[0];
        }
    }
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 63 dense_u8: q s zero w c t b y
 */
bool mote_dense_u8_check(const struct mote_scope *s,
                         const struct mote_operation *op)
{
    uint32_t m;

    if (!mote_has_counts(op, 7, 1, 0) ||
        !is_product(s, op, MOTE_F32, op->reads[3], &m))
        return false;
    const struct mote_file_value *q = mote_scope_value(s, op->reads[0]);

    return is_of_rows(s, op->reads[1], q) && is_of_rows(s, op->reads[2], q) &&
           mote_is_vector(s, op->reads[4], m) &&
           mote_is_vector(s, op->reads[5], m) &&
           (op->reads[6] == MOTE_NONE || mote_is_vector(s, op->reads[6], m));
}

/* y -= zero s t for each row; the product adds what its q has too much. */
static void shift_rows(const struct mote_dense_s8 *d, const float *zero,
                       const float *t)
{
    for (size_t r = 0; r < d->rows; r++) {
        const float by = zero[r] * d->s[r];
        float *y = d->y + r * d->y_stride;

        for (size_t i = 0; i < d->m; i++)
            y[i] -= by * t[i];
    }
}

enum mote_status mote_dense_u8_run(const struct mote_run *run,
                                   const struct mote_operation *op,
                                   struct mote_where *where)
{
    const struct mote_file_value *q = mote_operand_value(run, op, 0);
    const size_t n = mote_run_last(run, q);
    const size_t m = mote_run_last(run, mote_operand_value(run, op, 7));
    const struct mote_dense_s8 d = {
        .q = mote_operand(run, op, 0),
        .s = mote_operand(run, op, 1),
        .c = mote_operand(run, op, 4),
        .b = mote_operand(run, op, 6),
        .y = mote_operand(run, op, 7),
        .rows = mote_run_extent(run, q, 1),
        .n = n,
        .m = m,
        .q_stride = n,
        .y_stride = m,
    };
    const enum mote_status s =
        mote_tiles_dense(run, op->reads[3], &d, MOTE_ACTIVATION_NONE, where);

    if (s == MOTE_OK)
        shift_rows(&d, mote_operand(run, op, 2), mote_operand(run, op, 5));
    return s;
}
