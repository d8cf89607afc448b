/*
 * core/model/model.h - a .mote file, checked and ready to be used in place.
 *
 * Opening proves everything that a plan relies on: after it, operators run
 * without checks. The proof needs no memory and touches no page of weights
 * unless it is asked to.
 */
#ifndef MOTE_MODEL_MODEL_H
#define MOTE_MODEL_MODEL_H

#include "compress/streams.h"
#include "core/base/linked.h"
#include "core/base/status.h"
#include "core/kernel/kernels.h"
#include "core/model/file.h"
#include "core/model/tokenizer.h"

struct mote_plan {
    const struct mote_file_plan *file;
    const struct mote_file_value *values; /* [file->values]  */
    const uint32_t *outputs;              /* [file->outputs] */
    const uint8_t *operators;             /* records, file->operators_bytes */
};

/* All pointers lead into the file, which must outlive this. */
struct mote_model {
    const uint8_t *bytes;
    const struct mote_file_header *header;
    const struct mote_file_section *sections[MOTE_SECTION_TYPES]; /* or NULL */
    const uint32_t *string_starts; /* [string_count + 1] */
    const char *string_bytes;
    uint32_t string_count;
    const struct mote_file_symbol *symbols;
    uint32_t symbol_count;
    const struct mote_file_tensor *tensors;
    uint32_t tensor_count;
    struct mote_plan plans[MOTE_PLANS_MAX];
    uint32_t plan_count;
    const struct mote_file_model *about;
    const struct mote_file_feature *features;
    uint32_t feature_count;
    const struct mote_file_output *output;
    const struct mote_file_series *series; /* NULL: no forecaster */
    const struct mote_file_series_column *series_columns;
    const struct mote_file_forecast *forecasts;
    struct mote_tokenizer tokenizer; /* of a text                          */
    uint64_t decoder_bytes; /* of scratch for coded tensors; 0: none is coded */
    struct mote_kernels kernels; /* for any machine until mote_model_use_cpu */
    const struct mote_streams *streams; /* likewise */
    bool verifies_blocks; /* coded blocks are compared with their checksums
                             whenever they are decoded; the caller's choice */
};

/*
 * Opens a file of n bytes at `bytes`, which is aligned to MOTE_FILE_ALIGN:
 * checks tables, shapes, ranges and strings, what memory safety rests on. Of
 * weights and provenance nothing is read.
 *
 * errors  where->field names the section, where->expected what was wanted
 *         MOTE_E_FORMAT   not such a file, or something in it is out of range
 *         MOTE_E_VERSION  needs a newer reader, or other arithmetic
 *         MOTE_E_UNKNOWN  a required section or an operator of unknown number
 *         MOTE_E_DAMAGED  a hash does not match
 */
enum mote_status mote_model_open(struct mote_model *m, const void *bytes,
                                 size_t n, struct mote_where *where);

/*
 * The rest of the checks, for an open model that comes from outside; one that
 * is part of the executable had them when it was built. Every byte is looked
 * at: all hashes, zeros where nothing is, tensor elements in their range, that
 * coded blocks match their checksums and decode, records of provenance, that
 * tables of trees lead nowhere but to each other, and that plans write every
 * value before they read it. Errors as above.
 *
 * arena  header->request_arena bytes on a multiple of MOTE_FILE_ALIGN, for
 *        tables that have to be decoded; NULL will do where decoder_bytes is 0
 */
enum mote_status mote_model_check(const struct mote_model *m, void *arena,
                                  struct mote_where *where);

/*
 * Of the checks above the hashes alone, for an open model: of DATA, and with it
 * of every coded block and every raw tensor, of provenance, and of the other
 * sections that opening does not hash. MOTE_E_DAMAGED, and where->field names
 * the section.
 */
enum mote_status mote_model_verify(const struct mote_model *m,
                                   struct mote_where *where);

/*
 * Chooses the best kernels for cpu, what mote_cpu_flags says. Answers do not
 * depend on it. Where no operator of the model has kernels to choose from,
 * asking the processor is not worth its time: mote_model_has_choice tells.
 */
void mote_model_use_cpu(struct mote_model *m, uint32_t cpu);
bool mote_model_has_choice(const struct mote_model *m);

/* String i of the file, valid UTF-8; i must be one of its indices. */
struct mote_text mote_model_string(const struct mote_model *m, uint32_t i);

/* The plan that answers requests. */
const struct mote_plan *mote_model_main(const struct mote_model *m);

/* Whether a feature is one; a build that links none of them has none. */
static inline bool mote_is_category(const struct mote_file_feature *f)
{
    return MOTE_LINKED_CATEGORIES && f->kind == MOTE_FEATURE_CATEGORY;
}

/* Likewise. A text is the only feature of its model. */
static inline bool mote_is_text(const struct mote_file_feature *f)
{
    return MOTE_LINKED_TEXTS && f->kind == MOTE_FEATURE_TEXT;
}

/* Whether a model answers with a vector, likewise. */
static inline bool mote_is_embedding(const struct mote_file_output *o)
{
    return MOTE_LINKED_TEXTS && o->kind == MOTE_OUTPUT_EMBEDDING;
}

/* The symbol that counts a text's tokens, of a model that takes one. */
static inline uint32_t mote_model_tokens(const struct mote_model *m)
{
    return mote_model_main(m)->values->dims[1] & ~MOTE_DIM_SYMBOL;
}

/* Largest batch that one run can take. */
static inline uint32_t mote_model_batch(const struct mote_model *m)
{
    return m->symbols[0].maximum;
}

/* One piece of provenance; texts are views into the file. */
struct mote_provenance {
    struct mote_text key, text; /* text: of MOTE_PROVENANCE_TEXT */
    enum mote_provenance_type type;
    uint64_t u64;
    double f64;
};

/* Gives the pieces one after another: *at is 0 at first, then what the call
 * before left there. False after the last, and at one that is malformed. */
bool mote_model_provenance(const struct mote_model *m, size_t *at,
                           struct mote_provenance *piece);

/* Sections that only mote_model_verify hashes: of weights and the like, and of
 * unknown types. */
static inline bool mote_section_is_bulk(uint32_t type)
{
    return type == MOTE_SECTION_DATA || type == MOTE_SECTION_TEXT ||
           type == MOTE_SECTION_ASSETS || type == MOTE_SECTION_DEBUG ||
           type >= MOTE_SECTION_TYPES;
}

/* "DATA"; of an unknown type, whose name nobody knows, "section table". */
const char *mote_section_name(uint32_t type);

bool mote_all_zero(const void *bytes, size_t n);

/* Bytes of an element of a dtype of the file, 0 for one without a size. */
size_t mote_dtype_bytes(uint8_t dtype);

#endif
