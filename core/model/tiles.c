/* core/model/tiles.c - see core/model/tiles.h */
#include "core/model/tiles.h"
#include "core/base/linked.h"
#include "core/kernel/layer.h"

/* ------------------------------------------------------------------------
 * Tiles
 */
static enum mote_status damaged(struct mote_where *where)
{
    where->field = MOTE_TEXT("DATA");
    where->expected = "weights that match their checksums and decode";
    return MOTE_E_DAMAGED;
}

/* Blocks from `first` up to `end` match their checksums, or nobody asks. */
static bool are_proven(const struct mote_run *run,
                       const struct mote_coded *coded, uint32_t first,
                       uint32_t end)
{
    if (!run->model->verifies_blocks)
        return true;
    for (uint32_t i = first; i < end; i++)
        if (mote_decode_verify(coded, i) != MOTE_OK)
            return false;
    return true;
}

/* The table of codes goes to the front of the scratch. */
static enum mote_status begin(const struct mote_run *run,
                              const struct mote_file_tensor *t,
                              struct mote_coded *coded)
{
    const struct mote_model *m = run->model;

    if (mote_coded_of(m, t, coded))
        return MOTE_E_FORMAT;
    return mote_coding_has_codes(&coded->coding)
               ? mote_decode_table((struct mote_decode_table *)run->decoder,
                                   m->bytes + t->table_offset)
               : MOTE_OK;
}

/* Blocks from *i on, to `to`, until there are `most` bytes of them; *n: how
 * many there are. */
static enum mote_status decode_tile(const struct mote_run *run,
                                    const struct mote_coded *coded, uint32_t *i,
                                    uint64_t most, uint8_t *to, uint64_t *n)
{
    const struct mote_decode_table *table = (const void *)run->decoder;

    for (*n = 0; *n < most && *i < coded->coding.blocks; ++*i) {
        if (!are_proven(run, coded, *i, *i + 1) ||
            mote_decode_block(coded, table, *i, to + *n) != MOTE_OK)
            return MOTE_E_FORMAT;
        *n += mote_coding_block(&coded->coding, *i).bytes;
    }
    return MOTE_OK;
}

static enum mote_status visit_coded(const struct mote_run *run,
                                    const struct mote_file_tensor *t,
                                    struct mote_kept *kept, mote_tile_fn *visit,
                                    const void *with)
{
    const uint64_t panel = mote_panel_bytes(t), most = mote_coded_tile_bytes(t);
    struct mote_coded coded;
    uint64_t n, at = 0;

    if (begin(run, t, &coded) != MOTE_OK)
        return MOTE_E_FORMAT;
    for (uint32_t i = 0; i < coded.coding.blocks; at += n) {
        uint8_t *to = kept ? kept->at + at : run->decoder + MOTE_CODED_TABLE;
        if (decode_tile(run, &coded, &i, most, to, &n) != MOTE_OK)
            return MOTE_E_FORMAT;
        struct mote_tile tile = {
            .w = (const int8_t *)to,
            .first = at / panel * MOTE_P8K8,
            .rows = n / panel * MOTE_P8K8,
        };
        if (tile.rows > t->dims[0] - tile.first)
            tile.rows = t->dims[0] - tile.first;
        visit(&tile, with);
    }
    if (kept)
        kept->whole = true;
    return MOTE_OK;
}

enum mote_status mote_tiles_visit(const struct mote_run *run, uint32_t value,
                                  mote_tile_fn *visit, const void *with,
                                  struct mote_where *where)
{
    const uint32_t number = run->plan->values[value].tensor;
    const struct mote_file_tensor *t = run->model->tensors + number;
    struct mote_kept *kept = run->kept ? run->kept + number : NULL;

