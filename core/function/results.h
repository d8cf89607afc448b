/*
 * core/function/results.h - what a run computed, as JSON.
 *
 * in      the outputs of a plan, of all rows of a batch
 * out     one value of JSON a row, in the model's style of reply:
 *
 *   full        {"label": "b", "index": 1, "scores": {...}, "model": {...}},
 *               {"value": 1.5, "model": {...}}, {"values": {...}, ...} or
 *               {"embedding": [...], "model": {...}}
 *   label       "b", or the numbers alone
 *   index       "1", a string
 *   scores      [{"label": "a", "score": 0.25}, {"label": "b", "score": 0.75}]
 *   prediction  {"text": "...", "prediction": {"label": "b", "score": 0.75}}
 *   base64      as full, the vector being little-endian float32 in base64
 *
 * A forecaster's are those of core/function/forecasts.h. Of a text that was
 * cut, each object that says something of it has "truncated": true; label,
 * index and numbers alone have none.
 */
#ifndef MOTE_FUNCTION_RESULTS_H
#define MOTE_FUNCTION_RESULTS_H

#include "core/base/json_write.h"
#include "core/model/plan.h"

struct mote_function;

struct mote_results {
    const struct mote_model *model;
    const int32_t *index; /* [rows], or NULL                      */
    const void *scores;   /* [rows][count], or NULL               */
    uint8_t scores_dtype; /* f32 or f64                           */
};

/* Views of the run's outputs, until its arena is used again. */
struct mote_results mote_results_of(const struct mote_run *run);

/* Whether JSON can say the row: every score is finite, and there is a class. */
bool mote_results_finite(const struct mote_results *r, uint32_t row);

/* The result of a row, for which mote_results_finite is true. Of f: the row's
 * text or series, and how vectors are asked for. */
void mote_results_put(const struct mote_function *f,
                      const struct mote_results *r, uint32_t row,
                      struct mote_json_out *o);

/* Whether the reply to this request has a place to say that a text was cut. */
bool mote_results_say_truncated(const struct mote_function *f);

/* Members behind vectors that stand alone: how many texts were cut, and the
 * model. */
void mote_results_put_vectors_end(const struct mote_function *f,
                                  struct mote_json_out *o);

/* The member "model": name and version. */
void mote_results_put_model(const struct mote_model *m,
                            struct mote_json_out *o);

#endif
