/*
 * core/function/source.h - where the model's bytes come from.
 *
 * Two files implement it and the build links one of them: source_embedded.c
 * into a function that carries its model, source_beside.c into one that does
 * not (MODEL=none).
 */
#ifndef MOTE_FUNCTION_SOURCE_H
#define MOTE_FUNCTION_SOURCE_H

#include "core/model/model.h"

/*
 * Opens the model, for the life of the process; verify: see settings.h.
 *
 * embedded  the bytes between mote_blob and mote_blob_end (blob.S), which were
 *           checked in full when the model was compiled; now its hashes
 *           are, where verify asks for it
 * beside    the file model.mote next to the executable, checked in full now
 * errors    as mote_model_open; MOTE_E_IO (see errno) when there is no file
 */
enum mote_status mote_source_open(struct mote_model *model, bool verify,
                                  struct mote_where *where);

#endif