    if (kept && !kept->at)
        kept = NULL;
    if (MOTE_LINKED_CODED && mote_is_coded(t) && !(kept && kept->whole))
        return visit_coded(run, t, kept, visit, with) == MOTE_OK
                   ? MOTE_OK
                   : damaged(where);
    const struct mote_tile whole = {
        .w = (const int8_t *)(kept ? kept->at
                                   : run->model->bytes + t->data_offset),
        .rows = t->dims[0],
    };
    visit(&whole, with);
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * Products
 */
struct product {
    const struct mote_kernels *kernels;
    const struct mote_dense_s8 *d;
    enum mote_activation activation;
};

static void multiply(const struct mote_tile *tile, const void *with)
{
    const struct product *p = with;
    struct mote_dense_s8 part = *p->d;
    struct mote_requantize to_s8;

    part.w = tile->w;
    part.m = tile->rows;
    if (part.to_s8) {
        to_s8 = *part.to_s8;
        to_s8.b += tile->first;
        to_s8.c += tile->first;
        to_s8.y += tile->first;
        part.to_s8 = &to_s8;
    } else {
        part.c += tile->first;
        part.b = part.b ? part.b + tile->first : NULL;
        part.y += tile->first;
    }
    mote_layer_s8(p->kernels, &part, p->activation);
}

enum mote_status mote_tiles_dense(const struct mote_run *run, uint32_t value,
                                  const struct mote_dense_s8 *d,
                                  enum mote_activation activation,
                                  struct mote_where *where)
{
    const struct product p = {&run->model->kernels, d, activation};

    return mote_tiles_visit(run, value, multiply, &p, where);
}

/* ------------------------------------------------------------------------
 * Wholes
 */

/* With room behind it, as a tensor in a file has. */
static uint64_t whole_bytes(const struct mote_file_tensor *t)
{
    const uint64_t align = MOTE_FILE_ALIGN;
    return ((t->decoded_bytes + align - 1) & ~(align - 1)) + align;
}

/* The coded tensor that read i of an operator is, or NULL. */
static const struct mote_file_tensor *
coded_read(const struct mote_model *m, const struct mote_plan *plan,
           const struct mote_operation *op, uint32_t i)
{
    if (!MOTE_LINKED_CODED || op->reads[i] == MOTE_NONE)
        return NULL;
    const struct mote_file_value *v = plan->values + op->reads[i];
    const struct mote_file_tensor *t = m->tensors + v->tensor;
    return v->kind == MOTE_VALUE_TENSOR && mote_is_coded(t) ? t : NULL;
}

uint64_t mote_wholes_bytes(const struct mote_scope *s,
                           const struct mote_operation *op)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < op->file->reads; i++) {
        const struct mote_file_tensor *t = coded_read(s->model, s->plan, op, i);
        if (t && __builtin_add_overflow(sum, whole_bytes(t), &sum))
            return UINT64_MAX / 2; /* more than any scratch has */
    }
    return sum;
}

static enum mote_status decode_whole(const struct mote_run *run,
                                     const struct mote_file_tensor *t,
                                     uint8_t *to)
{
    struct mote_decode_table *table = (void *)run->decoder;
    uint8_t *room = run->decoder + MOTE_CODED_TABLE;
    struct mote_coded coded;

    if (t->encoding == MOTE_ENCODING_BYTES)
        return mote_coded_of(run->model, t, &coded) ||
                       !are_proven(run, &coded, 0, coded.coding.blocks)
                   ? MOTE_E_FORMAT
                   : mote_decode_bytes(&coded,
                                       run->model->bytes + t->table_offset,
                                       table, room, to);
    if (begin(run, t, &coded) != MOTE_OK ||
        !are_proven(run, &coded, 0, coded.coding.blocks))
        return MOTE_E_FORMAT;
    for (uint32_t i = 0; i < coded.coding.blocks; i++) {
        const struct mote_coding_block b = mote_coding_block(&coded.coding, i);
        if (mote_decode_block(&coded, table, i, to + b.at) != MOTE_OK)
            return MOTE_E_FORMAT;
    }
    return MOTE_OK;
}

