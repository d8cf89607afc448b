/*
 * core/model/model.c - see core/model/model.h; core/model/model_about.c has the
 * sections that say what a model is, takes and gives
 *
 * in      a file that may come from anywhere
 * out     struct mote_model, every pointer and index in it proven
 * cost    once per start: a pass over the tables, none over the weights
 * trust   nothing; each check names its section and what it wanted
 * source  compress/FORMAT.md, in its order
 */
#include "core/model/model.h"
#include "core/base/assert.h"
#include "core/base/cursor.h"
#include "core/base/utf8.h"
#include "core/base/xxh64.h"
#include "core/model/coded.h"
#include "core/model/opening.h"

static const char *const section_names[MOTE_SECTION_TYPES] = {
    [MOTE_SECTION_STRINGS] = "STRINGS", [MOTE_SECTION_SYMBOLS] = "SYMBOLS",
    [MOTE_SECTION_TENSORS] = "TENSORS", [MOTE_SECTION_PLANS] = "PLANS",
    [MOTE_SECTION_MODEL] = "MODEL",     [MOTE_SECTION_INPUT] = "INPUT",
    [MOTE_SECTION_OUTPUT] = "OUTPUT",   [MOTE_SECTION_DATA] = "DATA",
    [MOTE_SECTION_TEXT] = "TEXT",       [MOTE_SECTION_JOBS] = "JOBS",
    [MOTE_SECTION_ASSETS] = "ASSETS",   [MOTE_SECTION_DEBUG] = "DEBUG",
    [MOTE_SECTION_CODES] = "CODES",     [MOTE_SECTION_SERIES] = "SERIES",
};

const char *mote_section_name(uint32_t type)
{
    return type > 0 && type < MOTE_SECTION_TYPES ? section_names[type]
                                                 : "section table";
}

size_t mote_dtype_bytes(uint8_t dtype)
{
    static const uint8_t bytes[] = {
        [MOTE_F32] = 4, [MOTE_F64] = 8, [MOTE_S8] = 1,  [MOTE_U8] = 1,
        [MOTE_S16] = 2, [MOTE_S32] = 4, [MOTE_S64] = 8, [MOTE_BOOL] = 1,
    };
    return dtype < sizeof bytes ? bytes[dtype] : 0;
}

bool mote_all_zero(const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    while (n && *at == 0)
        at++, n--;
    return n == 0;
}

const void *mote_section_records(const struct mote_model *m,
                                 const struct mote_file_section *s,
                                 uint64_t offset, uint64_t count, uint64_t size,
                                 uint64_t align)
{
    if (offset % align || offset > s->bytes ||
        count > (s->bytes - offset) / size)
        return NULL;
    return m->bytes + s->offset + offset;
}

const void *mote_section_counted(const struct mote_model *m,
                                 enum mote_section_type type, uint64_t size,
                                 uint32_t most, uint32_t *count)
{
    const struct mote_file_section *s = m->sections[type];
    const struct mote_file_count *head =
        mote_section_records(m, s, 0, 1, sizeof *head, sizeof *head);

    if (!head || head->zero || head->count > most ||
        s->bytes != sizeof *head + head->count * size)
        return NULL;
    *count = head->count;
    return head + 1;
}

/* ------------------------------------------------------------------------
 * Header and section table
 */
static const char *open_header(struct mote_opening *o)
{
    const struct mote_file_header *h = o->m->header;
    const size_t n = o->n;

    if (n < sizeof *h || memcmp(h->magic, MOTE_FILE_MAGIC, sizeof h->magic))
        return "a .mote file";
    if (h->minimum_reader > MOTE_FILE_VERSION || h->version == 0)
        return mote_opening_as(o, MOTE_E_VERSION, "format version 1");
    if (mote_xxh64(h, offsetof(struct mote_file_header, header_hash)) !=
        h->header_hash)
        return mote_opening_as(o, MOTE_E_DAMAGED,
                               "bytes that match the header hash");
    if (h->arithmetic != MOTE_FILE_ARITHMETIC)
        return mote_opening_as(o, MOTE_E_VERSION, "arithmetic version 1");
    if (h->file_bytes != n)
        return "a file of the length it states";
    if (h->section_count == 0 || h->section_count > MOTE_SECTIONS_MAX)
        return "1 to 32 sections";
    if (h->content_bytes % MOTE_FILE_ALIGN || h->content_bytes > n ||
        h->content_bytes <
            sizeof *h + h->section_count * sizeof(struct mote_file_section))
        return "content inside the file";
    if (h->request_arena % MOTE_FILE_ALIGN || h->request_arena >> 40 ||
        h->model_arena)
        return "arenas in multiples of 64 bytes";
    if (h->zero0 || !mote_all_zero(h->zero1, sizeof h->zero1) ||
        !mote_all_zero(h->zero2, sizeof h->zero2))
        return "zeros where nothing is defined";
    return NULL;
}

