/*
 * tools/engine/engine.c - the engine as a shared library, for the tools.
 *
 * What compiles, verifies and tests models from Python calls the very code
 * that runs in the function, never another version of it. Plain C types only;
 * tools/mote/engine.py is the other side.
 */
#include <stdlib.h>
#include <sys/auxv.h>

#include "core/function/handle.h"
#include "core/model/operator.h"
#include "core/model/tiles.h"

#define EXPORT __attribute__((visibility("default")))

struct engine {
    struct mote_model model;
    struct mote_function function;
    void *bytes, *arena, *decoded;
    uint8_t scratch[MOTE_FUNCTION_SCRATCH];
};

/* n bytes, and the rest of their last page. */
static void *take_pages(size_t n)
{
    const size_t page = MOTE_FILE_PAGE;
    return aligned_alloc(page, (n + page) & ~(page - 1));
}

/* Puts the message in words, NUL-terminated, into out[MOTE_FAILURE_TEXT + 1].
 */
static void say(char *out, enum mote_status status,
                const struct mote_where *where)
{
    struct mote_failure failure;

    mote_failure_input(&failure, status, where);
    out[mote_failure_message(&failure, true, out).n] = '\0';
}

EXPORT void engine_close(struct engine *e);
EXPORT struct engine *engine_open(const void *bytes, size_t n, int *status,
                                  char *why);
EXPORT int engine_keep(struct engine *e);
EXPORT uint32_t engine_features(const struct engine *e);
EXPORT uint32_t engine_outputs(const struct engine *e);
EXPORT int engine_rows(struct engine *e, const double *rows, size_t count,
                       int32_t *index, double *scores, char *why);
EXPORT int engine_texts(struct engine *e, char *texts, const uint64_t *starts,
                        size_t count, int32_t *index, double *scores,
                        uint32_t *tokens, char *why);
EXPORT size_t engine_event(struct engine *e, char *event, size_t n, char *reply,
                           size_t cap, int *failed);
EXPORT int engine_plan(struct engine *e, uint32_t plan, const uint32_t *extents,
                       const void *const *inputs, void *const *outputs,
                       char *why);

EXPORT void engine_close(struct engine *e)
{
    if (!e)
        return;
    free(e->decoded);
    free(e->arena);
    free(e->bytes);
    free(e);
}

/* Opens a copy of a .mote file, checked in full; NULL: status and why (513
 * bytes) say what is wrong with it. */
EXPORT struct engine *engine_open(const void *bytes, size_t n, int *status,
                                  char *why)
{
    struct mote_where where = {.row = MOTE_NO_ROW};
    struct engine *e = calloc(1, sizeof *e);

    if (!e)
        return NULL;
    e->bytes = take_pages(n);
    if (e->bytes)
        memcpy(e->bytes, bytes, n);
    *status = e->bytes ? mote_model_open(&e->model, e->bytes, n, &where)
                       : MOTE_E_SPACE;
    if (*status == MOTE_OK) {
        e->arena = take_pages(e->model.header->request_arena);
        *status = e->arena ? mote_model_check(&e->model, e->arena, &where)
                           : MOTE_E_SPACE;
    }
    if (*status == MOTE_OK) {
        mote_model_use_cpu(&e->model, mote_cpu_flags(getauxval(AT_HWCAP),
                                                     getauxval(AT_HWCAP2)));
        e->function = (struct mote_function){
            .model = &e->model,
            .arena = e->arena,
        };
        mote_arena_init(&e->function.scratch, e->scratch, sizeof e->scratch);
        return e;
    }
    say(why, *status, &where);
    engine_close(e);
    return NULL;
}

/* From now on decoded weights are kept: 1; 0 when none are coded, or there is
 * no memory. */
EXPORT int engine_keep(struct engine *e)
{
    const uint64_t bytes = mote_kept_bytes(&e->model);

    if (bytes && !e->decoded)
        e->decoded = take_pages(bytes);
    if (!e->decoded)
        return 0;
    memset(e->decoded, 0, bytes);
    e->function.kept = mote_kept_begin(&e->model, e->decoded);
    return 1;
}

EXPORT uint32_t engine_features(const struct engine *e)
{
    return e->model.feature_count;
}

EXPORT uint32_t engine_outputs(const struct engine *e)
{
    return e->model.output->count;
}

/* One run over the rows that the gate holds, its outputs as doubles. */
static enum mote_status run(struct engine *e, int32_t *index, double *scores,
                            struct mote_where *where)
{
    const struct mote_file_output *o = e->model.output;
    const uint32_t rows = e->function.input.rows;
    struct mote_run r = mote_input_run(&e->function.input);
    r.kept = e->function.kept;
    const enum mote_status s = mote_plan_run(&r, where);

    if (s != MOTE_OK)
        return s;
    if (o->index != MOTE_NONE)
        memcpy(index, mote_run_output(&r, o->index), rows * sizeof *index);
    if (o->scores == MOTE_NONE)
        return MOTE_OK;
    const void *values = mote_run_output(&r, o->scores);
    const uint8_t dtype = r.plan->values[r.plan->outputs[o->scores]].dtype;
    for (size_t i = 0; i < (size_t)rows * o->count; i++)
        scores[i] = dtype == MOTE_F64 ? ((const double *)values)[i]
                                      : ((const float *)values)[i];
    return MOTE_OK;
}

