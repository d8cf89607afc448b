/*
 * core/model/input.h - the one gate between outside values and a plan.
 *
 * Whoever has a row (a JSON reader, a CSV reader, a database) says: feature i
 * is this number, or this text, or missing. What that means, and whether the
 * model's schema allows it, is decided here and nowhere else.
 */
#ifndef MOTE_MODEL_INPUT_H
#define MOTE_MODEL_INPUT_H

#include "core/base/arena.h"
#include "core/base/json_read.h"
#include "core/model/plan.h"

/* Bytes of what a message lists: a dozen short categories. */
#define MOTE_INPUT_EXPECTED 256

/* A batch being filled. */
struct mote_input {
    const struct mote_model *model;
    uint8_t *arena;  /* the request arena: input values lie in it        */
    uint32_t rows;   /* finished rows of this batch                      */
    uint32_t next;   /* the feature most likely to come next             */
    uint32_t given;  /* features of the current row set so far           */
    uint64_t *seen;  /* [(feature_count + 63) / 64] bits: which those are */
    uint64_t number; /* of the current row in the whole request, for messages */
    bool batch;      /* messages name the row                            */
    uint32_t tokens; /* of the text that was given, its own length at least */
    bool truncated;  /* it was longer than the model takes                  */
    struct mote_text text; /* itself, for replies that repeat it            */
    bool texts;            /* rows in JSON were made from CSV: a text that is a
                            * number counts as one, an empty text as missing;
                            * false after mote_input_begin                     */
    /* what features are called outside: strings of `named_by`, from `names`.
     * The model's own names after mote_input_begin, where it is NULL */
    const struct mote_model *named_by;
    uint32_t names;
    char expected[MOTE_INPUT_EXPECTED]; /* texts of a message that count or */
    char got[40];                       /* list something                   */
};

/*
 * Begins a request. arena: model->header->request_arena bytes, aligned to
 * MOTE_FILE_ALIGN, the one that the plan will run in. more: lends a bit for
 * each feature. batch: whether messages should name the row.
 *
 * errors   MOTE_E_SPACE when `more` is full
 */
enum mote_status mote_input_begin(struct mote_input *in,
                                  const struct mote_model *model, void *arena,
                                  struct mote_arena *more, bool batch);

/* Begins the next batch of the same request at row 0. */
void mote_input_rewind(struct mote_input *in);

/* Index of the feature of that name, or MOTE_NONE. name: as a JSON reader
 * gives a key. */
uint32_t mote_input_find(struct mote_input *in, struct mote_text name,
                         bool escaped);

/*
 * Sets feature i of the current row. Any order; each once.
 *
 * number   of a number
 * text     of a category: one of its texts, or another if the schema allows;
 *          or a text, whose escapes are decoded where they stand: what it lies
 *          in must be the caller's to write, and is no JSON any more
 * code     the same by index, -1 for another text
 * got      how the value was written, for a message
 * errors   MOTE_E_SCHEMA  not what the schema has there, or set twice
 *          MOTE_E_RANGE   a NaN or an infinity, or one after rounding to the
 *                         feature's type
 *          where->field, expected, got, row say which
 */
enum mote_status mote_input_number(struct mote_input *in, uint32_t i,
                                   double value, struct mote_text got,
                                   struct mote_where *where);
enum mote_status mote_input_text(struct mote_input *in, uint32_t i,
                                 struct mote_text text, bool escaped,
                                 struct mote_text got,
                                 struct mote_where *where);
enum mote_status mote_input_code(struct mote_input *in, uint32_t i, double code,
                                 struct mote_text got,
                                 struct mote_where *where);
enum mote_status mote_input_missing(struct mote_input *in, uint32_t i,
                                    struct mote_text got,
                                    struct mote_where *where);

/*
 * The same by a field of CSV, for an input with `texts`. Empty is missing, but
 * to a feature that is a text; of a number also NaN, nan, NA and null.
 */
enum mote_status mote_input_field(struct mote_input *in, uint32_t i,
                                  struct mote_text field,
                                  struct mote_where *where);

/* Ends the current row. What was not given is missing: MOTE_E_SCHEMA, naming
 * the first such feature, unless the schema allows it to be. */
enum mote_status mote_input_end_row(struct mote_input *in,
                                    struct mote_where *where);

/* Whether the batch holds as many rows as one run can take. */
static inline bool mote_input_full(const struct mote_input *in)
{
    return in->rows == mote_model_batch(in->model);
}

/* The run of the main plan for this batch. */
struct mote_run mote_input_run(const struct mote_input *in);

/*
 * Reads one row from JSON, the row's token t having been read already: an
 * array of as many values as there are features, in their order, or an object
 * of named features. Where the feature is a text it may also be that text, and
 * the object may call it "sentence" or "text".
 *
 * A number, true or false is a text to a category. To a number feature true
 * and false are 1 and 0 if the schema says so, else nothing that it takes.
 *
 * errors   as above and as mote_json_next; names that are no feature, and
 *          values of other kinds, are MOTE_E_SCHEMA
 */
enum mote_status mote_input_json_row(struct mote_input *in, struct mote_json *j,
                                     const struct mote_json_token *t,
                                     struct mote_where *where);

#endif