/* Provenance or nothing behind the content, then at least 64 zeros. They are
 * not looked at: of a model that is part of an executable nobody needs them. */
static const char *open_tail(struct mote_opening *o)
{
    const struct mote_file_header *h = o->m->header;
    uint64_t end = h->content_bytes;

    if (h->provenance_offset) {
        if (h->provenance_offset != end ||
            h->provenance_bytes > h->file_bytes - end)
            return "a place inside the file";
        end += h->provenance_bytes;
    } else if (h->provenance_bytes || h->provenance_hash) {
        return "an offset";
    }
    o->part = "tail";
    if (h->file_bytes - end < MOTE_FILE_TAIL)
        return "64 zeros behind the last section";
    return NULL;
}

/* The content hash covers two pieces; join them first. */
static bool content_hash_matches(const struct mote_model *m)
{
    const size_t half = offsetof(struct mote_file_header, content_hash);
    const size_t table =
        m->header->section_count * sizeof(struct mote_file_section);
    uint8_t joined[64 + MOTE_SECTIONS_MAX * sizeof(struct mote_file_section)];

    memcpy(joined, m->bytes, half);
    memcpy(joined + half, m->header + 1, table);
    return mote_xxh64(joined, half + table) == m->header->content_hash;
}

/* The first record of the table with this record's type: itself, or else it
 * is there twice. */
static bool is_first(const struct mote_model *m,
                     const struct mote_file_section *s)
{
    const struct mote_file_section *t = (const void *)(m->header + 1);
    while (t->type != s->type)
        t++;
    return t == s;
}

static const char *open_section(struct mote_opening *o,
                                const struct mote_file_section *s,
                                uint64_t *end)
{
    struct mote_model *m = o->m;
    const bool known = s->type > 0 && s->type < MOTE_SECTION_TYPES;

    if (s->offset % MOTE_FILE_ALIGN || s->offset < *end ||
        s->offset > m->header->content_bytes ||
        s->bytes > m->header->content_bytes - s->offset)
        return "sections in order and inside the file";
    *end = s->offset + s->bytes;
    if (s->flags & ~MOTE_SECTION_REQUIRED)
        return "known flags";
    if (s->type == MOTE_SECTION_DATA && s->bytes >= MOTE_FILE_PAGE &&
        s->offset % MOTE_FILE_PAGE)
        return "DATA that begins on a page";
    if (known)
        o->part = section_names[s->type];
    if (!is_first(m, s))
        return "one section of its type";
    if (!known && s->flags & MOTE_SECTION_REQUIRED) {
        o->where->number = s->type;
        return mote_opening_as(o, MOTE_E_UNKNOWN, "sections of a known type");
    }
    if (!mote_section_is_bulk(s->type) &&
        mote_xxh64(m->bytes + s->offset, s->bytes) != s->hash)
        return mote_opening_as(o, MOTE_E_DAMAGED, "bytes that match its hash");
    if (known)
        m->sections[s->type] = s;
    return NULL;
}

static const char *open_sections(struct mote_opening *o)
{
    const struct mote_model *m = o->m;
    const struct mote_file_header *h = m->header;
    const struct mote_file_section *s = (const void *)(h + 1);
    const char *table = o->part;
    uint64_t end = sizeof *h + h->section_count * sizeof *s;

    if (!content_hash_matches(m))
        return mote_opening_as(o, MOTE_E_DAMAGED,
                               "bytes that match the content hash");
    for (uint32_t i = 0; i < h->section_count; i++) {
        const char *expected = open_section(o, s + i, &end);
        if (expected)
            return expected;
        o->part = table;
    }
    o->part = "header";
    if (h->content_bytes - end >= MOTE_FILE_ALIGN)
        return "content that ends with its last section";
    for (uint32_t type = MOTE_SECTION_STRINGS; type < MOTE_SECTION_DATA;
         type++) {
        o->part = section_names[type];
        if (!m->sections[type])
            return "to be there";
    }
    return NULL;
}

