/* core/model/plan.c - see core/model/plan.h and core/model/operator.h */
#include "core/model/plan.h"
#include "core/base/assert.h"
#include "core/base/denormals.h"
#include "core/model/coded.h"
#include "core/model/operator.h"

/* ------------------------------------------------------------------------
 * Values
 */

/* What a dimension is in this run. */
static size_t extent_of(const struct mote_run *run, uint32_t dim)
{
    return dim & MOTE_DIM_SYMBOL ? run->extents[dim & ~MOTE_DIM_SYMBOL] : dim;
}

size_t mote_run_extent(const struct mote_run *run,
                       const struct mote_file_value *v, uint32_t without)
{
    size_t product = 1;
    for (uint32_t i = 0; i + without < v->rank; i++)
        product *= extent_of(run, v->dims[i]);
    return product;
}

size_t mote_run_last(const struct mote_run *run,
                     const struct mote_file_value *v)
{
    return v->rank ? extent_of(run, v->dims[v->rank - 1]) : 1;
}

void *mote_run_value(const struct mote_run *run, uint32_t i)
{
    const struct mote_file_value *v = run->plan->values + i;

    if (v->kind == MOTE_VALUE_ARENA)
        return run->arena + v->offset;
    /* const is the caller's business: no operator writes to a tensor */
    return (void *)(run->model->bytes +
                    run->model->tensors[v->tensor].data_offset);
}

void *mote_run_output(const struct mote_run *run, uint32_t i)
{
    return mote_run_value(run, run->plan->outputs[i]);
}

/* Bytes of a value when every symbol is at its maximum; false on overflow. */
static bool value_bytes(const struct mote_model *m,
                        const struct mote_file_value *v, uint64_t *bytes)
{
    *bytes = mote_dtype_bytes(v->dtype);
    for (uint32_t i = 0; i < v->rank; i++) {
        const uint64_t dim =
            v->dims[i] & MOTE_DIM_SYMBOL
                ? m->symbols[v->dims[i] & ~MOTE_DIM_SYMBOL].maximum
                : v->dims[i];
        if (__builtin_mul_overflow(*bytes, dim, bytes))
            return false;
    }
    return true;
}

static bool is_dim(const struct mote_model *m, uint32_t dim)
{
    if (dim & MOTE_DIM_SYMBOL)
        return (dim & ~MOTE_DIM_SYMBOL) < m->symbol_count;
    return dim > 0;
}

static bool check_value(const struct mote_model *m,
                        const struct mote_plan *plan,
                        const struct mote_file_value *v)
{
    uint64_t bytes;

    if (v->kind > MOTE_VALUE_TENSOR || !mote_dtype_bytes(v->dtype) ||
        v->rank > MOTE_RANK_MAX || v->zero)
        return false;
    for (uint32_t i = 0; i < MOTE_RANK_MAX; i++)
        if (i < v->rank ? !is_dim(m, v->dims[i]) : v->dims[i] != 0)
            return false;
    if (v->kind == MOTE_VALUE_TENSOR) {
        const struct mote_file_tensor *t = m->tensors + v->tensor;
        return v->tensor < m->tensor_count && v->offset == 0 &&
               t->dtype == v->dtype && t->rank == v->rank &&
               memcmp(t->dims, v->dims, sizeof t->dims) == 0;
    }
    return v->tensor == 0 && v->offset % MOTE_FILE_ALIGN == 0 &&
           v->offset <= plan->file->arena && value_bytes(m, v, &bytes) &&
           bytes <= plan->file->arena - v->offset;
}

bool mote_scope_overlap(const struct mote_scope *s, uint32_t a, uint32_t b)
{
    const struct mote_file_value *x = mote_scope_value(s, a);
    const struct mote_file_value *y = mote_scope_value(s, b);
    uint64_t x_bytes, y_bytes;

    if (x->kind != MOTE_VALUE_ARENA || y->kind != MOTE_VALUE_ARENA)
        return false;
    value_bytes(s->model, x, &x_bytes);
    value_bytes(s->model, y, &y_bytes);
    return x->offset < y->offset + y_bytes && y->offset < x->offset + x_bytes;
}

/* ------------------------------------------------------------------------
 * Operators
 */
struct mote_operation mote_operation_at(const struct mote_plan *plan,
                                        uint32_t at)
{
    const struct mote_file_operator *f = (const void *)(plan->operators + at);
    const uint32_t *words = (const uint32_t *)(f + 1);
    const uint32_t values = (uint32_t)f->reads + f->writes;

    return (struct mote_operation){
        .file = f,
        .reads = words,
        .writes = words + f->reads,
        .attributes = words + values,
        .attribute_count = (f->bytes - sizeof *f) / 4 - values,
    };
}

/* Whether a whole record lies at `at`, so that it may be taken apart. */
static bool is_whole(const struct mote_plan *plan, uint32_t at)
{
    const uint32_t left = plan->file->operators_bytes - at;
    const struct mote_file_operator *f = (const void *)(plan->operators + at);

    return left >= sizeof *f && f->bytes >= sizeof *f && f->bytes <= left &&
           f->bytes % 4 == 0 &&
           ((uint32_t)f->reads + f->writes) * 4 <= f->bytes - sizeof *f;
}

static bool may_share(const struct mote_scope *s,
                      const struct mote_operation *op, uint32_t read,
                      uint32_t write)
{
    const struct mote_file_value *x = mote_scope_value(s, op->reads[read]);
    const struct mote_file_value *y = mote_scope_value(s, op->writes[write]);
    uint64_t x_bytes, y_bytes;

    value_bytes(s->model, x, &x_bytes);
    value_bytes(s->model, y, &y_bytes);
    return mote_operator_in_place(op->file) && read == 0 && write == 0 &&
           x->offset == y->offset && x_bytes == y_bytes;
}

