/*
 * core/model/call.c - an operator that runs another plan: n times, with state
 * that goes from one time to the next.
 *
 * Forecasts that feed on themselves, ensembles and rooms are all this one
 * loop. The plan called runs in a place inside the caller's arena; a plan
 * calls only later ones, so calls cannot form a loop.
 */
#include "core/model/operator.h"

enum { PLAN, COUNT, CARRIED, PAIRS }; /* the attributes */
#define COUNT_MAX 65536

/* Number `i` of the pairs (output, input). */
static const uint32_t *pair_at(const struct mote_operation *op, uint32_t i)
{
    return op->attributes + PAIRS + 2 * (size_t)i;
}

static bool same_shape(const struct mote_file_value *a,
                       const struct mote_file_value *b)
{
    return a->dtype == b->dtype && a->rank == b->rank &&
           memcmp(a->dims, b->dims, sizeof a->dims) == 0;
}

/* What is copied is copied as it lies. */
static bool is_in_rows(const struct mote_scope *s, uint32_t i)
{
    const struct mote_file_value *v = mote_scope_value(s, i);
    return v->kind == MOTE_VALUE_ARENA ||
           s->model->tensors[v->tensor].layout == MOTE_LAYOUT_ROWS;
}

/* Pairs are copied in order: none may overwrite what a later one needs. */
static bool pairs_fit(const struct mote_scope *callee,
                      const struct mote_operation *op)
{
    const struct mote_plan *plan = callee->plan;

    for (uint32_t i = 0; i < op->attributes[CARRIED]; i++) {
        const uint32_t output = pair_at(op, i)[0], input = pair_at(op, i)[1];
        if (output >= plan->file->outputs || input >= plan->file->inputs ||
            !same_shape(plan->values + plan->outputs[output],
                        plan->values + input))
            return false;
        for (uint32_t before = 0; before < i; before++)
            if (mote_scope_overlap(callee, pair_at(op, before)[1],
                                   plan->outputs[output]))
                return false;
    }
    return true;
}

bool mote_call_check(const struct mote_scope *scope,
                     const struct mote_operation *op)
{
    const uint32_t *a = op->attributes;

    if (op->attribute_count < PAIRS || op->file->writes < 1 ||
        a[CARRIED] > MOTE_PLAN_ENDS_MAX ||
        op->attribute_count != PAIRS + 2 * a[CARRIED] || a[COUNT] == 0 ||
        a[COUNT] > COUNT_MAX || a[PLAN] <= scope->plan_index ||
        a[PLAN] >= scope->model->plan_count)
        return false;
    const struct mote_scope callee = {
        scope->model, scope->model->plans + a[PLAN], a[PLAN], NULL};
    const struct mote_plan *plan = callee.plan;
    const struct mote_file_value *scratch =
        mote_scope_value(scope, op->writes[0]);
    if (scratch->dtype != MOTE_U8 || scratch->rank != 1 ||
        scratch->dims[0] & MOTE_DIM_SYMBOL ||
        scratch->dims[0] < plan->file->arena ||
        op->file->reads != plan->file->inputs ||
        op->file->writes - 1u != plan->file->outputs)
        return false;
    for (uint32_t i = 0; i < plan->file->inputs; i++)
        if (op->reads[i] == MOTE_NONE || !is_in_rows(scope, op->reads[i]) ||
            !same_shape(mote_scope_value(scope, op->reads[i]),
                        plan->values + i))
            return false;
    for (uint32_t i = 0; i < plan->file->outputs; i++)
        if (!is_in_rows(&callee, plan->outputs[i]) ||
            !same_shape(mote_scope_value(scope, op->writes[1 + i]),
                        plan->values + plan->outputs[i]))
            return false;
    return pairs_fit(&callee, op);
}

/* Copies value `from` of one run to value `to` of another, of equal shape.
 * The two may be the same run and the places may overlap. */
static void copy(const struct mote_run *to_run, uint32_t to,
                 const struct mote_run *from_run, uint32_t from)
{
    const struct mote_file_value *v = from_run->plan->values + from;

    memmove(mote_run_value(to_run, to), mote_run_value(from_run, from),
            mote_run_extent(from_run, v, 0) * mote_dtype_bytes(v->dtype));
}

static bool is_carried(const struct mote_operation *op, uint32_t input)
{
    for (uint32_t i = 0; i < op->attributes[CARRIED]; i++)
        if (pair_at(op, i)[1] == input)
            return true;
    return false;
}

/* What the next step starts from. A plan may use the place of an input again
 * once it has read it, so what is not carried is copied anew. */
static void set_inputs(const struct mote_run *inner, const struct mote_run *run,
                       const struct mote_operation *op, uint32_t step)
{
    for (uint32_t i = 0; step && i < op->attributes[CARRIED]; i++)
        copy(inner, pair_at(op, i)[1], inner,
             inner->plan->outputs[pair_at(op, i)[0]]);
    for (uint32_t i = 0; i < inner->plan->file->inputs; i++)
        if (step == 0 || !is_carried(op, i))
            copy(inner, i, run, op->reads[i]);
}

enum mote_status mote_call_run(const struct mote_run *run,
                               const struct mote_operation *op,
                               struct mote_where *where)
{
    struct mote_run inner = *run;

    inner.plan = run->model->plans + op->attributes[PLAN];
    inner.arena = mote_run_value(run, op->writes[0]);
    for (uint32_t step = 0; step < op->attributes[COUNT]; step++) {
        set_inputs(&inner, run, op, step);
        const enum mote_status s = mote_plan_run(&inner, where);
        if (s != MOTE_OK)
            return s;
    }
    for (uint32_t i = 0; i < inner.plan->file->outputs; i++)
        copy(run, op->writes[1 + i], &inner, inner.plan->outputs[i]);
    return MOTE_OK;
}
