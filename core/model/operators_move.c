/*
 * core/model/operators_move.c - what moves elements and computes nothing:
 * opcodes 29 to 33 of compress/FORMAT.md.
 */
#include "core/base/maths.h"
#include "core/model/operands.h"

#define READS_MAX 64

/* Any type, in rows. */
static bool is_any(const struct mote_scope *s, uint32_t i)
{
    return i != MOTE_NONE && mote_is_rows(s, i, mote_scope_value(s, i)->dtype);
}

/* Whether a and b have one type and, but for a constant axis, one shape. */
static bool alike_but(const struct mote_scope *s, uint32_t a, uint32_t b,
                      uint32_t axis)
{
    const struct mote_file_value *x = mote_scope_value(s, a);
    const struct mote_file_value *y = mote_scope_value(s, b);

    if (x->dtype != y->dtype || x->rank != y->rank || axis >= x->rank ||
        !mote_is_constant(x->dims[axis]) || !mote_is_constant(y->dims[axis]))
        return false;
    for (uint32_t i = 0; i < x->rank; i++)
        if (i != axis && x->dims[i] != y->dims[i])
            return false;
    return true;
}

/* An operand as [outer][axis][inner] of bytes. */
struct block {
    uint8_t *at;
    size_t outer, axis, inner;
};

static struct block block_of(const struct mote_run *run,
                             const struct mote_operation *op, uint32_t number,
                             uint32_t axis)
{
    const struct mote_file_value *v = mote_operand_value(run, op, number);
    struct block b = {mote_operand(run, op, number), 1,
                      mote_operand_dim(run, op, number, axis),
                      mote_dtype_bytes(v->dtype)};

    for (uint32_t i = 0; i < v->rank; i++)
        if (i < axis)
            b.outer *= mote_operand_dim(run, op, number, i);
        else if (i > axis)
            b.inner *= mote_operand_dim(run, op, number, i);
    return b;
}

/* ------------------------------------------------------------------------
 * 29 concat: x... y axis
 */
bool mote_concat_check(const struct mote_scope *s,
                       const struct mote_operation *op)
{
    const uint32_t reads = op->file->reads;
    uint64_t sum = 0;

    if (!mote_has_counts(op, reads, 1, 1) || reads == 0 || reads > READS_MAX ||
        !is_any(s, op->writes[0]))
        return false;
    const uint32_t axis = op->attributes[0];
    for (uint32_t i = 0; i < reads; i++) {
        if (!is_any(s, op->reads[i]) ||
            !alike_but(s, op->reads[i], op->writes[0], axis))
            return false;
        sum += mote_scope_value(s, op->reads[i])->dims[axis];
    }
    return sum == mote_scope_value(s, op->writes[0])->dims[axis];
}

enum mote_status mote_concat_run(const struct mote_run *run,
                                 const struct mote_operation *op,
                                 struct mote_where *where)
{
    const uint32_t reads = op->file->reads, axis = op->attributes[0];
    const struct block y = block_of(run, op, reads, axis);
    size_t done = 0;

    (void)where;
    for (uint32_t i = 0; i < reads; i++) {
        const struct block x = block_of(run, op, i, axis);
        const size_t size = x.axis * x.inner;
        for (size_t o = 0; o < x.outer; o++)
            memcpy(y.at + o * y.axis * y.inner + done, x.at + o * size, size);
        done += size;
    }
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 30 slice: x y axis first
 */
bool mote_slice_check(const struct mote_scope *s,
                      const struct mote_operation *op)
{
    if (!mote_has_counts(op, 1, 1, 2) || !is_any(s, op->reads[0]))
        return false;
    const uint32_t axis = op->attributes[0];
    return alike_but(s, op->reads[0], op->writes[0], axis) &&
           (uint64_t)op->attributes[1] +
                   mote_scope_value(s, op->writes[0])->dims[axis] <=
               mote_scope_value(s, op->reads[0])->dims[axis];
}

enum mote_status mote_slice_run(const struct mote_run *run,
                                const struct mote_operation *op,
                                struct mote_where *where)
{
    const struct block x = block_of(run, op, 0, op->attributes[0]);
    const struct block y = block_of(run, op, 1, op->attributes[0]);
    const size_t first = op->attributes[1] * x.inner, size = y.axis * y.inner;

