/*
 * core/model/check.c - what opening a model leaves unchecked, because it would
 * touch every page: see mote_model_check in core/model/model.h.
 */
#include "core/base/cursor.h"
#include "core/model/coded.h"
#include "core/model/operator.h"

static enum mote_status refuse(enum mote_status status, const char *field,
                               const char *expected, struct mote_where *where)
{
    where->field = mote_text_of(field);
    where->expected = expected;
    return status;
}

/* ------------------------------------------------------------------------
 * Bytes
 */
static enum mote_status check_sections(const struct mote_model *m,
                                       struct mote_where *where)
{
    const struct mote_file_header *h = m->header;
    const struct mote_file_section *s = (const void *)(h + 1);
    uint64_t end = sizeof *h + h->section_count * sizeof *s;

    for (uint32_t i = 0; i < h->section_count; i++, s++) {
        if (!mote_all_zero(m->bytes + end, s->offset - end))
            return refuse(MOTE_E_FORMAT, "section table",
                          "zeros between sections", where);
        end = s->offset + s->bytes;
    }
    if (!mote_all_zero(m->bytes + end, h->content_bytes - end))
        return refuse(MOTE_E_FORMAT, "section table", "zeros between sections",
                      where);
    end = h->content_bytes + h->provenance_bytes;
    if (!mote_all_zero(m->bytes + end, h->file_bytes - end))
        return refuse(MOTE_E_FORMAT, "tail", "nothing but zeros", where);
    return mote_model_verify(m, where);
}

static enum mote_status check_provenance(const struct mote_model *m,
                                         struct mote_where *where)
{
    const struct mote_file_header *h = m->header;
    struct mote_cursor c =
        mote_cursor_over(m->bytes + h->provenance_offset, h->provenance_bytes);
    uint32_t left = h->provenance_offset ? mote_cursor_u32(&c) : 0;
    const bool zero = mote_cursor_u32(&c) == 0;
    struct mote_provenance piece;
    size_t at = 0;

    while (left && mote_model_provenance(m, &at, &piece))
        left--;
    const size_t end = at ? at : sizeof(struct mote_file_count);
    if (h->provenance_offset && (left || !zero || end != h->provenance_bytes))
        return refuse(MOTE_E_FORMAT, "provenance", "keys and values to its end",
                      where);
    return MOTE_OK;
}

/* Whether one of 64 weights is -128. */
static bool has_lowest(const int8_t *w)
{
    const uint64_t ones = 0x0101010101010101, tops = ones << 7;
    uint64_t found = 0, eight;

    for (size_t i = 0; i < MOTE_P8K8_BYTES; i += sizeof eight) {
        memcpy(&eight, w + i, sizeof eight);
        eight ^= tops; /* then a byte that is 0 is sought */
        found |= (eight - ones) & ~eight & tops;
    }
    return found;
}

/* Whether a block of a panel holds zeros behind `rows` rows and `columns`
 * columns. */
static bool is_filled_with_zeros(const int8_t *w, uint64_t rows,
                                 uint64_t columns)
{
    for (size_t i = 0; i < MOTE_P8K8_BYTES; i++)
        if (w[i] && (i / MOTE_P8K8 >= rows || i % MOTE_P8K8 >= columns))
            return false;
    return true;
}

/* Of n bytes of a matrix in panels, whole blocks of 8 rows and columns from
 * byte `at` on: no -128, which kernels cannot negate, and zeros where rows and
 * columns are filled up. */
static bool panels_are_good(const struct mote_file_tensor *t, uint64_t at,
                            uint64_t n, const int8_t *w)
{
    const uint64_t blocks = ((uint64_t)t->dims[1] + 7) / MOTE_P8K8;

    for (uint64_t i = at / MOTE_P8K8_BYTES; n;
         i++, n -= MOTE_P8K8_BYTES, w += MOTE_P8K8_BYTES) {
        const uint64_t rows = t->dims[0] - i / blocks * MOTE_P8K8;
        const uint64_t columns = t->dims[1] - i % blocks * MOTE_P8K8;
        if (has_lowest(w) || ((rows < MOTE_P8K8 || columns < MOTE_P8K8) &&
                              !is_filled_with_zeros(w, rows, columns)))
            return false;
    }
    return true;
}

static bool bools_are_good(const uint8_t *b, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        if (b[i] > 1)
            return false;
    return true;
}

/* Of n bytes of its elements, from byte `at` on. */
static bool elements_are_good(const struct mote_file_tensor *t, uint64_t at,
                              uint64_t n, const void *bytes)
{
    if (t->layout == MOTE_LAYOUT_P8K8)
        return panels_are_good(t, at, n, bytes);
    return t->dtype != MOTE_BOOL || bools_are_good(bytes, n);
}

