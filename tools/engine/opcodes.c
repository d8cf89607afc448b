/*
 * tools/engine/opcodes.c - which operators a model uses: `TRIM=1` links them.
 *
 * in   a .mote file, by name; --init before it
 * out  on stdout the definitions of MOTE_OPERATORS, whose bit i is set if a
 * plan uses opcode i, and of MOTE_NEEDS, whose bits are those of enum mote_need
 *      that it needs: what core/base/linked.h wants. With --init the value of
 *      MOTE_INIT that auto stands for
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/cost.h"
#include "core/model/jobs.h"
#include "core/model/operator.h"
#include "core/model/series.h"

static struct mote_model model;

/* The file in pages of its own, and its length. */
static void *read_file(const char *name, size_t *n)
{
    const size_t room = 1u << 30, page = MOTE_FILE_PAGE;
    void *bytes = aligned_alloc(page, room);
    FILE *f = fopen(name, "rb");

    *n = bytes && f ? fread(bytes, 1, room, f) : 0;
    if (f)
        fclose(f);
    return bytes;
}

static uint64_t operators; /* a bit for each opcode that occurs */
static uint32_t needs;     /* of enum mote_need                 */

static void add_need(enum mote_need need, bool needed)
{
    needs |= (uint32_t)needed << need;
}

static void add_plan(const struct mote_plan *plan)
{
    for (uint32_t at = 0; at < plan->file->operators_bytes;) {
        const struct mote_operation op = mote_operation_at(plan, at);
        operators |= UINT64_C(1) << op.file->opcode;
        add_need(MOTE_NEED_KERNELS, mote_operator_has_choice(plan, &op));
        add_need(MOTE_NEED_SHARES_F32, mote_operator_shares_f32(plan, &op));
        at += op.file->bytes;
    }
}

static void print_init(enum mote_ahead ahead)
{
    static const char *const words[] = {
        [MOTE_AHEAD_NOTHING] = "wait",
        [MOTE_AHEAD_READ] = "read",
        [MOTE_AHEAD_RUN] = "warm",
    };
    puts(words[ahead]);
}

int main(int argc, char **argv)
{
    const bool init = argc > 1 && strcmp(argv[1], "--init") == 0;
    struct mote_where where = {.row = MOTE_NO_ROW};
    size_t n = 0;

    if (argc != 2 + init) {
        fputs("usage: opcodes [--init] MODEL.mote\n", stderr);
        return 2;
    }
    const char *name = argv[1 + init];
    void *bytes = read_file(name, &n);
    if (mote_model_open(&model, bytes, n, &where) != MOTE_OK) {
        fprintf(stderr, "%s: not a model: expected %s\n", name,
                where.expected ? where.expected : "a .mote file");
        return 1;
    }
    const enum mote_ahead ahead = mote_model_ahead(&model);
    if (init) {
        print_init(ahead);
        return 0;
    }
    for (uint32_t i = 0; i < model.plan_count; i++)
        add_plan(model.plans + i);
    for (uint32_t i = 0; i < model.feature_count; i++) {
        add_need(MOTE_NEED_CATEGORIES, mote_is_category(model.features + i));
        add_need(MOTE_NEED_TEXTS, mote_is_text(model.features + i));
    }
    add_need(MOTE_NEED_TEXTS, mote_is_embedding(model.output) ||
                                  model.output->style > MOTE_REPLY_FULL);
    add_need(MOTE_NEED_CODED, model.decoder_bytes != 0);
    add_need(MOTE_NEED_INIT, ahead != MOTE_AHEAD_NOTHING);
    add_need(MOTE_NEED_SERIES, mote_has_series(&model));
    add_need(MOTE_NEED_JOBS, mote_has_jobs(&model));
    printf("-DMOTE_OPERATORS=0x%llxull -DMOTE_NEEDS=0x%xu\n",
           (unsigned long long)operators, (unsigned)needs);
    return 0;
}
