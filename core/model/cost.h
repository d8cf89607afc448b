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

/* Microseconds that the main plan of an open model takes at first. */
double mote_model_first_us(const struct mote_model *m);

/* Whether that is more than 0.5 ms: worth a run before the first event. */
bool mote_model_is_heavy(const struct mote_model *m);

/* Calls visit for each tensor that the plans read whole, as they do weights, in
 * the order in which they do: one that is read again comes again. */
typedef void mote_tensor_fn(const struct mote_model *m,
                            const struct mote_file_tensor *t);
void mote_model_visit_wholes(const struct mote_model *m, mote_tensor_fn *visit);

#endif
