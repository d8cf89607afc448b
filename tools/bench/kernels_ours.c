/* tools/bench/kernels_ours.c - see tools/bench/kernels_ours.h */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>

#include "core/base/cpu.h"
#include "core/model/operator.h"
#include "tools/bench/kernels_ours.h"

#define OPCODES 64

static __attribute__((noreturn)) void die(const char *path, const char *why)
{
    fprintf(stderr, "kernels: %s: %s\n", path, why);
    exit(1);
}

static void *take_pages(size_t n)
{
    const size_t page = MOTE_FILE_PAGE;
    void *p = aligned_alloc(page, (n + page) & ~(page - 1));

    if (!p)
        die("memory", "there is none");
    return p;
}

static void *read_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");

    if (!f || fseek(f, 0, SEEK_END))
        die(path, "cannot be read");
    *n = (size_t)ftell(f);
    void *bytes = take_pages(*n);
    rewind(f);
    if (fread(bytes, 1, *n, f) != *n)
        die(path, "cannot be read");
    fclose(f);
    return bytes;
}

/* The shape of a value in this run. */
static struct tensor shape_of(const struct mote_run *run, uint32_t value)
{
    const struct mote_file_value *v = run->plan->values + value;
    struct tensor t = {.dtype = v->dtype,
                       .rank = v->rank,
                       .bytes = mote_dtype_bytes(v->dtype)};

    for (uint32_t i = 0; i < v->rank; i++) {
        t.dims[i] = v->dims[i] & MOTE_DIM_SYMBOL
                        ? run->extents[v->dims[i] & ~MOTE_DIM_SYMBOL]
                        : v->dims[i];
        t.bytes *= (size_t)t.dims[i];
    }
    return t;
}

static void take_shapes(struct ours *o, const char *path)
{
    o->ins = o->run.plan->file->inputs;
    o->outs = o->run.plan->file->outputs;
    if (o->ins > PEER_TENSORS || o->outs > PEER_TENSORS)
        die(path, "has too many inputs or outputs");
    o->in_bytes = o->out_bytes = 0;
    for (uint32_t i = 0; i < o->ins; i++) {
        o->in[i] = shape_of(&o->run, i);
        o->in_bytes += o->in[i].bytes;
    }
    for (uint32_t i = 0; i < o->outs; i++) {
        o->out[i] = shape_of(&o->run, o->run.plan->outputs[i]);
        o->out_bytes += o->out[i].bytes;
    }
}

static void refuse_unless(enum mote_status s, const char *path,
                          const struct mote_where *where)
{
    if (s == MOTE_OK)
        return;
    fprintf(stderr, "kernels: %s: %.*s at %zu: expected %s\n", path,
            (int)where->field.n, where->field.at, where->offset,
            where->expected ? where->expected : "something else");
    exit(1);
}

static void take_symbols(struct ours *o, const char *path,
                         const uint32_t *extents)
{
    const struct mote_model *m = &o->model;

    o->symbols.n = m->symbol_count;
    for (uint32_t i = 0; i < m->symbol_count; i++) {
        const struct mote_text name = mote_model_string(m, m->symbols[i].name);
        if (extents[i] < 1 || extents[i] > m->symbols[i].maximum)
            die(path, "an extent is beyond the symbol's maximum");
        o->run.extents[i] = o->symbols.extents[i] = extents[i];
        snprintf(o->symbols.names[i], sizeof o->symbols.names[i], "%.*s",
                 (int)name.n, name.at);
    }
}

void ours_open(struct ours *o, const char *path, const uint32_t *extents,
               size_t symbols)
{
    struct mote_where where = {.row = MOTE_NO_ROW};
    size_t n;

    o->bytes = read_file(path, &n);
    refuse_unless(mote_model_open(&o->model, o->bytes, n, &where), path,
                  &where);
    mote_model_use_cpu(
        &o->model, mote_cpu_flags(getauxval(AT_HWCAP), getauxval(AT_HWCAP2)));
    o->run =
        mote_run_of(&o->model, take_pages(o->model.header->request_arena), 1);
    o->run.plan = o->model.plans;
    if (symbols != o->model.symbol_count)
        die(path, "has another number of symbols");
    take_symbols(o, path, extents);
    take_shapes(o, path);
}

void ours_check(const struct ours *o, const char *path)
{
    struct mote_where where = {.row = MOTE_NO_ROW};

    refuse_unless(mote_model_check(&o->model, o->run.arena, &where), path,
                  &where);
}

void ours_run(struct ours *o, const uint8_t *inputs)
{
    struct mote_where where = {.row = MOTE_NO_ROW};

    for (uint32_t i = 0; i < o->ins; i++) {
        memcpy(mote_run_value(&o->run, i), inputs, o->in[i].bytes);
        inputs += o->in[i].bytes;
    }
    if (mote_plan_run(&o->run, &where) != MOTE_OK)
        die("run", where.expected ? where.expected : "failed");
}

void ours_outputs(const struct ours *o, uint8_t *outputs)
{
    for (uint32_t i = 0; i < o->outs; i++) {
        memcpy(outputs, mote_run_output(&o->run, i), o->out[i].bytes);
        outputs += o->out[i].bytes;
    }
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Adds the time of each operator of one run to that of its opcode. */
static void time_operators(const struct mote_run *run, double *us, int *uses)
{
    struct mote_where where;

    for (uint32_t at = 0; at < run->plan->file->operators_bytes;) {
        const struct mote_operation op = mote_operation_at(run->plan, at);
        const double began = now_us();
        mote_operator_run(run, &op, &where);
        us[op.file->opcode % OPCODES] += now_us() - began;
        uses[op.file->opcode % OPCODES]++;
        at += op.file->bytes;
    }
}

void ours_profile(struct ours *o, const uint8_t *inputs, int runs)
{
    double us[OPCODES] = {0}, all = 0;
    int uses[OPCODES] = {0};

    for (int i = 0; i < runs; i++) {
        ours_run(o, inputs); /* inputs may have been overwritten */
        for (uint32_t n = 0, at = 0; n < o->ins; at += o->in[n++].bytes)
            memcpy(mote_run_value(&o->run, n), inputs + at, o->in[n].bytes);
        time_operators(&o->run, us, uses);
    }
    for (int i = 0; i < OPCODES; i++)
        all += us[i];
    for (int i = 0; i < OPCODES; i++)
        if (uses[i])
            printf("  opcode %2d: %5.1f %%, %10.2f us in %d uses\n", i,
                   100 * us[i] / all, us[i] / runs, uses[i] / runs);
}

void ours_close(struct ours *o)
{
    free(o->run.arena);
    free(o->bytes);
}