    (void)where;
    for (size_t o = 0; o < y.outer; o++)
        memcpy(y.at + o * size, x.at + o * x.axis * x.inner + first, size);
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 31 transpose: x y axes...
 */
bool mote_transpose_check(const struct mote_scope *s,
                          const struct mote_operation *op)
{
    uint32_t seen = 0;

    if (op->file->reads != 1 || op->file->writes != 1 ||
        !is_any(s, op->reads[0]))
        return false;
    const struct mote_file_value *x = mote_scope_value(s, op->reads[0]);
    const struct mote_file_value *y = mote_scope_value(s, op->writes[0]);
    if (x->rank == 0 || op->attribute_count != x->rank || y->rank != x->rank ||
        y->dtype != x->dtype)
        return false;
    for (uint32_t i = 0; i < x->rank; i++) {
        const uint32_t axis = op->attributes[i];
        if (axis >= x->rank || y->dims[i] != x->dims[axis])
            return false;
        seen |= 1u << axis;
    }
    return seen == (1u << x->rank) - 1;
}

/* Elements one by one, `step` bytes apart in x. */
static void copy_apart(uint8_t *y, const uint8_t *x, size_t count, size_t step,
                       size_t bytes)
{
    switch (bytes) {
    case 1:
        for (size_t i = 0; i < count; i++)
            y[i] = x[i * step];
        break;
    case 4:
        for (size_t i = 0; i < count; i++)
            memcpy(y + 4 * i, x + i * step, 4);
        break;
    default:
        for (size_t i = 0; i < count; i++)
            memcpy(y + bytes * i, x + i * step, bytes);
    }
}

/* Axes of y from `axis` on; x moves by steps[i] bytes along axis i of y.
 * Returns where y goes on. */
static uint8_t *copy_axis(uint8_t *y, const uint8_t *x, const size_t *counts,
                          const size_t *steps, uint32_t axis, size_t bytes)
{
    if (axis == MOTE_RANK_MAX - 1) {
        if (steps[axis] == bytes)
            memcpy(y, x, counts[axis] * bytes);
        else
            copy_apart(y, x, counts[axis], steps[axis], bytes);
        return y + counts[axis] * bytes;
    }
    for (size_t i = 0; i < counts[axis]; i++)
        y = copy_axis(y, x + i * steps[axis], counts, steps, axis + 1, bytes);
    return y;
}

enum mote_status mote_transpose_run(const struct mote_run *run,
                                    const struct mote_operation *op,
                                    struct mote_where *where)
{
    const uint32_t rank = mote_operand_value(run, op, 0)->rank;
    const size_t bytes =
        mote_dtype_bytes(mote_operand_value(run, op, 0)->dtype);
    /* axes of y, behind as many of one element as its rank is short of 4 */
    size_t counts[MOTE_RANK_MAX] = {1, 1, 1, 1}, steps[MOTE_RANK_MAX] = {0};

    (void)where;
    for (uint32_t i = 0; i < rank; i++) {
        const uint32_t at = MOTE_RANK_MAX - rank + i;
        counts[at] = mote_operand_dim(run, op, 1, i);
        steps[at] = bytes;
        for (uint32_t j = op->attributes[i] + 1; j < rank; j++)
            steps[at] *= mote_operand_dim(run, op, 0, j);
    }
    copy_axis(mote_operand(run, op, 1), mote_operand(run, op, 0), counts, steps,
              0, bytes);
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 32 pad: x y axis before value
 */
bool mote_pad_check(const struct mote_scope *s, const struct mote_operation *op)
{
    if (!mote_has_counts(op, 1, 1, 3) ||
        !mote_is_rows(s, op->reads[0], MOTE_F32))
        return false;
    const uint32_t axis = op->attributes[0];
    return alike_but(s, op->reads[0], op->writes[0], axis) &&
           (uint64_t)op->attributes[1] +
                   mote_scope_value(s, op->reads[0])->dims[axis] <=
               mote_scope_value(s, op->writes[0])->dims[axis];
}

static void fill(uint8_t *at, size_t bytes, uint32_t value)
{
    for (size_t i = 0; i < bytes; i += sizeof value)
        memcpy(at + i, &value, sizeof value);
}

enum mote_status mote_pad_run(const struct mote_run *run,
                              const struct mote_operation *op,
                              struct mote_where *where)
{
    const struct block x = block_of(run, op, 0, op->attributes[0]);
    const struct block y = block_of(run, op, 1, op->attributes[0]);
    const size_t before = op->attributes[1] * y.inner;
    const size_t size = x.axis * x.inner, all = y.axis * y.inner;
    const uint32_t value = op->attributes[2];

    (void)where;
    for (size_t o = 0; o < y.outer; o++) {
        uint8_t *to = y.at + o * all;
        fill(to, before, value);
        memcpy(to + before, x.at + o * size, size);
        fill(to + before + size, all - before - size, value);
    }
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 33 reshape: x y
 */

/* The constants of a shape multiplied, each symbol counted. Constants of a
 * value that has a place multiply to less than 2^63. */
struct extent {
    uint64_t constant;
    uint8_t symbols[MOTE_SYMBOLS_MAX];
};

static struct extent extent_of(const struct mote_file_value *v)
{
    struct extent e = {.constant = 1};

    for (uint32_t i = 0; i < v->rank; i++)
        if (mote_is_constant(v->dims[i]))
            e.constant *= v->dims[i];
        else
            e.symbols[v->dims[i] & ~MOTE_DIM_SYMBOL]++;
    return e;
}

bool mote_reshape_check(const struct mote_scope *s,
                        const struct mote_operation *op)
{
    if (!mote_has_counts(op, 1, 1, 0) || !is_any(s, op->reads[0]))
        return false;
    const struct mote_file_value *x = mote_scope_value(s, op->reads[0]);
    const struct mote_file_value *y = mote_scope_value(s, op->writes[0]);
    const struct extent a = extent_of(x), b = extent_of(y);
    return x->dtype == y->dtype && a.constant == b.constant &&
           memcmp(a.symbols, b.symbols, sizeof a.symbols) == 0;
}

enum mote_status mote_reshape_run(const struct mote_run *run,
                                  const struct mote_operation *op,
                                  struct mote_where *where)
{
    const struct mote_file_value *v = mote_operand_value(run, op, 0);
    void *y = mote_operand(run, op, 1);
    const void *x = mote_operand(run, op, 0);

    (void)where;
    if (y != x)
        memcpy(y, x, mote_run_extent(run, v, 0) * mote_dtype_bytes(v->dtype));
    return MOTE_OK;
}
