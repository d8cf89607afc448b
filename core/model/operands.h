/*
 * core/model/operands.h - small questions about the operands of an operator,
 * for its check and its run.
 *
 * A check may ask about any index: those of a record exist or are none. `i` is
 * a value's index in the plan; `number` counts operands, reads first.
 */
#ifndef MOTE_MODEL_OPERANDS_H
#define MOTE_MODEL_OPERANDS_H

#include "core/base/maths.h"
#include "core/model/operator.h"

/* ------------------------------------------------------------------------
 * Checks
 */
static inline bool mote_has_counts(const struct mote_operation *op,
                                   uint32_t reads, uint32_t writes,
                                   uint32_t attributes)
{
    return op->file->reads == reads && op->file->writes == writes &&
           op->attribute_count == attributes;
}

/* Whether value i is there, of that type, its elements in C order. */
static inline bool mote_is_rows(const struct mote_scope *s, uint32_t i,
                                uint8_t dtype)
{
    if (i == MOTE_NONE)
        return false;
    const struct mote_file_value *v = mote_scope_value(s, i);
    return v->dtype == dtype &&
           (v->kind == MOTE_VALUE_ARENA ||
            s->model->tensors[v->tensor].layout == MOTE_LAYOUT_ROWS);
}

static inline bool mote_has_dims(const struct mote_scope *s, uint32_t i,
                                 uint32_t rank, const uint32_t *dims)
{
    const struct mote_file_value *v = mote_scope_value(s, i);
    return v->rank == rank && memcmp(v->dims, dims, rank * sizeof *dims) == 0;
}

/* Of a value of rank 1 or more. */
static inline uint32_t mote_last_dim(const struct mote_scope *s, uint32_t i)
{
    const struct mote_file_value *v = mote_scope_value(s, i);
    return v->dims[v->rank - 1];
}

/* Whether an attribute has the bits of an f32 that is finite and above 0. */
static inline bool mote_is_scale(uint32_t bits)
{
    const float scale = mote_f32_of_bits(bits);
    return mote_is_finite(scale) && scale > 0;
}

/* Whether an attribute is one of int8. */
static inline bool mote_is_zero_point(uint32_t attribute)
{
    const int32_t zero = (int32_t)attribute;
    return zero >= -128 && zero <= 127;
}

static inline bool mote_is_constant(uint32_t dim)
{
    return !(dim & MOTE_DIM_SYMBOL);
}

/* A tensor in rows, of that type and rank. */
static inline bool mote_is_table(const struct mote_scope *s, uint32_t i,
                                 uint8_t dtype, uint32_t rank)
{
    return mote_is_rows(s, i, dtype) &&
           mote_scope_value(s, i)->kind == MOTE_VALUE_TENSOR &&
           mote_scope_value(s, i)->rank == rank;
}

/* An f32 tensor [n]. */
static inline bool mote_is_vector(const struct mote_scope *s, uint32_t i,
                                  uint32_t n)
{
    return mote_is_table(s, i, MOTE_F32, 1) && mote_has_dims(s, i, 1, &n);
}

/* An s8 tensor [m][n] in P8K8, n small enough that sums of dense_s8 are exact:
 * core/kernel/dense.h. */
static inline bool mote_is_panels(const struct mote_scope *s, uint32_t i,
                                  uint32_t m, uint32_t n)
{
    const uint32_t dims[] = {m, n};

    if (i == MOTE_NONE || n > 65536)
        return false;
    const struct mote_file_value *v = mote_scope_value(s, i);
    return v->dtype == MOTE_S8 && v->kind == MOTE_VALUE_TENSOR &&
           s->model->tensors[v->tensor].layout == MOTE_LAYOUT_P8K8 &&
           mote_has_dims(s, i, 2, dims);
}

/* A place [count] for what an operator needs while it runs, count at least
 * `least`. */
static inline bool mote_is_scratch(const struct mote_scope *s, uint32_t i,
                                   uint8_t dtype, uint64_t least)
{
    const struct mote_file_value *v = mote_scope_value(s, i);
    return v->dtype == dtype && v->rank == 1 && mote_is_constant(v->dims[0]) &&
           v->dims[0] >= least;
}

/* ------------------------------------------------------------------------
 * Contents
 */

/* The elements of a tensor. */
static inline const void *mote_tensor_data(const struct mote_scope *s,
                                           const struct mote_file_value *v)
{
    return s->model->bytes + s->model->tensors[v->tensor].data_offset;
}

static inline bool mote_all_below(const uint32_t *words, uint64_t n,
                                  uint32_t end)
{
    for (uint64_t i = 0; i < n; i++)
        if (words[i] >= end)
            return false;
    return true;
}

/* ------------------------------------------------------------------------
 * Runs
 */
static inline const struct mote_file_value *
mote_operand_value(const struct mote_run *run, const struct mote_operation *op,
                   uint32_t number)
{
    return run->plan->values + op->reads[number];
}

/* Where an operand lies; NULL for none. */
static inline void *mote_operand(const struct mote_run *run,
                                 const struct mote_operation *op,
                                 uint32_t number)
{
    return op->reads[number] == MOTE_NONE
               ? NULL
               : mote_run_value(run, op->reads[number]);
}

/* Dimension `axis` of an operand in this run. */
static inline size_t mote_operand_dim(const struct mote_run *run,
                                      const struct mote_operation *op,
                                      uint32_t number, uint32_t axis)
{
    const uint32_t dim = mote_operand_value(run, op, number)->dims[axis];
    return dim & MOTE_DIM_SYMBOL ? run->extents[dim & ~MOTE_DIM_SYMBOL] : dim;
}

#endif
