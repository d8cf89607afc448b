/*
 * core/function/source.h - where the model's bytes come from.
 */
#ifndef MOTE_FUNCTION_SOURCE_H
#define MOTE_FUNCTION_SOURCE_H

#include "core/model/model.h"

/*
 * Opens the model that is part of the executable; or, in one built without,
 * the file model.mote beside it. The bytes stay for the life of the process.
 *
 * errors  as mote_model_open; MOTE_E_IO (see errno) when there is no file
 */
enum mote_status mote_source_open(struct mote_model *model,
                                  struct mote_where *where);

#endif
