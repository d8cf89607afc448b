/*
 * core/model/plan.h - running a plan of an open model.
 *
 * A plan is a list of operators over values that lie in one arena, at places
 * that the compiler chose. Nothing is looked up, inferred or allocated here.
 */
#ifndef MOTE_MODEL_PLAN_H
#define MOTE_MODEL_PLAN_H

#include "core/model/model.h"

struct mote_kept;

/* One run. The caller sets all of it and may use it again. */
struct mote_run {
    const struct mote_model *model;
    const struct mote_plan *plan;
    uint8_t *arena;   /* plan->file->arena bytes, aligned to MOTE_FILE_ALIGN */
    uint8_t *decoder; /* model->decoder_bytes; plans that are called share it */
    struct mote_kept
        *kept; /* of core/model/tiles.h, or NULL: nothing is kept */
    uint32_t extents[MOTE_SYMBOLS_MAX]; /* of each symbol in this run: from 1
                                           to the symbol's maximum          */
};

/* A run of the main plan for a batch of `rows`, the other symbols (such as the
 * tokens of a text) at their maximum, with nothing kept. arena:
 * model->header->request_arena bytes, at the end of which is room to decode in.
 */
struct mote_run mote_run_of(const struct mote_model *m, void *arena,
                            uint32_t rows);

/* Where value i of the run's plan lies. */
void *mote_run_value(const struct mote_run *run, uint32_t i);

/* Where output number i of the run's plan lies. */
void *mote_run_output(const struct mote_run *run, uint32_t i);

/*
 * Runs the plan: reads its inputs in the arena, leaves its outputs there. What
 * else the arena holds does not matter and is overwritten.
 *
 * errors  MOTE_E_RANGE  a row cannot be quantized, because its numbers went
 *                       beyond what a float can hold, or an id lies outside its
 *                       table; where->row says which
 *         MOTE_E_DAMAGED  coded weights do not decode, or do not match their
 *                         checksums where those are compared; only where the
 *                         model was not checked, or changed since
 */
enum mote_status mote_plan_run(const struct mote_run *run,
                               struct mote_where *where);

/* Proves plan number i; a step of mote_model_open, which documents it. */
enum mote_status mote_plan_check(const struct mote_model *m, uint32_t i,
                                 struct mote_where *where);

/* Whether an operator of it has kernels to choose from. */
bool mote_plan_has_choice(const struct mote_plan *plan);

#endif
