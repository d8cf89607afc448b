/*
 * core/function/warm.h - a run of the plan before the first event.
 *
 * Lambda gives a function a whole core until it asks for its first event, and
 * afterwards the share that its memory buys: of 128 MB, a fourteenth. A first
 * request maps weights, decodes them and touches its memory for the first time.
 * Where that is much, it is better done before. MOTE_INIT says whether:
 *
 *     auto  where core/model/cost.h makes a first request take more than 0.5 ms
 *     warm  always
 *     wait  never: the first event is asked for at once, and pays
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

/* Whether f's model is to run before the first event. */
bool mote_warm_asked(const struct mote_function *f, enum mote_init init);

/* Runs it; what it would have answered goes to o and counts for nothing. False:
 * failure says why. Requests, whose input is another, need not fail likewise;
 * where failure->http is 500 they do. */
bool mote_warm_up(struct mote_function *f, struct mote_json_out *o,
                  struct mote_failure *failure);

#endif
