/*
 * core/function/describe.h - a model, for a person or a client that asks.
 */
#ifndef MOTE_FUNCTION_DESCRIBE_H
#define MOTE_FUNCTION_DESCRIBE_H

#include "core/base/json_write.h"
#include "core/model/model.h"

/* Writes name, version, content hash, features, output and provenance as one
 * JSON object: the answer to GET /model. */
void mote_describe(const struct mote_model *m, struct mote_json_out *o);

#endif