/* ------------------------------------------------------------------------
 * Strings, symbols, tensors
 */
static const char *open_strings(struct mote_opening *o)
{
    struct mote_model *m = o->m;
    const struct mote_file_section *s = m->sections[MOTE_SECTION_STRINGS];
    const uint32_t *count = mote_section_records(m, s, 0, 1, 4, 4);
    const uint32_t *start =
        count ? mote_section_records(m, s, 4, (uint64_t)*count + 1, 4, 4)
              : NULL;

    if (!start)
        return "a table inside the section";
    const uint64_t bytes = s->bytes - 8 - 4 * (uint64_t)*count;
    const char *text = (const char *)(start + *count + 1);
    m->string_count = *count;
    m->string_starts = start;
    m->string_bytes = text;
    if (mote_utf8_valid(text, bytes) != bytes)
        return "UTF-8";
    for (uint32_t i = 0; i < *count; i++) {
        if ((i == 0 && start[0] != 0) || start[i] > start[i + 1] ||
            start[i + 1] > bytes)
            return "starts in order and inside the section";
        if (start[i] < bytes && ((uint8_t)text[start[i]] & 0xC0) == 0x80)
            return "strings that begin with a character";
    }
    if (start[*count] != bytes)
        return "strings to the section's end";
    return NULL;
}

static const char *open_symbols(struct mote_opening *o)
{
    struct mote_model *m = o->m;
    m->symbols =
        mote_section_counted(m, MOTE_SECTION_SYMBOLS, sizeof *m->symbols,
                             MOTE_SYMBOLS_MAX, &m->symbol_count);
    if (!m->symbols || m->symbol_count == 0)
        return "1 to 8 symbols";
    for (uint32_t i = 0; i < m->symbol_count; i++)
        if (!mote_is_string(m, m->symbols[i].name) ||
            m->symbols[i].maximum == 0 ||
            m->symbols[i].maximum >= MOTE_SYMBOL_LIMIT)
            return "a name and a maximum from 1 to 2^24 - 1";
    return NULL;
}

/* Bytes of a tensor in its layout; 0 when it has none. */
static uint64_t layout_bytes(const struct mote_file_tensor *t)
{
    uint64_t bytes = mote_dtype_bytes(t->dtype);

    if (t->layout == MOTE_LAYOUT_P8K8) {
        if (t->dtype != MOTE_S8 || t->rank != 2)
            return 0;
        const uint64_t panels = ((uint64_t)t->dims[0] + 7) / 8;
        const uint64_t blocks = ((uint64_t)t->dims[1] + 7) / 8;
        return __builtin_mul_overflow(panels * blocks, (uint64_t)64, &bytes)
                   ? 0
                   : bytes;
    }
    for (uint32_t i = 0; i < t->rank; i++)
        if (__builtin_mul_overflow(bytes, (uint64_t)t->dims[i], &bytes))
            return 0;
    return bytes;
}

/* Of RAW, which has nothing but its data. */
static const char *open_raw(const struct mote_file_tensor *t)
{
    return t->block_bytes || t->table_offset || t->index_offset ||
                   t->checksum_offset || t->data_bytes != t->decoded_bytes ||
                   t->bits != 8 * mote_dtype_bytes(t->dtype)
               ? "as many bytes as its shape has, and nothing else"
               : NULL;
}

/* What data and tables reach to, while tensors are gone through. */
struct ends {
    uint64_t data, codes; /* bytes of the file */
};

static const char *open_tensor(struct mote_opening *o,
                               const struct mote_file_tensor *t,
                               struct ends *end)
{
    const struct mote_model *m = o->m;
    const struct mote_file_section *data = m->sections[MOTE_SECTION_DATA];
    const uint64_t align =
        t->data_bytes >= MOTE_FILE_PAGE ? MOTE_FILE_PAGE : MOTE_FILE_ALIGN;

    if (t->layout > MOTE_LAYOUT_P8K8 || t->layout_version != 1 ||
        !mote_coded_known(t->encoding))
        return mote_opening_as(o, MOTE_E_UNKNOWN,
                               "a known layout and encoding");
    if (!mote_dtype_bytes(t->dtype) || t->rank > MOTE_RANK_MAX || t->zero ||
        !mote_is_string_or_none(m, t->name))
        return "a dtype, a rank and a name";
    for (uint32_t i = 0; i < MOTE_RANK_MAX; i++)
        if (i < t->rank ? t->dims[i] == 0 || t->dims[i] >> 31 : t->dims[i] != 0)
            return "dimensions from 1 to 2^31 - 1";
    if (t->decoded_bytes == 0 || t->decoded_bytes != layout_bytes(t))
        return "as many bytes as its shape has";
    if (!data || t->data_offset % align || t->data_offset < end->data ||
        t->data_offset - data->offset > data->bytes ||
        t->data_bytes > data->bytes - (t->data_offset - data->offset))
        return "data in order and inside the DATA section";
    end->data = t->data_offset + t->data_bytes;
    return mote_is_coded(t) ? mote_coded_open(m, t, &end->codes, &o->part)
                            : open_raw(t);
}

