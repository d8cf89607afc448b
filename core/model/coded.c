/* core/model/coded.c - see core/model/coded.h */
#include "core/model/coded.h"
#include "compress/codes.h"
#include "core/base/linked.h"

/* Panels to a tile: what a product takes in one pass. With fewer it would work
 * on some of them several times (core/kernel/dense_s8_tiles.h). */
#define TILE_PANELS 4

_Static_assert(MOTE_CODED_TABLE == 4096, "FORMAT.md");

bool mote_coded_known(uint8_t encoding)
{
    return encoding == MOTE_ENCODING_RAW ||
           (MOTE_LINKED_CODED && encoding <= MOTE_ENCODING_BYTES);
}

const struct mote_streams *mote_coded_streams(uint32_t cpu)
{
    return MOTE_LINKED_CODED ? mote_streams_select(cpu) : NULL;
}

static bool is_paired(const struct mote_file_tensor *t)
{
    return t->encoding == MOTE_ENCODING_PLANES ||
           t->encoding == MOTE_ENCODING_HUFPAIR;
}

/* ------------------------------------------------------------------------
 * Records
 */
static const char *coding_of(const struct mote_file_tensor *t,
                             struct mote_coding *coding)
{
    const size_t element = mote_dtype_bytes(t->dtype);
    const struct mote_coding_shape shape = {
        .mode = t->encoding,
        .bits = t->bits,
        .element_bytes = (uint8_t)element,
        .panels = mote_in_panels(t),
        .block_bytes = t->block_bytes,
        .unit_bytes = mote_in_panels(t) ? mote_panel_bytes(t)
                      : t->rank == 2    ? (uint64_t)t->dims[1] * element
                                        : 0,
        .decoded_bytes = t->decoded_bytes,
    };

    return MOTE_LINKED_CODED ? mote_coding_set(coding, &shape) : "RAW tensors";
}

bool mote_coded_by_rows(const struct mote_file_tensor *t)
{
    struct mote_coding c;
    return !coding_of(t, &c) && c.by_rows;
}

static const void *at_offset(const struct mote_model *m, uint64_t offset)
{
    return offset ? m->bytes + offset : NULL;
}

const char *mote_coded_of(const struct mote_model *m,
                          const struct mote_file_tensor *t,
                          struct mote_coded *coded)
{
    *coded = (struct mote_coded){
        .data = m->bytes + t->data_offset,
        .data_bytes = t->data_bytes,
        .index = at_offset(m, t->index_offset),
        .checksums = at_offset(m, t->checksum_offset),
        .streams = m->streams,
    };
    return coding_of(t, &coded->coding);
}

/* Moves *at over zeros to a multiple of 8 and then over n bytes, which must be
 * at `offset` and inside CODES; else leaves it. */
static bool take(const struct mote_model *m, uint64_t offset, uint64_t n,
                 uint64_t *at)
{
    const struct mote_file_section *s = m->sections[MOTE_SECTION_CODES];
    const uint64_t end = s->offset + s->bytes, from = (*at + 7) & ~(uint64_t)7;

    if (offset != from || from > end || n > end - from)
        return false;
    *at = from + n;
    return true;
}

static uint64_t tables_bytes(const struct mote_file_tensor *t)
{
    struct mote_coding c;
    return coding_of(t, &c) ? 0 : MOTE_CODING_TABLE * mote_coding_tables(&c);
}

/* A table of its own, or that of a tensor before. */
static bool has_table(const struct mote_model *m,
                      const struct mote_file_tensor *t, uint64_t *at)
{
    if (take(m, t->table_offset, tables_bytes(t), at))
        return true;
    for (const struct mote_file_tensor *u = m->tensors; u < t; u++)
        if (u->table_offset && u->table_offset == t->table_offset &&
            tables_bytes(u) == tables_bytes(t))
            return true;
    return false;
}

/* Whether tables are those of codes, or of planes. */
static bool tables_are_good(const struct mote_coding *c, const uint8_t *tables)
{
    struct mote_codes codes;
    struct mote_plane plane;

    if (c->mode != MOTE_CODING_BYTES)
        return mote_codes_read(&codes, tables);
    for (uint32_t i = 0; i < mote_coding_tables(c); i++)
        if (mote_decode_plane(&plane, NULL,
                              tables + (size_t)i * MOTE_CODING_TABLE) !=
            MOTE_OK)
            return false;
    return true;
}