/* Sets feature i of the row: a NaN is missing, of a category it is the index.
 */
static enum mote_status set_feature(struct mote_input *in, uint32_t i, double x,
                                    struct mote_where *where)
{
    const struct mote_text got = MOTE_TEXT("it");

    if (x != x)
        return mote_input_missing(in, i, MOTE_TEXT("NaN"), where);
    if (in->model->features[i].kind == MOTE_FEATURE_CATEGORY)
        return mote_input_code(in, i, x, got, where);
    return mote_input_number(in, i, x, got, where);
}

/*
 * Predicts rows [count][features], a NaN being a missing value and a category
 * being its index or -1 for another text, through the gate that JSON goes
 * through. index [count] and scores [count][outputs] are
 * filled as far as the model has them. Returns a status; why (513 bytes).
 */
EXPORT int engine_rows(struct engine *e, const double *rows, size_t count,
                       int32_t *index, double *scores, char *why)
{
    const uint32_t features = e->model.feature_count;
    const uint32_t outputs = e->model.output->count;
    struct mote_input *in = &e->function.input;
    struct mote_where where = {.row = MOTE_NO_ROW};
    enum mote_status s;

    mote_arena_rewind(&e->function.scratch, 0);
    s = mote_input_begin(in, &e->model, e->arena, &e->function.scratch, true);
    for (size_t row = 0; row < count && s == MOTE_OK; row++) {
        for (uint32_t i = 0; i < features && s == MOTE_OK; i++)
            s = set_feature(in, i, rows[row * features + i], &where);
        if (s == MOTE_OK)
            s = mote_input_end_row(in, &where);
        if (s == MOTE_OK && (mote_input_full(in) || row + 1 == count)) {
            s = run(e, index, scores, &where);
            index += in->rows;
            scores += (size_t)in->rows * outputs;
            mote_input_rewind(in);
        }
    }
    if (s != MOTE_OK)
        say(why, s, &where);
    return s;
}

/*
 * The same for texts, of a model that takes one: text i is the bytes from
 * starts[i] to starts[i + 1]. tokens [count]: ids that the plan was given.
 */
EXPORT int engine_texts(struct engine *e, char *texts, const uint64_t *starts,
                        size_t count, int32_t *index, double *scores,
                        uint32_t *tokens, char *why)
{
    struct mote_input *in = &e->function.input;
    struct mote_where where = {.row = MOTE_NO_ROW};
    enum mote_status s;

    mote_arena_rewind(&e->function.scratch, 0);
    s = mote_input_begin(in, &e->model, e->arena, &e->function.scratch, true);
    for (size_t i = 0; i < count && s == MOTE_OK; i++) {
        const struct mote_text text = {texts + starts[i],
                                       starts[i + 1] - starts[i]};
        s = mote_input_text(in, 0, text, false, MOTE_TEXT("it"), &where);
        if (s == MOTE_OK)
            s = mote_input_end_row(in, &where);
        if (s == MOTE_OK)
            s = run(e, index++, scores, &where);
        scores += e->model.output->count;
        tokens[i] = in->tokens;
        mote_input_rewind(in);
    }
    if (s != MOTE_OK)
        say(why, s, &where);
    return s;
}

/* Bytes of a value in this run. */
static size_t value_bytes(const struct mote_run *run, uint32_t i)
{
    const struct mote_file_value *v = run->plan->values + i;
    return mote_run_extent(run, v, 0) * mote_dtype_bytes(v->dtype);
}

/*
 * Runs any plan once, for symbols that are as large as extents say (each from
 * 1 to its maximum): inputs[i] holds input i, output i is copied to
 * outputs[i]. Returns a status; why (513 bytes).
 */
EXPORT int engine_plan(struct engine *e, uint32_t plan, const uint32_t *extents,
                       const void *const *inputs, void *const *outputs,
                       char *why)
{
    struct mote_where where = {.row = MOTE_NO_ROW};
    struct mote_run r = mote_run_of(&e->model, e->arena, 1);

    r.kept = e->function.kept;
    r.plan = e->model.plans + plan;
    memcpy(r.extents, extents, e->model.symbol_count * sizeof *extents);
    for (uint32_t i = 0; i < r.plan->file->inputs; i++)
        memcpy(mote_run_value(&r, i), inputs[i], value_bytes(&r, i));
    const enum mote_status s = mote_plan_run(&r, &where);
    for (uint32_t i = 0; i < r.plan->file->outputs && s == MOTE_OK; i++)
        memcpy(outputs[i], mote_run_output(&r, i),
               value_bytes(&r, r.plan->outputs[i]));
    if (s != MOTE_OK)
        say(why, s, &where);
    return s;
}

/* Handles an event (which is written to) and gives the bytes of the reply, or
 * of the invocation error when *failed is set; SIZE_MAX: cap is too small. */
EXPORT size_t engine_event(struct engine *e, char *event, size_t n, char *reply,
                           size_t cap, int *failed)
{
    struct mote_failure failure;
    struct mote_json_out o;

    mote_json_out_begin(&o, reply, cap);
    *failed =
        !mote_handle(&e->function, (struct mote_text){event, n}, &o, &failure);
    if (*failed) {
        mote_json_out_begin(&o, reply, cap);
        mote_failure_put_invocation(&failure, (struct mote_text){0}, &o);
    }
    return o.full ? SIZE_MAX : o.n;
}