static const char *open_tensors(struct mote_opening *o)
{
    struct mote_model *m = o->m;
    const struct mote_file_section *data = m->sections[MOTE_SECTION_DATA];
    const struct mote_file_section *codes = m->sections[MOTE_SECTION_CODES];
    struct ends end = {data ? data->offset : 0, codes ? codes->offset : 0};

    m->tensors =
        mote_section_counted(m, MOTE_SECTION_TENSORS, sizeof *m->tensors,
                             UINT32_MAX, &m->tensor_count);
    if (!m->tensors)
        return "as many records as it counts";
    for (uint32_t i = 0; i < m->tensor_count; i++) {
        const char *expected = open_tensor(o, m->tensors + i, &end);
        if (expected)
            return expected;
        o->part = "TENSORS";
    }
    if (data && end.data != data->offset + data->bytes)
        return "data to the end of the DATA section";
    return mote_coded_end(m, end.codes, &o->part);
}

/* ------------------------------------------------------------------------
 * Plans
 */
/* The next `count` records of `size` bytes of PLANS, *at being moved behind
 * them and on to a multiple of 8, over zeros; NULL when they are not `there`.
 */
static const void *next_records(const struct mote_opening *o, uint64_t *at,
                                uint64_t there, uint64_t count, uint64_t size)
{
    const struct mote_model *m = o->m;
    const struct mote_file_section *s = m->sections[MOTE_SECTION_PLANS];
    const void *found = mote_section_records(m, s, *at, count, size, 8);
    const uint64_t end = *at + count * size, pad = -end & 7;

    if (!found || there != *at || pad > s->bytes - end ||
        !mote_all_zero(m->bytes + s->offset + end, pad))
        return NULL;
    *at = end + pad;
    return found;
}

static const char *open_plan(struct mote_opening *o, struct mote_plan *plan,
                             const struct mote_file_plan *p, uint64_t *at)
{
    const struct mote_model *m = o->m;

    if (!mote_is_string(m, p->name) || p->flags > MOTE_PLAN_FLUSH_DENORMALS)
        return "a name and known flags";
    if (p->inputs > MOTE_PLAN_ENDS_MAX || p->outputs > MOTE_PLAN_ENDS_MAX ||
        p->values > MOTE_PLAN_VALUES_MAX || p->inputs > p->values ||
        p->operators > MOTE_PLAN_OPERATORS_MAX)
        return "a plan within the format's limits";
    plan->file = p;
    plan->values =
        next_records(o, at, p->values_offset, p->values, sizeof *plan->values);
    plan->outputs = !plan->values
                        ? NULL
                        : next_records(o, at, p->outputs_offset, p->outputs, 4);
    plan->operators = !plan->outputs ? NULL
                                     : next_records(o, at, p->operators_offset,
                                                    p->operators_bytes, 1);
    if (!plan->operators)
        return "values, outputs and operators, one behind the other";
    if (p->arena % MOTE_FILE_ALIGN ||
        p->arena > m->header->request_arena - m->decoder_bytes)
        return "an arena within the header's";
    for (uint32_t i = 0; i < p->outputs; i++)
        if (plan->outputs[i] >= p->values)
            return "outputs among its values";
    return NULL;
}

static const char *open_plans(struct mote_opening *o)
{
    struct mote_model *m = o->m;
    const struct mote_file_section *s = m->sections[MOTE_SECTION_PLANS];
    const struct mote_file_count *head =
        mote_section_records(m, s, 0, 1, sizeof *head, 8);
    uint64_t at = sizeof *head;

    if (!head || head->zero || head->count == 0 || head->count > MOTE_PLANS_MAX)
        return "1 to 16 plans";
    const struct mote_file_plan *p =
        next_records(o, &at, at, head->count, sizeof *p);
    if (!p)
        return "as many records as it counts";
    m->plan_count = head->count;
    for (uint32_t i = 0; i < head->count; i++) {
        const char *expected = open_plan(o, m->plans + i, p + i, &at);
        if (expected)
            return expected;
    }
    if (at != s->bytes)
        return "nothing behind the last plan";
    for (uint32_t i = head->count; i-- > 0;) { /* the called before callers */
        o->status = mote_plan_check(m, i, o->where);
        if (o->status != MOTE_OK)
            return o->where->expected;
    }
    return NULL;
}

