/*
 * core/model/tiles.h - how operators read tensors that may be coded.
 *
 * Whatever is decoded goes to the decoder's scratch, at the end of the request
 * arena, and is used there before the next piece takes its place: pages that
 * nobody touched before cost more than decoding does.
 *
 *     | arenas of plans ... | code table, 4 KiB | tile |
 *                           ^ run->decoder             ^ end of the arena
 *
 * A tile is a few whole panels, or a few rows. RAW tensors are one tile, where
 * they lie.
 */
#ifndef MOTE_MODEL_TILES_H
#define MOTE_MODEL_TILES_H

#include "core/model/coded.h"

/* Rows of a matrix in P8K8, a multiple of 8 from `first` on. */
struct mote_tile {
    const int8_t *w; /* [rows][columns] in P8K8 */
    size_t first, rows;
};

/*
 * Calls visit for each tile of a matrix, value number `value` of the plan, in
 * order. errors: MOTE_E_DAMAGED when a block does not decode, or does not match
 * its checksum and the model verifies blocks; where is filled
 */
typedef void mote_tile_fn(const struct mote_tile *tile, const void *with);
enum mote_status mote_tiles_visit(const struct mote_run *run, uint32_t value,
                                  mote_tile_fn *visit, const void *with,
                                  struct mote_where *where);

/* mote_layer_s8 of d, but for its w, which is value number `value`; d->to_s8
 * may be set, then without an activation. Errors likewise. */
enum mote_status mote_tiles_dense(const struct mote_run *run, uint32_t value,
                                  const struct mote_dense_s8 *d,
                                  enum mote_activation activation,
                                  struct mote_where *where);

/*
 * Tensors of which an operator needs all at once: tables that are walked, and
 * weights that every step of a sequence needs. They are decoded to its own
 * scratch, in front of what else it holds there, or to a copy that is kept.
 */
#define MOTE_WHOLES_READS 9 /* of such an operator, at most */

/* Bytes of scratch for all tensors of an operator that are decoded whole, a
 * multiple of 64; 0 when none is coded. */
uint64_t mote_wholes_bytes(const struct mote_scope *s,
                           const struct mote_operation *op);

/* Where each read of an operator lies, NULL for none; coded ones are decoded,
 * if they are not yet, to kept copies or to memory [mote_wholes_bytes]. Errors
 * as above. */
enum mote_status mote_wholes(const struct mote_run *run,
                             const struct mote_operation *op, uint8_t *memory,
                             const void *at[MOTE_WHOLES_READS],
                             struct mote_where *where);

/* A table, rows of which are asked for. */
#define MOTE_TABLE_ROWS 16 /* at once, at most */
struct mote_table {
    const struct mote_run *run;
    const uint8_t *rows; /* RAW; NULL: coded */
    size_t row_bytes;
    uint32_t most; /* rows at once */
    struct mote_coded coded;
    struct mote_decode_table *codes;
    uint8_t *tile;
};

enum mote_status mote_table_begin(struct mote_table *table,
                                  const struct mote_run *run, uint32_t value,
                                  struct mote_where *where);

/* Says where rows[count] of it are, count at most table->most; they are there
 * until the next call. */
enum mote_status mote_table_rows(const struct mote_table *table,
                                 const uint32_t *rows, uint32_t count,
                                 const void **at, struct mote_where *where);

/*
 * Decoded copies that stay: all coded tensors but those by rows that a run
 * meets are decoded to places of their own, and later runs use them there.
 * Memory is the caller's, zeros at first, as many bytes as mote_kept_bytes says
 * (0: no such tensor is coded), on a multiple of 64; it outlives the runs that
 * it is set in.
 */
struct mote_kept {
    uint8_t *at; /* NULL: this tensor is not kept */
    bool whole;  /* decoded to the end */
};
uint64_t mote_kept_bytes(const struct mote_model *m);
struct mote_kept *mote_kept_begin(const struct mote_model *m, void *memory);

#endif
