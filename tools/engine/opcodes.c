/*
 * tools/engine/opcodes.c - which operators a model uses: `TRIM=1` links them.
 *
 * in   a .mote file, by name
 * out  on stdout one number in C: bit i is set if a plan uses opcode i, bit 0
 *      if one of them has kernels to choose from, bit 63 if a softmax or
 *      share writes float32, bit 62 if tensors are coded, bit 61 if a feature
 *      is a category, as MOTE_OPERATORS of core/base/linked.h wants it; then
 *      the definition of MOTE_OPERATORS_64, whose bit i is opcode 64 + i
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/model/operator.h"

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

/* Both numbers. */
struct opcodes {
    uint64_t low, high;
};

static void add_opcodes_of(const struct mote_plan *plan, struct opcodes *set)
{
    for (uint32_t at = 0; at < plan->file->operators_bytes;) {
        const struct mote_operation op = mote_operation_at(plan, at);
        const uint64_t bit = UINT64_C(1) << (op.file->opcode & 63);
        *(op.file->opcode < 64 ? &set->low : &set->high) |= bit;
        set->low |= mote_operator_has_choice(plan, &op);
        set->low |= (uint64_t)mote_operator_shares_f32(plan, &op) << 63;
        at += op.file->bytes;
    }
}

int main(int argc, char **argv)
{
    struct mote_where where = {.row = MOTE_NO_ROW};
    struct opcodes set = {0};
    size_t n = 0;

    if (argc != 2) {
        fputs("usage: opcodes MODEL.mote\n", stderr);
        return 2;
    }
    void *bytes = read_file(argv[1], &n);
    if (mote_model_open(&model, bytes, n, &where) != MOTE_OK) {
        fprintf(stderr, "%s: not a model: expected %s\n", argv[1],
                where.expected ? where.expected : "a .mote file");
        return 1;
    }
    for (uint32_t i = 0; i < model.plan_count; i++)
        add_opcodes_of(model.plans + i, &set);
    for (uint32_t i = 0; i < model.feature_count; i++)
        set.low |= (uint64_t)mote_is_category(model.features + i) << 61;
    set.low |= (uint64_t)(model.decoder_bytes != 0) << 62;
    printf("0x%llxull -DMOTE_OPERATORS_64=0x%llxull\n",
           (unsigned long long)set.low, (unsigned long long)set.high);
    return 0;
}