/* ------------------------------------------------------------------------ */

enum mote_status mote_model_open(struct mote_model *m, const void *bytes,
                                 size_t n, struct mote_where *where)
{
    static const struct {
        const char *name;
        const char *(*open)(struct mote_opening *o);
    } parts[] = {
        {"header", open_header},
        {"provenance", open_tail},
        {"section table", open_sections},
        {"STRINGS", open_strings},
        {"SYMBOLS", open_symbols},
        {"TENSORS", open_tensors},
        {"PLANS", open_plans},
        {"MODEL", mote_open_about},
        {"INPUT", mote_open_input},
        {"OUTPUT", mote_open_output},
        {"SERIES", MOTE_LINKED_SERIES ? mote_open_series : NULL},
        {"JOBS", MOTE_LINKED_JOBS ? mote_open_jobs : NULL},
    };
    struct mote_opening o = {.m = m, .n = n, .where = where};

    assert((uintptr_t)bytes % MOTE_FILE_ALIGN == 0);
    memset(m, 0, sizeof *m);
    m->bytes = bytes;
    m->header = bytes;
    mote_model_use_cpu(m, 0);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        o.status = MOTE_E_FORMAT;
        o.part = parts[i].name;
        where->expected = parts[i].open ? parts[i].open(&o) : NULL;
        if (where->expected) {
            where->field = mote_text_of(o.part);
            return o.status;
        }
    }
    return MOTE_OK;
}

void mote_model_use_cpu(struct mote_model *m, uint32_t cpu)
{
    mote_kernels_select(&m->kernels, cpu);
    m->streams = mote_coded_streams(cpu);
}

bool mote_model_has_choice(const struct mote_model *m)
{
    if (m->decoder_bytes)
        return true;
    for (uint32_t i = 0; i < m->plan_count; i++)
        if (mote_plan_has_choice(m->plans + i))
            return true;
    return false;
}

struct mote_text mote_model_string(const struct mote_model *m, uint32_t i)
{
    assert(i < m->string_count);
    return (struct mote_text){m->string_bytes + m->string_starts[i],
                              m->string_starts[i + 1] - m->string_starts[i]};
}

const struct mote_plan *mote_model_main(const struct mote_model *m)
{
    return m->plans + m->about->plan;
}

static bool provenance_value(struct mote_cursor *c, size_t n,
                             struct mote_provenance *piece)
{
    const bool number = n == sizeof piece->u64;

    switch (piece->type) {
    case MOTE_PROVENANCE_TEXT:
        piece->text = (struct mote_text){mote_cursor_take(c, n), n};
        return c->ok && mote_utf8_valid(piece->text.at, n) == n;
    case MOTE_PROVENANCE_U64:
        piece->u64 = mote_cursor_u64(c);
        return number;
    case MOTE_PROVENANCE_F64:
        piece->f64 = mote_cursor_f64(c);
        return number;
    }
    return false;
}

bool mote_model_provenance(const struct mote_model *m, size_t *at,
                           struct mote_provenance *piece)
{
    const struct mote_file_header *h = m->header;
    struct mote_cursor c =
        mote_cursor_over(m->bytes + h->provenance_offset, h->provenance_bytes);
    const uint8_t *base = c.at;

    mote_cursor_take(&c, *at ? *at : sizeof(struct mote_file_count));
    const uint16_t key_bytes = mote_cursor_u16(&c);
    piece->type = mote_cursor_u16(&c);
    const uint32_t n = mote_cursor_u32(&c);
    const size_t pad = (size_t) - ((size_t)key_bytes + n) & 7;
    piece->key = (struct mote_text){mote_cursor_take(&c, key_bytes), key_bytes};
    if (!c.ok || mote_utf8_valid(piece->key.at, key_bytes) != key_bytes ||
        !provenance_value(&c, n, piece))
        return false;
    const void *zeros = mote_cursor_take(&c, pad);
    *at = (size_t)(c.at - base);
    return c.ok && mote_all_zero(zeros, pad);
}