/* Reads exist, writes are distinct places in the arena, none over a read. */
static bool check_places(const struct mote_scope *s,
                         const struct mote_operation *op)
{
    const uint32_t values = s->plan->file->values;

    for (uint32_t r = 0; r < op->file->reads; r++)
        if (op->reads[r] >= values && op->reads[r] != MOTE_NONE)
            return false;
    for (uint32_t w = 0; w < op->file->writes; w++) {
        if (op->writes[w] >= values ||
            mote_scope_value(s, op->writes[w])->kind != MOTE_VALUE_ARENA)
            return false;
        for (uint32_t i = 0; i < w; i++)
            if (mote_scope_overlap(s, op->writes[i], op->writes[w]))
                return false;
        for (uint32_t r = 0; r < op->file->reads; r++)
            if (op->reads[r] != MOTE_NONE &&
                mote_scope_overlap(s, op->reads[r], op->writes[w]) &&
                !may_share(s, op, r, w))
                return false;
    }
    return true;
}

static enum mote_status refuse(struct mote_where *where, size_t at,
                               enum mote_status status, const char *expected)
{
    where->field = MOTE_TEXT("PLANS");
    where->offset = at;
    where->expected = expected;
    return status;
}

static enum mote_status check_operators(const struct mote_scope *s,
                                        struct mote_where *where)
{
    const struct mote_file_plan *p = s->plan->file;
    uint32_t at = 0, count = 0;

    for (; at < p->operators_bytes; count++) {
        if (!is_whole(s->plan, at))
            return refuse(where, at, MOTE_E_FORMAT, "whole operator records");
        const struct mote_operation op = mote_operation_at(s->plan, at);
        if (!mote_operator_known(op.file)) {
            where->number = op.file->opcode;
            return refuse(where, at, MOTE_E_UNKNOWN,
                          "operators that this engine knows");
        }
        if (!check_places(s, &op) || !mote_operator_check(s, &op))
            return refuse(where, at, MOTE_E_FORMAT,
                          "operands of fitting kind and shape");
        if (!mote_coded_reads_fit(s, &op))
            return refuse(where, at, MOTE_E_FORMAT,
                          "coded tensors where an operator decodes them");
        at += op.file->bytes;
    }
    if (count != p->operators)
        return refuse(where, at, MOTE_E_FORMAT,
                      "as many operators as it counts");
    return MOTE_OK;
}

/* ------------------------------------------------------------------------ */

enum mote_status mote_plan_check(const struct mote_model *m, uint32_t i,
                                 struct mote_where *where)
{
    const struct mote_scope scope = {m, m->plans + i, i, NULL};
    const struct mote_file_plan *p = scope.plan->file;

    for (uint32_t v = 0; v < p->values; v++) {
        if (!check_value(m, scope.plan, scope.plan->values + v))
            return refuse(where, v, MOTE_E_FORMAT,
                          "values of a legal shape and place");
        if (v < p->inputs && scope.plan->values[v].kind != MOTE_VALUE_ARENA)
            return refuse(where, v, MOTE_E_FORMAT, "inputs in the arena");
        for (uint32_t u = 0; v < p->inputs && u < v; u++)
            if (mote_scope_overlap(&scope, u, v))
                return refuse(where, v, MOTE_E_FORMAT,
                              "inputs in places of their own");
    }
    if (!mote_coded_outputs_fit(&scope))
        return refuse(where, 0, MOTE_E_FORMAT, "outputs that are not coded");
    return check_operators(&scope, where);
}

bool mote_plan_has_choice(const struct mote_plan *plan)
{
    for (uint32_t at = 0; at < plan->file->operators_bytes;) {
        const struct mote_operation op = mote_operation_at(plan, at);
        if (mote_operator_has_choice(plan, &op))
            return true;
        at += op.file->bytes;
    }
    return false;
}

struct mote_run mote_run_of(const struct mote_model *m, void *arena,
                            uint32_t rows)
{
    struct mote_run run = {
        .model = m,
        .plan = mote_model_main(m),
        .arena = arena,
        .decoder =
            (uint8_t *)arena + (m->header->request_arena - m->decoder_bytes),
    };

    assert(rows >= 1 && rows <= mote_model_batch(m));
    for (uint32_t i = 0; i < m->symbol_count; i++)
        run.extents[i] = m->symbols[i].maximum;
    run.extents[0] = rows;
    return run;
}

static enum mote_status run_operators(const struct mote_run *run,
                                      struct mote_where *where)
{
    for (uint32_t at = 0; at < run->plan->file->operators_bytes;) {
        const struct mote_operation op = mote_operation_at(run->plan, at);
        const enum mote_status s = mote_operator_run(run, &op, where);
        if (s != MOTE_OK)
            return s;
        at += op.file->bytes;
    }
    return MOTE_OK;
}

enum mote_status mote_plan_run(const struct mote_run *run,
                               struct mote_where *where)
{
    assert((uintptr_t)run->arena % MOTE_FILE_ALIGN == 0);
    if (!(run->plan->file->flags & MOTE_PLAN_FLUSH_DENORMALS))
        return run_operators(run, where);
    const uint64_t before = mote_flush_denormals();
    const enum mote_status s = run_operators(run, where);
    mote_restore_denormals(before);
    return s;
}
