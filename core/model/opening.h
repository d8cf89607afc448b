/*
 * core/model/opening.h - a file being opened: what core/model/model.c and
 * core/model/model_about.c share, and nobody else includes.
 */
#ifndef MOTE_MODEL_OPENING_H
#define MOTE_MODEL_OPENING_H

#include "core/model/model.h"

/*
 * A file being opened. Each part has a function that says what was expected
 * and not found, or NULL when all is well; before it does, it may change the
 * status and the name of the part from what they usually are.
 */
struct mote_opening {
    struct mote_model *m;
    size_t n;
    enum mote_status status;
    const char *part; /* for where->field */
    struct mote_where *where;
};

/* expected, with another status than MOTE_E_FORMAT. */
static inline const char *mote_opening_as(struct mote_opening *o,
                                          enum mote_status status,
                                          const char *expected)
{
    o->status = status;
    return expected;
}

static inline bool mote_is_string(const struct mote_model *m, uint32_t i)
{
    return i < m->string_count;
}

static inline bool mote_is_string_or_none(const struct mote_model *m,
                                          uint32_t i)
{
    return i == MOTE_NONE || mote_is_string(m, i);
}

/* Where `count` records of `size` bytes begin at byte `offset` of a section;
 * NULL when they reach beyond its end or do not lie on `align`. */
const void *mote_section_records(const struct mote_model *m,
                                 const struct mote_file_section *s,
                                 uint64_t offset, uint64_t count, uint64_t size,
                                 uint64_t align);

/* The records behind the count that a section begins with, filling it. */
const void *mote_section_counted(const struct mote_model *m,
                                 enum mote_section_type type, uint64_t size,
                                 uint32_t most, uint32_t *count);

/* Parts of core/model/model_about.c, each behind those before it. */
const char *mote_open_about(struct mote_opening *o);
const char *mote_open_input(struct mote_opening *o);
const char *mote_open_output(struct mote_opening *o);
const char *mote_open_series(struct mote_opening *o);
const char *mote_open_jobs(struct mote_opening *o);

#endif
