/*
 * core/model/operators_trees.c - sums of decision trees, and what stands for a
 * missing number: opcodes 20 to 22 of compress/FORMAT.md.
 *
 * A check proves what the tables' shapes say. What their elements say, where a
 * walk goes, is looked at by the two functions called ..._contents, for
 * core/model/check.c.
 */
#include "core/kernel/trees.h"
#include "core/kernel/trees_linked_node.h"
#include "core/model/operands.h"
#include "core/model/tiles.h"

/* Operands: the first four are those of both forms. */
enum { X, VALUES, TARGETS, START };
enum { KEYS = 4, FEATURES, HEAP_READS };
enum { NODES = 4, ROOTS, ORDER, SETS, LINKED_READS };
enum { Y, SCRATCH, WRITES };

#define DEPTH_MAX 16      /* of trees in a heap                       */
#define COLUMNS_MAX 21845 /* of x: three times that and 1 are 16 bits */
#define LEAVES_MAX (UINT32_C(1) << 31)

/* ------------------------------------------------------------------------
 * Checks
 */
static const struct mote_file_value *
read_of(const struct mote_scope *s, const struct mote_operation *op, uint32_t i)
{
    return op->reads[i] == MOTE_NONE ? NULL : mote_scope_value(s, op->reads[i]);
}

/* A tensor in rows, of that type and rank. */
static bool is_table(const struct mote_scope *s,
                     const struct mote_file_value *v, uint8_t dtype,
                     uint8_t rank)
{
    return v && v->dtype == dtype && v->rank == rank &&
           v->kind == MOTE_VALUE_TENSOR &&
           s->model->tensors[v->tensor].layout == MOTE_LAYOUT_ROWS;
}

static bool is_real(uint8_t dtype)
{
    return dtype == MOTE_F32 || dtype == MOTE_F64;
}

/* Rows of x at their most, but no more than go through a group at once. */
static uint64_t rows_at_once(const struct mote_scope *s,
                             const struct mote_file_value *x)
{
    uint64_t rows = 1;

    for (uint32_t i = 0; i + 1u < x->rank && rows < MOTE_TREES_ROWS; i++)
        rows *= mote_scope_largest(s, x->dims[i]);
    return rows < MOTE_TREES_ROWS ? rows : MOTE_TREES_ROWS;
}

/* x [..., n] and y [..., m], n and m constants. */
static bool rows_fit(const struct mote_scope *s,
                     const struct mote_operation *op)
{
    const struct mote_file_value *x = read_of(s, op, X);
    const struct mote_file_value *y = mote_scope_value(s, op->writes[Y]);

    if (!x || !is_real(x->dtype) || x->rank == 0 || !is_real(y->dtype) ||
        y->rank != x->rank)
        return false;
    const uint32_t last = x->rank - 1u;
    return memcmp(x->dims, y->dims, last * sizeof *x->dims) == 0 &&
           x->dims[last] <= COLUMNS_MAX && !(y->dims[last] & MOTE_DIM_SYMBOL) &&
           (x->kind == MOTE_VALUE_ARENA ||
            s->model->tensors[x->tensor].layout == MOTE_LAYOUT_ROWS);
}

/* values [..., w], targets [trees] and start [m], the last two perhaps none. */
static bool sums_fit(const struct mote_scope *s,
                     const struct mote_operation *op, uint8_t rank,
                     uint32_t trees)
{
    const struct mote_file_value *y = mote_scope_value(s, op->writes[Y]);
    const struct mote_file_value *values = read_of(s, op, VALUES);
    const struct mote_file_value *targets = read_of(s, op, TARGETS);
    const struct mote_file_value *start = read_of(s, op, START);
    const uint32_t m = y->dims[y->rank - 1];

    return is_table(s, values, y->dtype, rank) && values->dims[rank - 1] <= m &&
           (!targets ||
            (is_table(s, targets, MOTE_S32, 1) && targets->dims[0] == trees)) &&
           (!start || (is_table(s, start, y->dtype, 1) && start->dims[0] == m));
}

/* Bytes of scratch for a row: its keys and the leaves of all trees. */
static uint64_t row_bytes(const struct mote_file_value *x, bool sets,
                          uint32_t leaves)
{
    const size_t columns = mote_trees_columns(x->dims[x->rank - 1], sets);
    return columns * (x->dtype == MOTE_F64 ? 8 : 4) + leaves * UINT64_C(4);
}