static enum mote_status check_contents_of(const struct mote_model *m,
                                          const struct mote_file_tensor *t,
                                          struct mote_where *where)
{
    if (mote_is_coded(t))
        return mote_coded_check(m, t, elements_are_good, where);
    return elements_are_good(t, 0, t->decoded_bytes, m->bytes + t->data_offset)
               ? MOTE_OK
               : refuse(MOTE_E_FORMAT, "DATA", "elements in their range",
                        where);
}

static enum mote_status check_tensors(const struct mote_model *m,
                                      struct mote_where *where)
{
    const struct mote_file_section *data = m->sections[MOTE_SECTION_DATA];
    uint64_t end = data ? data->offset : 0;

    for (uint32_t i = 0; i < m->tensor_count; i++) {
        const struct mote_file_tensor *t = m->tensors + i;
        if (!mote_all_zero(m->bytes + end, t->data_offset - end))
            return refuse(MOTE_E_FORMAT, "DATA", "zeros between tensors",
                          where);
        const enum mote_status s = check_contents_of(m, t, where);
        if (s != MOTE_OK)
            return s;
        end = t->data_offset + t->data_bytes;
    }
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * Plans
 */

/*
 * Which values hold what was written to them, while a plan is gone through in
 * order: a write makes its value live and ends the life of every other one in
 * the same place.
 */
struct liveness {
    uint64_t bits[MOTE_PLAN_VALUES_MAX / 64];
};

static bool is_live(const struct mote_scope *s, const struct liveness *l,
                    uint32_t v)
{
    return mote_scope_value(s, v)->kind == MOTE_VALUE_TENSOR ||
           l->bits[v / 64] >> v % 64 & 1;
}

static void write_value(const struct mote_scope *s, struct liveness *l,
                        uint32_t written)
{
    for (uint32_t v = 0; v < s->plan->file->values; v++)
        if (l->bits[v / 64] >> v % 64 & 1 && mote_scope_overlap(s, v, written))
            l->bits[v / 64] &= ~((uint64_t)1 << v % 64);
    l->bits[written / 64] |= (uint64_t)1 << written % 64;
}

/* Whether all that op reads is live; then its writes take effect. */
static bool step_live(const struct mote_scope *s, struct liveness *l,
                      const struct mote_operation *op)
{
    for (uint32_t r = 0; r < op->file->reads; r++)
        if (op->reads[r] != MOTE_NONE && !is_live(s, l, op->reads[r]))
            return false;
    for (uint32_t w = 0; w < op->file->writes; w++)
        write_value(s, l, op->writes[w]);
    return true;
}

static enum mote_status check_live(const struct mote_scope *s,
                                   struct mote_where *where)
{
    struct liveness l = {0};

    for (uint32_t i = 0; i < s->plan->file->inputs; i++)
        write_value(s, &l, i);
    for (uint32_t at = 0; at < s->plan->file->operators_bytes;) {
        const struct mote_operation op = mote_operation_at(s->plan, at);
        if (!step_live(s, &l, &op))
            return refuse(MOTE_E_FORMAT, "PLANS",
                          "values written before they are read", where);
        at += op.file->bytes;
    }
    for (uint32_t i = 0; i < s->plan->file->outputs; i++)
        if (!is_live(s, &l, s->plan->outputs[i]))
            return refuse(MOTE_E_FORMAT, "PLANS", "outputs that are written",
                          where);
    return MOTE_OK;
}

/* Tables that lead somewhere: what the shapes of operands do not tell. */
static enum mote_status check_contents(const struct mote_scope *s,
                                       struct mote_where *where)
{
    for (uint32_t at = 0; at < s->plan->file->operators_bytes;) {
        const struct mote_operation op = mote_operation_at(s->plan, at);
        if (!mote_operator_contents(s, &op))
            return refuse(MOTE_E_FORMAT, "DATA",
                          "tables that lead nowhere but to each other", where);
        at += op.file->bytes;
    }
    return MOTE_OK;
}

/* ------------------------------------------------------------------------ */

enum mote_status mote_model_check(const struct mote_model *m, void *arena,
                                  struct mote_where *where)
{
    enum mote_status s = check_sections(m, where);

    if (s == MOTE_OK)
        s = check_provenance(m, where);
    if (s == MOTE_OK && mote_is_text(m->features))
        s = mote_tokenizer_prove(&m->tokenizer, where);
    if (s == MOTE_OK)
        s = check_tensors(m, where);
    for (uint32_t i = 0; s == MOTE_OK && i < m->plan_count; i++) {
        const struct mote_scope scope = {m, m->plans + i, i, arena};
        s = check_live(&scope, where);
        if (s == MOTE_OK)
            s = check_contents(&scope, where);
    }
    return s;
}