enum mote_status mote_wholes(const struct mote_run *run,
                             const struct mote_operation *op, uint8_t *memory,
                             const void *at[MOTE_WHOLES_READS],
                             struct mote_where *where)
{
    for (uint32_t i = 0; i < op->file->reads; i++) {
        const struct mote_file_tensor *t =
            coded_read(run->model, run->plan, op, i);
        at[i] = op->reads[i] == MOTE_NONE ? NULL
                                          : mote_run_value(run, op->reads[i]);
        if (!t)
            continue;
        struct mote_kept *kept =
            run->kept && run->kept[t - run->model->tensors].at
                ? run->kept + (t - run->model->tensors)
                : NULL;
        uint8_t *to = kept ? kept->at : memory;
        at[i] = to;
        if (!kept)
            memory += whole_bytes(t);
        else if (kept->whole)
            continue;
        if (decode_whole(run, t, to) != MOTE_OK)
            return damaged(where);
        if (kept)
            kept->whole = true;
    }
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * Rows
 */
enum mote_status mote_table_begin(struct mote_table *table,
                                  const struct mote_run *run, uint32_t value,
                                  struct mote_where *where)
{
    const struct mote_file_tensor *t =
        run->model->tensors + run->plan->values[value].tensor;

    table->run = run;
    table->row_bytes = t->dims[1] * mote_dtype_bytes(t->dtype);
    table->most = MOTE_TABLE_ROWS;
    table->rows = run->model->bytes + t->data_offset;
    if (!MOTE_LINKED_CODED || !mote_is_coded(t))
        return MOTE_OK;
    table->rows = NULL;
    table->codes = (struct mote_decode_table *)run->decoder;
    table->tile = run->decoder + MOTE_CODED_TABLE;
    if (begin(run, t, &table->coded) != MOTE_OK)
        return damaged(where);
    const uint32_t room = mote_coding_room(table->coded.coding.piece_bytes);
    if (table->most > MOTE_CODING_BLOCK_MAX / room)
        table->most = MOTE_CODING_BLOCK_MAX / room;
    table->row_bytes = room;
    return MOTE_OK;
}

enum mote_status mote_table_rows(const struct mote_table *table,
                                 const uint32_t *rows, uint32_t count,
                                 const void **at, struct mote_where *where)
{
    const bool coded = MOTE_LINKED_CODED && !table->rows;

    for (uint32_t i = 0; coded && i < count; i++) {
        const uint32_t block = rows[i] / table->coded.coding.group_rows;
        if (!are_proven(table->run, &table->coded, block, block + 1))
            return damaged(where);
    }
    if (coded && mote_decode_rows(&table->coded, table->codes, rows, count,
                                  table->tile) != MOTE_OK)
        return damaged(where);
    for (uint32_t i = 0; i < count; i++)
        at[i] = coded ? table->tile + i * table->row_bytes
                      : table->rows + rows[i] * table->row_bytes;
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * Copies that stay
 */

/* Copies begin behind the table of places. */
static uint64_t place_bytes(const struct mote_file_tensor *t)
{
    return mote_is_coded(t) && !mote_coded_by_rows(t) ? whole_bytes(t) : 0;
}

static uint64_t places_bytes(const struct mote_model *m)
{
    const uint64_t n = m->tensor_count * sizeof(struct mote_kept);
    return (n + MOTE_FILE_ALIGN - 1) & ~(uint64_t)(MOTE_FILE_ALIGN - 1);
}

uint64_t mote_kept_bytes(const struct mote_model *m)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; MOTE_LINKED_CODED && i < m->tensor_count; i++)
        if (__builtin_add_overflow(sum, place_bytes(m->tensors + i), &sum))
            return UINT64_MAX;
    return sum && __builtin_add_overflow(sum, places_bytes(m), &sum)
               ? UINT64_MAX
               : sum;
}

struct mote_kept *mote_kept_begin(const struct mote_model *m, void *memory)
{
    struct mote_kept *kept = memory;
    uint8_t *at = (uint8_t *)memory + places_bytes(m);

    for (uint32_t i = 0; i < m->tensor_count; i++) {
        const uint64_t n = place_bytes(m->tensors + i);
        if (n)
            kept[i].at = at;
        at += n;
    }
    return kept;
}