static bool scratch_fits(const struct mote_scope *s,
                         const struct mote_operation *op, bool sets,
                         uint32_t leaves)
{
    const struct mote_file_value *x = read_of(s, op, X);
    const struct mote_file_value *v = mote_scope_value(s, op->writes[SCRATCH]);

    return v->dtype == MOTE_U8 && v->rank == 1 &&
           !(v->dims[0] & MOTE_DIM_SYMBOL) &&
           v->dims[0] >= rows_at_once(s, x) * row_bytes(x, sets, leaves) +
                             mote_wholes_bytes(s, op);
}

/* The depth of a group of 8 << depth nodes, or DEPTH_MAX + 1. */
static uint32_t depth_of(uint32_t nodes)
{
    uint32_t depth = 0;

    while (depth <= DEPTH_MAX && (uint32_t)MOTE_TREES_GROUP << depth != nodes)
        depth++;
    return depth;
}

/* Whether so many trees fill the groups, but for some of the last. */
static bool fill_groups(uint32_t trees, uint32_t groups)
{
    return trees > 0 && (trees - 1) / MOTE_TREES_GROUP + 1 == groups;
}

bool mote_trees_heap_check(const struct mote_scope *s,
                           const struct mote_operation *op)
{
    if (op->file->reads != HEAP_READS || op->file->writes != WRITES ||
        op->attribute_count != 1 || !rows_fit(s, op))
        return false;
    const bool wide = read_of(s, op, X)->dtype == MOTE_F64;
    const struct mote_file_value *keys = read_of(s, op, KEYS);
    const struct mote_file_value *features = read_of(s, op, FEATURES);
    const struct mote_file_value *values = read_of(s, op, VALUES);
    const uint32_t trees = op->attributes[0];

    return is_table(s, keys, wide ? MOTE_S64 : MOTE_S32, 2) &&
           (is_table(s, features, MOTE_U8, 2) ||
            is_table(s, features, MOTE_S16, 2)) &&
           memcmp(keys->dims, features->dims, sizeof keys->dims) == 0 &&
           depth_of(keys->dims[1]) <= DEPTH_MAX &&
           fill_groups(trees, keys->dims[0]) && sums_fit(s, op, 3, trees) &&
           memcmp(keys->dims, values->dims, 2 * sizeof *keys->dims) == 0 &&
           (uint64_t)keys->dims[0] * keys->dims[1] <= LEAVES_MAX &&
           scratch_fits(s, op, false, 0);
}

bool mote_trees_linked_check(const struct mote_scope *s,
                             const struct mote_operation *op)
{
    if (op->file->reads != LINKED_READS || op->file->writes != WRITES ||
        op->attribute_count != 1 || !rows_fit(s, op))
        return false;
    const bool wide = read_of(s, op, X)->dtype == MOTE_F64;
    const struct mote_file_value *nodes = read_of(s, op, NODES);
    const struct mote_file_value *roots = read_of(s, op, ROOTS);
    const struct mote_file_value *order = read_of(s, op, ORDER);
    const struct mote_file_value *sets = read_of(s, op, SETS);
    const uint32_t category = op->attributes[0];

    return is_table(s, nodes, wide ? MOTE_S64 : MOTE_S32, 2) &&
           nodes->dims[1] == (wide ? 2 : 3) &&
           is_table(s, roots, MOTE_S32, 1) &&
           roots->dims[0] % MOTE_TREES_GROUP == 0 &&
           is_table(s, order, MOTE_S32, 1) &&
           fill_groups(order->dims[0], roots->dims[0] / MOTE_TREES_GROUP) &&
           sums_fit(s, op, 2, order->dims[0]) &&
           (sets ? is_table(s, sets, MOTE_S32, 1) &&
                       (category == MOTE_TREES_FROM_ZERO ||
                        category == MOTE_TREES_TRUNCATED)
                 : category == MOTE_TREES_NO_SETS) &&
           scratch_fits(s, op, sets, roots->dims[0]);
}

/* ------------------------------------------------------------------------
 * Contents
 */

/* Where its tables are, decoded where they are coded; x, which is no table
 * perhaps, is somewhere. */
static bool tables_of(const struct mote_scope *s,
                      const struct mote_operation *op,
                      const void *at[MOTE_WHOLES_READS])
{
    const struct mote_model *m = s->model;
    /* without an arena nothing is coded, and nothing is written */
    uint8_t *arena = s->arena ? s->arena : (uint8_t *)(uintptr_t)m->bytes;
    const struct mote_run run = {
        .model = m,
        .plan = s->plan,
        .arena = arena,
        .decoder = arena + (m->header->request_arena - m->decoder_bytes),
    };
    struct mote_where where;

    return mote_wholes(&run, op, mote_run_value(&run, op->writes[SCRATCH]), at,
                       &where) == MOTE_OK;
}

