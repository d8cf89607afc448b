/*
 * core/function/predict.h - input in one of its forms to a result in JSON.
 *
 *   [5.1, 3.5, 1.4, 0.2]                 one row         -> one result
 *   {"sepal_length": 5.1, ...}           one row, named  -> one result
 *   [[...], [...]], [{...}, {...}]       a batch         -> an array
 *   {"instances": [...]}                 a batch         -> {"predictions": []}
 *
 * Batches of any length run in slices of what the plan can take at once.
 *
 * Of a model that takes a text:
 *
 *   "..."                                one text        -> one result
 *   {"sentence": "..."}, {"text": "..."} likewise
 *   ["...", "..."], [{...}, {...}]       a batch         -> an array
 *   {"instances": [...]}                 a batch         -> {"predictions": []}
 *   {"sentences": [...]}                 a batch         -> {"predictions":
 * []}, or, of vectors, {"embeddings": []}
 *
 * Where vectors are answered, "encoding_format" in the object is "float" or
 * "base64", of little-endian float32. A text that was cut to what the model
 * takes is answered with "truncated": true wherever the answer has an object;
 * where it has none, a line of the log tells the row and the tokens kept.
 */
#ifndef MOTE_FUNCTION_PREDICT_H
#define MOTE_FUNCTION_PREDICT_H

#include "core/function/failure.h"
#include "core/function/log.h"
#include "core/function/forecasts.h"

/* For the gate, a bit for each feature that there can be; and for the steps of
 * a forecaster, of which all windows together have as many. */
#define MOTE_FUNCTION_SCRATCH                                                  \
    (65536 / 8 + 65536 * (2 * (sizeof(double) + sizeof(uint32_t))) +           \
     MOTE_SERIES_COLUMNS_MAX * 16)

struct mote_job_room;

/* What answering needs beside the event and the place for the answer. */
struct mote_function {
    const struct mote_model *model;
    uint8_t *arena;             /* header->request_arena bytes           */
    struct mote_arena scratch;  /* MOTE_FUNCTION_SCRATCH bytes           */
    struct mote_input input;    /* the batch being read                  */
    const struct mote_log *log; /* where refused records and cut texts are
                                 * told, or NULL                         */
    bool texts;                 /* numbers may come as mote_input.texts says */
    bool base64;                /* how vectors are written               */
    bool bare;                  /* vectors are, in an array of them      */
    uint64_t truncated;         /* texts of the request that were cut    */
    struct mote_kept *kept;     /* of struct mote_run                    */
    const struct mote_series *series; /* what the row was made from, or NULL */
    char *const *environment;   /* of the process, for jobs              */
    uint64_t deadline_ms;       /* of the invocation, Unix time; 0: none */
    struct mote_job_room *room; /* for jobs, or NULL: there are none     */
    const struct mote_result_of *result_of; /* a job's target, or NULL      */
};

/* Reads `text` as input and writes the result to o. False: failure says why,
 * and what was written is to be thrown away. A forecaster also takes what
 * core/function/observations.h reads, and answers {"timestamps": [...], NAME:
 * [...]} with a member for each forecast, and "model" where replies are full.
 */
bool mote_predict(struct mote_function *f, struct mote_text text,
                  struct mote_json_out *o, struct mote_failure *failure);

/* Answers one text, of a model that takes one. */
bool mote_predict_text(struct mote_function *f, struct mote_text text,
                       struct mote_json_out *o, struct mote_failure *failure);

/* Vectors are answered as the model states, and no text was cut so far: before
 * anything else of a request. */
void mote_predict_as_stated(struct mote_function *f);

/*
 * The same by hand, for senders that do not write rows in JSON: begin, then
 * rows through mote_input_* on f->input, and mote_predict_rows when
 * mote_input_full says so and at the end; it writes one result a row.
 */
bool mote_predict_begin(struct mote_function *f, bool batch,
                        struct mote_failure *failure);
bool mote_predict_rows(struct mote_function *f, struct mote_json_out *o,
                       struct mote_failure *failure);

#endif
