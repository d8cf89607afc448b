/*
 * core/model/coded.h - tensors that are stored coded, and the proof that they
 * are whole: compress/FORMAT.md, "Coded tensors". Operators read them through
 * core/model/tiles.h.
 */
#ifndef MOTE_MODEL_CODED_H
#define MOTE_MODEL_CODED_H

#include "compress/decode.h"
#include "core/model/operator.h"

static inline bool mote_is_coded(const struct mote_file_tensor *t)
{
    return t->encoding != MOTE_ENCODING_RAW;
}

static inline bool mote_in_panels(const struct mote_file_tensor *t)
{
    return t->layout == MOTE_LAYOUT_P8K8;
}

/* Bytes of 8 rows of a matrix in panels. */
static inline uint64_t mote_panel_bytes(const struct mote_file_tensor *t)
{
    return ((uint64_t)t->dims[1] + MOTE_P8K8 - 1) / MOTE_P8K8 * MOTE_P8K8_BYTES;
}

/* Of scratch: a table of codes, and behind it a tile of the tensor, which is as
 * many blocks as hold 4 panels, or the panels; or 16384 bytes of rows. */
#define MOTE_CODED_TABLE sizeof(struct mote_decode_table)
uint64_t mote_coded_tile_bytes(const struct mote_file_tensor *t);

/* Whether this build decodes tensors of that encoding. */
bool mote_coded_known(uint8_t encoding);

/* The version of the inner loops that cpu allows. */
const struct mote_streams *mote_coded_streams(uint32_t cpu);

/* A coded tensor as the decoder takes it, put together when it is needed. NULL,
 * or what was expected of its record; of an open model always NULL. */
const char *mote_coded_of(const struct mote_model *m,
                          const struct mote_file_tensor *t,
                          struct mote_coded *coded);

/*
 * Proves a coded tensor whose shape, data and sizes are: its record, and its
 * table, index and checksums, which begin at byte *at of the file or at the
 * next multiple of 8; *at is moved behind them. NULL, or what was expected of
 * the section *part.
 */
const char *mote_coded_open(const struct mote_model *m,
                            const struct mote_file_tensor *t, uint64_t *at,
                            const char **part);

/* Proves what all tensors together need, when each is proven and *at says where
 * their tables end: nothing behind them, and room to decode in, which is set in
 * the model. Likewise. */
const char *mote_coded_end(struct mote_model *m, uint64_t at,
                           const char **part);

/* Whether it is coded by rows, each of which can be decoded alone. */
bool mote_coded_by_rows(const struct mote_file_tensor *t);

/* Whether coded tensors are read only where the operator decodes them, and are
 * no outputs of the plan. */
bool mote_coded_reads_fit(const struct mote_scope *s,
                          const struct mote_operation *op);
bool mote_coded_outputs_fit(const struct mote_scope *s);

/* Whether every block matches its checksum, decodes, and has nothing but zeros
 * beyond its bytes; `good` is asked about the bytes of each block, or row, the
 * first of which is number `at` of the tensor. Names what is not so. */
typedef bool mote_coded_good_fn(const struct mote_file_tensor *t, uint64_t at,
                                uint64_t n, const void *bytes);
enum mote_status mote_coded_check(const struct mote_model *m,
                                  const struct mote_file_tensor *t,
                                  mote_coded_good_fn *good,
                                  struct mote_where *where);

#endif
