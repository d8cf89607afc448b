/*
 * core/function/warm.h - what comes before the first event.
 *
 * Lambda gives a function a whole core until it asks for its first event, and
 * afterwards the share that its memory buys: of 128 MB, a fourteenth. A first
 * request maps weights, decodes them and touches its memory for the first time.
 * Where that is much, it is better done before. MOTE_INIT says whether:
 *
 *     auto  what core/model/cost.h finds best
 *     wait  nothing: the first event is asked for at once, and pays
 *     read  weights are read, in the order of the file, which maps their pages
 *     warm  they are, and then the plan runs
 *
 * The run is of the smallest input there is, zeros or an empty text: that reads
 * all weights, for a part of what a real one costs. It leaves nothing behind
 * but what the caches hold. Weights that a warm process keeps decoded are from
 * then on (core/function/decoded.h).
 */
#ifndef MOTE_FUNCTION_WARM_H
#define MOTE_FUNCTION_WARM_H

#include "core/function/predict.h"
#include "core/function/settings.h"
#include "core/model/cost.h"

/* What f's model is to do before the first event. */
enum mote_ahead mote_warm_asked(const struct mote_function *f,
                                enum mote_init init);

/* Reads what every request reads whole. */
void mote_warm_read(const struct mote_model *m);

/* Runs the plan; what it would have answered goes to o and counts for nothing.
 * False: failure says why. Requests, whose input is another, need not fail
 * likewise; where failure->http is 500 they do. */
bool mote_warm_run(struct mote_function *f, struct mote_json_out *o,
                   struct mote_failure *failure);

#endif