const char *mote_coded_open(const struct mote_model *m,
                            const struct mote_file_tensor *t, uint64_t *at,
                            const char **part)
{
    struct mote_coding coding;
    struct mote_coded coded;

    if (!m->sections[MOTE_SECTION_CODES])
        return "a section of CODES";
    if ((is_paired(t) && t->dtype != MOTE_S8) || t->decoded_bytes >> 63)
        return "a dtype that its encoding can have";
    const char *expected = coding_of(t, &coding);
    if (expected)
        return expected;
    const struct mote_coding *c = &coding;
    const uint64_t index = 4 * ((uint64_t)c->blocks + 1);
    if (mote_coding_has_codes(c)
            ? !has_table(m, t, at) || !take(m, t->index_offset, index, at)
            : t->table_offset || t->index_offset)
        return "a table and an index where its encoding has them";
    if (!take(m, t->checksum_offset, 8 * (uint64_t)mote_coding_checksums(c),
              at))
        return "checksums behind them";
    *part = "CODES";
    mote_coded_of(m, t, &coded); /* whose parts are inside */
    if (c->blocks % 2 == 0 && coded.index && coded.index[c->blocks + 1])
        return "zeros between its parts";
    expected = mote_decode_open(&coded);
    if (expected)
        return expected;
    if (mote_coding_has_codes(c) &&
        !tables_are_good(c, m->bytes + t->table_offset))
        return "complete codes of at most 11 bits";
    return NULL;
}

uint64_t mote_coded_tile_bytes(const struct mote_file_tensor *t)
{
    if (!mote_in_panels(t))
        return MOTE_CODING_BLOCK_MAX;
    const uint64_t panels = TILE_PANELS * mote_panel_bytes(t),
                   b = t->block_bytes;
    const uint64_t tile =
        b < mote_panel_bytes(t) ? panels : (panels + b - 1) / b * b;
    return tile < t->decoded_bytes ? tile : t->decoded_bytes;
}

const char *mote_coded_end(struct mote_model *m, uint64_t at, const char **part)
{
    const struct mote_file_section *s = m->sections[MOTE_SECTION_CODES];

    for (uint32_t i = 0; MOTE_LINKED_CODED && i < m->tensor_count; i++) {
        const struct mote_file_tensor *t = m->tensors + i;
        if (mote_is_coded(t) &&
            m->decoder_bytes < MOTE_CODED_TABLE + mote_coded_tile_bytes(t))
            m->decoder_bytes = MOTE_CODED_TABLE + mote_coded_tile_bytes(t);
    }
    *part = "CODES";
    if (s && (m->decoder_bytes == 0 || at != s->offset + s->bytes ||
              s->flags != MOTE_SECTION_REQUIRED))
        return "tables of coded tensors to its end, and to be required";
    *part = "header";
    if (m->decoder_bytes > m->header->request_arena)
        return "an arena with room to decode in";
    return NULL;
}

/* The coded tensor that value v of the plan is, or NULL. */
static const struct mote_file_tensor *coded_value(const struct mote_scope *s,
                                                  uint32_t v)
{
    const struct mote_file_value *value = mote_scope_value(s, v);
    const struct mote_file_tensor *t = s->model->tensors + value->tensor;

    return value->kind == MOTE_VALUE_TENSOR && mote_is_coded(t) ? t : NULL;
}

bool mote_coded_reads_fit(const struct mote_scope *s,
                          const struct mote_operation *op)
{
    struct mote_coding c;

    for (uint32_t r = 0; MOTE_LINKED_CODED && r < op->file->reads; r++) {
        const struct mote_file_tensor *t =
            op->reads[r] == MOTE_NONE ? NULL : coded_value(s, op->reads[r]);
        if (!t)
            continue;
        if (coding_of(t, &c))
            return false;
        if (mote_operator_decodes_whole(op->file, r)
                ? c.by_rows
                : !mote_operator_decodes(op->file, r) ||
                      (!mote_in_panels(t) && !c.by_rows))
            return false;
    }
    return true;
}

bool mote_coded_outputs_fit(const struct mote_scope *s)
{
    for (uint32_t i = 0; MOTE_LINKED_CODED && i < s->plan->file->outputs; i++)
        if (coded_value(s, s->plan->outputs[i]))
            return false;
    return true;
}

/* ------------------------------------------------------------------------
 * Checking
 */
static enum mote_status refuse(enum mote_status status, const char *expected,
                               struct mote_where *where)
{
    where->field = MOTE_TEXT("DATA");
    where->expected = expected;
    return status;
}

