/* core/function/source_embedded.c - see core/function/source.h */
#include "core/function/source.h"

extern const uint8_t mote_blob[], mote_blob_end[]; /* core/function/blob.S */

enum mote_status mote_source_open(struct mote_model *model, bool verify,
                                  struct mote_where *where)
{
    const enum mote_status s = mote_model_open(
        model, mote_blob, (size_t)(mote_blob_end - mote_blob), where);

    return s == MOTE_OK && verify ? mote_model_verify(model, where) : s;
}