static uint32_t columns_of(const struct mote_scope *s,
                           const struct mote_operation *op)
{
    const struct mote_file_value *x = read_of(s, op, X);
    return x->dims[x->rank - 1];
}

/* Whether what trees add lands within the row. */
static bool targets_are_good(const struct mote_scope *s,
                             const struct mote_operation *op, const void *data)
{
    const struct mote_file_value *targets = read_of(s, op, TARGETS);
    const struct mote_file_value *values = read_of(s, op, VALUES);
    const struct mote_file_value *y = mote_scope_value(s, op->writes[Y]);

    return !targets || mote_all_below(data, targets->dims[0],
                                      y->dims[y->rank - 1] -
                                          values->dims[values->rank - 1] + 1);
}

/* Whether the columns of a group are there, and its unused nodes are 0. */
static bool group_is_good(const void *keys, const void *features, uint32_t n,
                          bool wide, bool many, uint32_t end)
{
    const uint32_t unused = MOTE_TREES_GROUP;

    for (uint32_t i = unused; i < n; i++)
        if ((many ? ((const uint16_t *)features)[i]
                  : ((const uint8_t *)features)[i]) >= end)
            return false;
    return mote_all_zero(keys, unused * (wide ? 8 : 4)) &&
           mote_all_zero(features, unused * (many ? 2 : 1));
}

bool mote_trees_heap_contents(const struct mote_scope *s,
                              const struct mote_operation *op)
{
    const struct mote_file_value *keys = read_of(s, op, KEYS);
    const struct mote_file_value *features = read_of(s, op, FEATURES);
    const bool wide = keys->dtype == MOTE_S64;
    const bool many = features->dtype == MOTE_S16;
    const uint32_t n = keys->dims[1];
    const void *at[MOTE_WHOLES_READS];

    if (!tables_of(s, op, at))
        return false;
    const char *k = at[KEYS], *f = at[FEATURES];
    for (uint32_t group = 0; group < keys->dims[0]; group++) {
        if (!group_is_good(k, f, n, wide, many, 2 * columns_of(s, op)))
            return false;
        k += (size_t)n * (wide ? 8 : 4);
        f += (size_t)n * (many ? 2 : 1);
    }
    return targets_are_good(s, op, at[TARGETS]);
}

/* Whether a set of at least two bits begins at `at`, and is all there. */
static bool set_is_good(const uint32_t *sets, uint32_t words, uint64_t at)
{
    return at < words && sets[at] >= 2 &&
           ((uint64_t)sets[at] + 31) / 32 <= words - at - 1;
}

/* The tables of a linked form. */
struct linked {
    const void *nodes;
    const uint32_t *sets;
    uint32_t count, values, set_words, n;
    bool wide;
};

/* A leaf leads to itself and has a value. Any other node is higher than both
 * of its children, so that no walk is longer than its root is high. */
static bool node_is_good(const struct linked *l, uint32_t i)
{
    const struct mote_trees_node node =
        mote_trees_node_at(l->nodes, i, l->wide);

    if (node.height == 0)
        return node.left == i && node.column == 2 * l->n &&
               node.key < l->values;
    if (node.left >= l->count - 1 || node.column == 2 * l->n ||
        node.column >= mote_trees_columns(l->n, l->sets != NULL) ||
        (node.column > 2 * l->n &&
         !set_is_good(l->sets, l->set_words, node.key)))
        return false;
    for (uint32_t child = node.left; child < node.left + 2; child++)
        if (mote_trees_node_at(l->nodes, child, l->wide).height >= node.height)
            return false;
    return true;
}

bool mote_trees_linked_contents(const struct mote_scope *s,
                                const struct mote_operation *op)
{
    const struct mote_file_value *nodes = read_of(s, op, NODES);
    const struct mote_file_value *roots = read_of(s, op, ROOTS);
    const struct mote_file_value *order = read_of(s, op, ORDER);
    const struct mote_file_value *sets = read_of(s, op, SETS);
    const void *at[MOTE_WHOLES_READS];

    if (!tables_of(s, op, at))
        return false;
    const struct linked l = {
        .nodes = at[NODES],
        .sets = at[SETS],
        .count = nodes->dims[0],
        .values = read_of(s, op, VALUES)->dims[0],
        .set_words = sets ? sets->dims[0] : 0,
        .n = columns_of(s, op),
        .wide = nodes->dtype == MOTE_S64,
    };

    if (l.sets && !set_is_good(l.sets, l.set_words, 0))
        return false;
    for (uint32_t i = 0; i < l.count; i++)
        if (!node_is_good(&l, i))
            return false;
    return mote_all_below(at[ROOTS], roots->dims[0], l.count) &&
           mote_all_below(at[ORDER], order->dims[0], roots->dims[0]) &&
           targets_are_good(s, op, at[TARGETS]);
}