/* What one block needs to be looked at. */
struct checking {
    struct mote_coded coded;
    struct mote_decode_table table;
    struct mote_plane plane; /* of BYTES */
    uint8_t room[MOTE_CODING_BLOCK_MAX];
};

/* Block i, or as many of its rows from `row` on as there is room for, at most
 * *rows, which is set to how many. */
static enum mote_status decode_piece(struct checking *k, uint32_t i,
                                     uint32_t row, uint32_t *rows)
{
    const struct mote_coding *c = &k->coded.coding;
    const uint32_t most = sizeof k->room / mote_coding_room(c->piece_bytes);
    uint32_t numbers[MOTE_CODING_GROUP_ROWS];

    if (c->mode == MOTE_CODING_BYTES)
        return mote_decode_plane_block(&k->coded, &k->plane, &k->table, i,
                                       k->room);
    if (!c->by_rows)
        return mote_decode_block(&k->coded, &k->table, i, k->room);
    *rows = *rows < most ? *rows : most;
    for (uint32_t j = 0; j < *rows; j++)
        numbers[j] = i * c->group_rows + row + j;
    return mote_decode_rows(&k->coded, &k->table, numbers, *rows, k->room);
}

static enum mote_status check_block(struct checking *k,
                                    const struct mote_file_tensor *t,
                                    uint32_t i, mote_coded_good_fn *good,
                                    struct mote_where *where)
{
    const struct mote_coding *c = &k->coded.coding;
    const struct mote_coding_block b = mote_coding_block(c, i);
    const uint32_t pieces = c->by_rows ? b.rows : 1, n = b.bytes / pieces;
    const uint32_t room = mote_coding_room(n);

    if (mote_decode_verify(&k->coded, i) != MOTE_OK)
        return refuse(MOTE_E_DAMAGED, "blocks that match their checksums",
                      where);
    for (uint32_t row = 0, rows; row < pieces; row += rows) {
        rows = pieces - row;
        if (decode_piece(k, i, row, &rows) != MOTE_OK)
            return refuse(MOTE_E_FORMAT, "blocks that decode", where);
        for (uint32_t j = 0; j < rows; j++) {
            const uint8_t *bytes = k->room + (size_t)j * room;
            if (is_paired(t) && !mote_all_zero(bytes + n, room - n))
                return refuse(MOTE_E_FORMAT, "zeros behind the last weight",
                              where);
            if (!good(t, b.at + (uint64_t)(row + j) * n, n, bytes))
                return refuse(MOTE_E_FORMAT, "elements in their range", where);
        }
    }
    return MOTE_OK;
}

/* Whether its panels have more rows or columns than it has. */
static bool is_filled_up(const struct mote_file_tensor *t)
{
    return mote_in_panels(t) &&
           (t->dims[0] % MOTE_P8K8 || t->dims[1] % MOTE_P8K8);
}

/* Takes the table of the plane that block i begins, if it does. */
static bool begin_plane(const struct mote_model *m,
                        const struct mote_file_tensor *t, struct checking *k,
                        uint32_t i)
{
    const uint32_t blocks = k->coded.coding.blocks_per_run;

    return t->encoding != MOTE_ENCODING_BYTES || i % blocks ||
           mote_decode_plane(&k->plane, &k->table,
                             m->bytes + t->table_offset +
                                 (size_t)(i / blocks) * MOTE_CODING_TABLE) ==
               MOTE_OK;
}

enum mote_status mote_coded_check(const struct mote_model *m,
                                  const struct mote_file_tensor *t,
                                  mote_coded_good_fn *good,
                                  struct mote_where *where)
{
    struct checking k;
    enum mote_status s = MOTE_OK;

    if (mote_coded_of(m, t, &k.coded) ||
        (t->encoding != MOTE_ENCODING_BYTES &&
         mote_coding_has_codes(&k.coded.coding) &&
         mote_decode_table(&k.table, m->bytes + t->table_offset) != MOTE_OK))
        return refuse(MOTE_E_FORMAT, "coded tensors", where);
    /* of a constant all blocks are alike, and there is no end to them */
    const bool one = t->encoding == MOTE_ENCODING_CONST;
    for (uint32_t i = 0; s == MOTE_OK && i < k.coded.coding.blocks; i++) {
        if (!begin_plane(m, t, &k, i))
            return refuse(MOTE_E_FORMAT, "coded tensors", where);
        s = check_block(&k, t, i, good, where);
        if (one)
            break;
    }
    if (s == MOTE_OK && one && is_filled_up(t) && k.coded.data[0])
        return refuse(MOTE_E_FORMAT, "elements in their range", where);
    return s;
}
