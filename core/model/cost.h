/*
 * core/model/cost.h - what a first request reads and costs, before there is
 * one.
 *
 * A model of processor time, as tools/mote/coding.py has one of a cold start:
 * of one row, or of a text of 16 tokens, in a process that has run nothing yet.
 *
 *     time = sum over operators of
 *            numbers written * 0.5 ns
 *          + elements of a weight * places it is used at * time of a product
 *          + bytes of a tensor that is read whole * time to map or decode one
 *
 * What it leaves out, tables of which a few rows are read and the product of
 * two values, is small beside that. core/function/warm.h says what it is for;
 * it tells 0.1 ms from 1 ms, and no more is asked of it.
 */
#ifndef MOTE_MODEL_COST_H
#define MOTE_MODEL_COST_H

#include "core/model/model.h"

/* What is worth doing before the first event. Above 0.5 ms weights are read,
 * and where decoding is more than half of the time, the plan runs. A run over
 * weights that are used as they lie reads all of them for a request that will
 * read them again: it takes more time than it saves. */
enum mote_ahead { MOTE_AHEAD_NOTHING, MOTE_AHEAD_READ, MOTE_AHEAD_RUN };

enum mote_ahead mote_model_ahead(const struct mote_model *m);

/* Calls visit for each tensor that the plans read whole, as they do weights, in
 * the order in which they do: one that is read again comes again. */
typedef void mote_tensor_fn(const struct mote_model *m,
                            const struct mote_file_tensor *t);
void mote_model_visit_wholes(const struct mote_model *m, mote_tensor_fn *visit);

#endif