/* ------------------------------------------------------------------------
 * Runs
 */

/* A use in one run, whatever the form of its trees. */
struct trees {
    const uint8_t *x;
    uint8_t *y, *keys;
    const void *start;
    struct mote_trees_sum sum;
    size_t rows, n, m, columns;
    enum mote_trees_category category;
    bool wide; /* x is f64 */
};

static const struct mote_file_value *file_value(const struct mote_run *run,
                                                const struct mote_operation *op,
                                                uint32_t i)
{
    return run->plan->values + op->reads[i];
}

/* With its tables, decoded where they are coded. */
static enum mote_status trees_of(const struct mote_run *run,
                                 const struct mote_operation *op,
                                 struct trees *t,
                                 const void *at[MOTE_WHOLES_READS],
                                 struct mote_where *where)
{
    const struct mote_scope scope = {.model = run->model, .plan = run->plan};
    const struct mote_file_value *x = file_value(run, op, X);
    const struct mote_file_value *values = file_value(run, op, VALUES);

    uint8_t *scratch = mote_run_value(run, op->writes[SCRATCH]);
    const enum mote_status s = mote_wholes(run, op, scratch, at, where);

    *t = (struct trees){
        .x = at[X],
        .y = mote_run_value(run, op->writes[Y]),
        .keys = scratch + mote_wholes_bytes(&scope, op),
        .start = at[START],
        .sum = {.values = at[VALUES],
                .targets = at[TARGETS],
                .width = values->dims[values->rank - 1],
                .wide = values->dtype == MOTE_F64},
        .rows = mote_run_extent(run, x, 1),
        .n = mote_run_last(run, x),
        .m = mote_run_last(run, run->plan->values + op->writes[Y]),
        .wide = x->dtype == MOTE_F64,
    };
    return s;
}

static size_t y_bytes(const struct trees *t)
{
    return t->m * (t->sum.wide ? 8 : 4);
}

static void *keys_of(const struct trees *t, size_t row)
{
    return t->keys + row * t->columns * (t->wide ? 8 : 4);
}

/* The keys of `count` rows, and what their sums start from. */
static void begin_rows(const struct trees *t, size_t first, size_t count)
{
    for (size_t r = 0; r < count; r++) {
        const uint8_t *x = t->x + (first + r) * t->n * (t->wide ? 8 : 4);
        uint8_t *y = t->y + (first + r) * y_bytes(t);
        if (t->wide)
            mote_trees_keys_f64((const void *)x, keys_of(t, r), t->n,
                                t->category);
        else
            mote_trees_keys_f32((const void *)x, keys_of(t, r), t->n,
                                t->category);
        if (t->start)
            memcpy(y, t->start, y_bytes(t));
        else
            memset(y, 0, y_bytes(t));
    }
}

static size_t rows_left(const struct trees *t, size_t first)
{
    return t->rows - first < MOTE_TREES_ROWS ? t->rows - first
                                             : MOTE_TREES_ROWS;
}

/* Groups that all rows go through before the next ones: as many as leave room
 * for other things in a first cache of 32 KiB. */
#define CHUNK 8
#define CHUNK_BYTES 20480

static size_t groups_at_once(size_t group_bytes)
{
    const size_t fit = CHUNK_BYTES / group_bytes;
    return fit < 1 ? 1 : fit < CHUNK ? fit : CHUNK;
}

enum mote_status mote_trees_heap_run(const struct mote_run *run,
                                     const struct mote_operation *op,
                                     struct mote_where *where)
{
    const void *at[MOTE_WHOLES_READS];
    struct trees t;
    const enum mote_status s = trees_of(run, op, &t, at, where);

    if (s != MOTE_OK)
        return s;
    const struct mote_trees_heap heap = {
        .keys = at[KEYS],
        .features = at[FEATURES],
        .wide = t.wide,
        .many = file_value(run, op, FEATURES)->dtype == MOTE_S16,
        .depth = depth_of(file_value(run, op, KEYS)->dims[1]),
    };
    const size_t group =
        MOTE_TREES_GROUP * ((heap.wide ? 8u : 4u) + (heap.many ? 2u : 1u))
        << heap.depth;
    const size_t trees = op->attributes[0];
    const size_t at_once = groups_at_once(group) * MOTE_TREES_GROUP;
    uint32_t leaf[CHUNK * MOTE_TREES_GROUP];

