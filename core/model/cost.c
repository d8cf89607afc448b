/* core/model/cost.c - see core/model/cost.h */
#include "core/model/cost.h"
#include "core/model/operator.h"

#define TOKENS 16
#define HEAVY_PS UINT64_C(500000000) /* 0.5 ms */

/* Picoseconds, on one core of an EPYC of the Zen 5 kind, where not said
 * otherwise; Graviton2 takes two to three times as long. */
#define WRITTEN_PS 500 /* for a number of a result                */
#define S8_PS 10       /* for a product: 100 of them a nanosecond */
#define F32_PS 60
#define F64_PS 120
#define MAPPED_PS 40 /* for a byte of a file's page: 0.16 us for 4 KiB */

/* Picoseconds, of which `decoding` is a part. */
struct spent {
    double all, decoding;
};

/* For a decoded byte, from what tools/mote/coding.py takes of arm64; BYTES
 * with the fresh pages that it is decoded to. */
static double read_ps(const struct mote_file_tensor *t)
{
    static const uint16_t ps[] = {
        [MOTE_ENCODING_RAW] = MAPPED_PS, [MOTE_ENCODING_PLANES] = 200,
        [MOTE_ENCODING_HUF8] = 900,      [MOTE_ENCODING_HUFPAIR] = 500,
        [MOTE_ENCODING_CONST] = 200,     [MOTE_ENCODING_BYTES] = 1700,
    };
    return (double)t->decoded_bytes * ps[t->encoding];
}

static double product_ps(uint8_t dtype)
{
    return dtype == MOTE_F64 ? F64_PS : dtype == MOTE_F32 ? F32_PS : S8_PS;
}

/* Tensor number `read` of an operator, when it reads all of it, or NULL. */
static const struct mote_file_tensor *
whole_read(const struct mote_model *m, const struct mote_plan *plan,
           const struct mote_operation *op, uint32_t read)
{
    if (op->reads[read] == MOTE_NONE)
        return NULL;
    const struct mote_file_value *v = plan->values + op->reads[read];
    const struct mote_file_tensor *t = m->tensors + v->tensor;
    if (v->kind != MOTE_VALUE_TENSOR)
        return NULL;
    const bool rows =
        t->layout == MOTE_LAYOUT_ROWS && mote_operator_decodes(op->file, read);
    return rows ? NULL : t;
}

/* How often each element of weights [m][...] is used: of one that every step
 * of a sequence needs as often as there are steps, else once for each place
 * that m results are for. */
static uint64_t places(const struct mote_run *run,
                       const struct mote_operation *op,
                       const struct mote_file_tensor *t)
{
    const struct mote_file_value *x = run->plan->values + op->reads[0];
    const uint64_t written =
        mote_run_extent(run, run->plan->values + op->writes[0], 0);
    const uint64_t n = mote_operator_has_steps(op->file)
                           ? mote_run_extent(run, x, 1)
                           : written / t->dims[0];
    return n ? n : 1;
}

static struct spent spend_operation(const struct mote_run *run,
                                    const struct mote_operation *op)
{
    const struct mote_file_value *y = run->plan->values + op->writes[0];
    struct spent ps = {(double)mote_run_extent(run, y, 0) * WRITTEN_PS, 0};

    for (uint32_t i = 0; i < op->file->reads; i++) {
        const struct mote_file_tensor *t =
            whole_read(run->model, run->plan, op, i);
        if (!t)
            continue;
        ps.all += read_ps(t);
        if (t->encoding != MOTE_ENCODING_RAW)
            ps.decoding += read_ps(t);
        if (t->rank > 1)
            ps.all += (double)t->decoded_bytes /
                      (double)mote_dtype_bytes(t->dtype) *
                      (double)places(run, op, t) * product_ps(t->dtype);
    }
    return ps;
}

/* before: of the plans behind this one, which are all that it can call */
static struct spent spend_plan(const struct mote_run *run,
                               const struct spent *before)
{
    struct spent ps = {0, 0};

    for (uint32_t at = 0; at < run->plan->file->operators_bytes;) {
        const struct mote_operation op = mote_operation_at(run->plan, at);
        const bool calls = mote_operator_calls(op.file);
        const double times = calls ? op.attributes[1] : 1;
        const struct spent more =
            calls ? before[op.attributes[0]] : spend_operation(run, &op);
        ps.all += more.all * times;
        ps.decoding += more.decoding * times;
        at += op.file->bytes;
    }
    return ps;
}

/* By a first request: a row, or a short text. */
static struct spent spend_request(const struct mote_model *m)
{
    struct mote_run run = mote_run_of(m, NULL, 1);
    struct spent ps[MOTE_PLANS_MAX];
    uint32_t *tokens = NULL;

    if (mote_is_text(m->features))
        tokens = run.extents + mote_model_tokens(m);
    if (tokens && *tokens > TOKENS)
        *tokens = TOKENS;
    for (uint32_t i = m->plan_count; i-- > m->about->plan;) {
        run.plan = m->plans + i;
        ps[i] = spend_plan(&run, ps);
    }
    return ps[m->about->plan];
}

/* Whether a model is light that nobody needs to look at more closely: none of
 * its operators writes more numbers than the arena has bytes, or uses a byte of
 * its tensors more often than that. */
static bool is_small(const struct mote_model *m)
{
    const struct mote_file_section *data = m->sections[MOTE_SECTION_DATA];
    const uint64_t ps = (data ? data->bytes : 0) * (F64_PS + MAPPED_PS) +
                        m->plans->file->operators * WRITTEN_PS;

    return m->plan_count == 1 && m->decoder_bytes == 0 &&
           ps < HEAVY_PS / (m->header->request_arena + 1);
}

static void visit_plan(const struct mote_model *m, const struct mote_plan *plan,
                       mote_tensor_fn *visit)
{
    for (uint32_t at = 0; at < plan->file->operators_bytes;) {
        const struct mote_operation op = mote_operation_at(plan, at);
        for (uint32_t i = 0; i < op.file->reads; i++) {
            const struct mote_file_tensor *t = whole_read(m, plan, &op, i);
            if (t)
                visit(m, t);
        }
        at += op.file->bytes;
    }
}

void mote_model_visit_wholes(const struct mote_model *m, mote_tensor_fn *visit)
{
    for (uint32_t i = m->about->plan; i < m->plan_count; i++)
        visit_plan(m, m->plans + i, visit);
}

enum mote_ahead mote_model_ahead(const struct mote_model *m)
{
    if (is_small(m))
        return MOTE_AHEAD_NOTHING;
    const struct spent ps = spend_request(m);
    if (ps.all <= (double)HEAVY_PS)
        return MOTE_AHEAD_NOTHING;
    return ps.decoding * 2 > ps.all ? MOTE_AHEAD_RUN : MOTE_AHEAD_READ;
}
