/*
 * core/model/verify.c - hashes of what opening a model leaves alone: see
 * mote_model_verify in core/model/model.h. A file of its own, since executables
 * that carry their model link it without the other checks.
 */
#include "core/base/xxh64.h"
#include "core/model/model.h"

static bool matches(const struct mote_model *m, uint64_t offset, uint64_t n,
                    uint64_t hash, const char *name, struct mote_where *where)
{
    if (mote_xxh64(m->bytes + offset, n) == hash)
        return true;
    where->field = mote_text_of(name);
    where->expected = "bytes that match its hash";
    return false;
}

enum mote_status mote_model_verify(const struct mote_model *m,
                                   struct mote_where *where)
{
    const struct mote_file_header *h = m->header;
    const struct mote_file_section *s = (const void *)(h + 1);

    for (uint32_t i = 0; i < h->section_count; i++, s++)
        if (mote_section_is_bulk(s->type) &&
            !matches(m, s->offset, s->bytes, s->hash,
                     mote_section_name(s->type), where))
            return MOTE_E_DAMAGED;
    if (h->provenance_offset &&
        !matches(m, h->provenance_offset, h->provenance_bytes,
                 h->provenance_hash, "provenance", where))
        return MOTE_E_DAMAGED;
    return MOTE_OK;
}
