/*
 * core/model/verify.c - hashes of the sections that opening a model leaves
 * alone: see mote_model_verify in core/model/model.h. A file of its own, since
 * executables that carry their model link it without the other checks.
 */
#include "core/base/xxh64.h"
#include "core/model/model.h"

enum mote_status mote_model_verify(const struct mote_model *m,
                                   struct mote_where *where)
{
    const struct mote_file_header *h = m->header;
    const struct mote_file_section *s = (const void *)(h + 1);

    for (uint32_t i = 0; i < h->section_count; i++, s++)
        if (mote_section_is_bulk(s->type) &&
            mote_xxh64(m->bytes + s->offset, s->bytes) != s->hash) {
            where->field = mote_text_of(mote_section_name(s->type));
            where->expected = "bytes that match its hash";
            return MOTE_E_DAMAGED;
        }
    return MOTE_OK;
}