    t.columns = mote_trees_columns(t.n, false);
    for (size_t first = 0; first < t.rows; first += MOTE_TREES_ROWS) {
        const size_t rows = rows_left(&t, first);
        begin_rows(&t, first, rows);
        for (size_t tree = 0; tree < trees; tree += at_once) {
            const size_t left = trees - tree;
            const size_t count = left < at_once ? left : at_once;
            for (size_t r = 0; r < rows; r++) {
                run->model->kernels.trees_heap(&heap, tree / MOTE_TREES_GROUP,
                                               (count + MOTE_TREES_GROUP - 1) /
                                                   MOTE_TREES_GROUP,
                                               keys_of(&t, r), leaf);
                mote_trees_add(&t.sum, leaf, tree, count,
                               t.y + (first + r) * y_bytes(&t));
            }
        }
    }
    return MOTE_OK;
}

enum mote_status mote_trees_linked_run(const struct mote_run *run,
                                       const struct mote_operation *op,
                                       struct mote_where *where)
{
    const void *at[MOTE_WHOLES_READS];
    struct trees t;
    const enum mote_status s = trees_of(run, op, &t, at, where);

    if (s != MOTE_OK)
        return s;
    const struct mote_trees_linked linked = {
        .nodes = at[NODES],
        .roots = at[ROOTS],
        .sets = at[SETS],
        .wide = t.wide,
        .n = t.n,
    };
    const size_t leaves = file_value(run, op, ROOTS)->dims[0];
    const size_t groups = leaves / MOTE_TREES_GROUP;
    const size_t nodes = file_value(run, op, NODES)->dims[0];
    const size_t at_once =
        groups_at_once(nodes * (t.wide ? 16 : 12) / groups + 1);

    t.category = op->attributes[0];
    t.columns = mote_trees_columns(t.n, linked.sets != NULL);
    t.sum.order = at[ORDER];
    for (size_t first = 0; first < t.rows; first += MOTE_TREES_ROWS) {
        const size_t rows = rows_left(&t, first);
        uint32_t *leaf = keys_of(&t, rows);
        begin_rows(&t, first, rows);
        for (size_t g = 0; g < groups; g += at_once)
            for (size_t r = 0; r < rows; r++)
                run->model->kernels.trees_linked(
                    &linked, g, groups - g < at_once ? groups - g : at_once,
                    keys_of(&t, r), leaf + r * leaves + g * MOTE_TREES_GROUP);
        for (size_t r = 0; r < rows; r++)
            mote_trees_add(&t.sum, leaf + r * leaves, 0,
                           file_value(run, op, ORDER)->dims[0],
                           t.y + (first + r) * y_bytes(&t));
    }
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * Numbers that stand for a missing one
 */
enum { LOW = 1, HIGH, MISSING_READS };

bool mote_missing_check(const struct mote_scope *s,
                        const struct mote_operation *op)
{
    if (op->file->reads != MISSING_READS || op->file->writes != 1 ||
        op->attribute_count != 0 || !rows_fit(s, op))
        return false;
    const struct mote_file_value *x = read_of(s, op, X);
    const struct mote_file_value *y = mote_scope_value(s, op->writes[Y]);
    const uint32_t n = x->dims[x->rank - 1];

    for (uint32_t i = LOW; i < MISSING_READS; i++)
        if (!is_table(s, read_of(s, op, i), x->dtype, 1) ||
            read_of(s, op, i)->dims[0] != n)
            return false;
    return y->dtype == x->dtype && y->dims[y->rank - 1] == n;
}

enum mote_status mote_missing_run(const struct mote_run *run,
                                  const struct mote_operation *op,
                                  struct mote_where *where)
{
    const struct mote_file_value *v = file_value(run, op, X);
    const size_t n = mote_run_last(run, v), all = mote_run_extent(run, v, 0);
    const void *x = mote_operand(run, op, X);
    const void *low = mote_operand(run, op, LOW);
    const void *high = mote_operand(run, op, HIGH);
    void *y = mote_run_value(run, op->writes[Y]);

    (void)where;
    if (v->dtype == MOTE_F64)
        mote_missing_f64(x, low, high, y, all / n, n);
    else
        mote_missing_f32(x, low, high, y, all / n, n);
    return MOTE_OK;
}
