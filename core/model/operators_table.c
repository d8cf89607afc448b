/*
 * core/model/operators_table.c - what stands between the columns of a table
 * and a model: opcodes 40 to 46 of compress/FORMAT.md.
 *
 * A check proves what shapes say. That indices lie within rows and tables is
 * looked at by the functions called ..._contents, for core/model/check.c.
 */
#include "core/kernel/table.h"
#include "core/model/operands.h"

/* ------------------------------------------------------------------------
 * Checks
 */

/* Rows of that type, the last dimension a constant: it, else 0. */
static uint32_t columns_of(const struct mote_scope *s, uint32_t i,
                           uint8_t dtype)
{
    if (!mote_is_rows(s, i, dtype))
        return 0;
    const struct mote_file_value *v = mote_scope_value(s, i);
    return v->rank && mote_is_constant(v->dims[v->rank - 1])
               ? v->dims[v->rank - 1]
               : 0;
}

/* Whether value i has the rows of x: all dimensions but the last. */
static bool has_rows_of(const struct mote_scope *s, uint32_t i, uint32_t x)
{
    const struct mote_file_value *v = mote_scope_value(s, i);
    const struct mote_file_value *like = mote_scope_value(s, x);
    return v->rank == like->rank &&
           memcmp(v->dims, like->dims, (v->rank - 1u) * sizeof *v->dims) == 0;
}

/* A tensor [n]. */
static bool is_vector(const struct mote_scope *s, uint32_t i, uint8_t dtype,
                      uint32_t n)
{
    return mote_is_table(s, i, dtype, 1) && mote_has_dims(s, i, 1, &n);
}

/* Of a tensor of rank 1 and that type its length, else 0. */
static uint32_t length_of(const struct mote_scope *s, uint32_t i, uint8_t dtype)
{
    return mote_is_table(s, i, dtype, 1) ? mote_scope_value(s, i)->dims[0] : 0;
}

/* Whether y, the only write, is [..., m] with the rows of x, of that type. */
static bool makes(const struct mote_scope *s, const struct mote_operation *op,
                  uint8_t dtype, uint32_t m)
{
    return m > 0 && columns_of(s, op->writes[0], dtype) == m &&
           has_rows_of(s, op->writes[0], op->reads[0]);
}

/* ------------------------------------------------------------------------
 * Contents
 */
static const void *data_of(const struct mote_scope *s,
                           const struct mote_operation *op, uint32_t number)
{
    return mote_tensor_data(s, mote_scope_value(s, op->reads[number]));
}

/* Whether a tensor [m] of indices leads to columns of x. */
static bool picks_columns(const struct mote_scope *s,
                          const struct mote_operation *op, uint32_t number)
{
    return mote_all_below(data_of(s, op, number),
                          mote_last_dim(s, op->reads[number]),
                          mote_last_dim(s, op->reads[0]));
}

/* Whether a tensor of starts ascends, and ends within `end`. */
static bool starts_are_good(const uint32_t *starts, uint32_t count,
                            uint32_t end)
{
    for (uint32_t i = 1; i < count; i++)
        if (starts[i - 1] > starts[i])
            return false;
    return starts[count - 1] <= end;
}

/* ------------------------------------------------------------------------
 * Runs
 */

#define OPERANDS_MAX 9

/* A use in one run: where its operands lie, reads first. */
struct use {
    void *at[OPERANDS_MAX];
    size_t rows, n, m; /* of x [..., n] and y [..., m] */
};

static struct use use_of(const struct mote_run *run,
                         const struct mote_operation *op)
{
    const uint32_t reads = op->file->reads;
    const struct mote_file_value *x = mote_operand_value(run, op, 0);
    struct use u = {
        .rows = mote_run_extent(run, x, 1),
        .n = mote_run_last(run, x),
        .m = mote_run_last(run, mote_operand_value(run, op, reads)),
    };

    for (uint32_t i = 0; i <= reads; i++)
        u.at[i] = mote_run_value(run, op->reads[i]);
    return u;
}

/* ------------------------------------------------------------------------
 * 40 columns: x index y
 */
bool mote_columns_check(const struct mote_scope *s,
                        const struct mote_operation *op)
{
    if (!mote_has_counts(op, 2, 1, 0) || op->reads[0] == MOTE_NONE)
        return false;
    const uint8_t dtype = mote_scope_value(s, op->reads[0])->dtype;
    return (dtype == MOTE_F32 || dtype == MOTE_F64) &&
           columns_of(s, op->reads[0], dtype) &&
           makes(s, op, dtype, length_of(s, op->reads[1], MOTE_S32));
}

bool mote_columns_contents(const struct mote_scope *s,
                           const struct mote_operation *op)
{
    return picks_columns(s, op, 1);
}

enum mote_status mote_columns_run(const struct mote_run *run,
                                  const struct mote_operation *op,
                                  struct mote_where *where)
{
    const struct use u = use_of(run, op);
    const uint8_t dtype = mote_operand_value(run, op, 0)->dtype;

    (void)where;
    mote_columns(u.at[0], u.at[1], u.at[2], u.rows, u.n, u.m,
                 mote_dtype_bytes(dtype));
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 41 fill: x what with y
 */
bool mote_fill_check(const struct mote_scope *s,
                     const struct mote_operation *op)
{
    if (!mote_has_counts(op, 3, 1, 0))
        return false;
    const uint32_t n = columns_of(s, op->reads[0], MOTE_F64);
    return n && is_vector(s, op->reads[1], MOTE_F64, n) &&
           is_vector(s, op->reads[2], MOTE_F64, n) && makes(s, op, MOTE_F64, n);
}

enum mote_status mote_fill_run(const struct mote_run *run,
                               const struct mote_operation *op,
                               struct mote_where *where)
{
    const struct use u = use_of(run, op);

    (void)where;
    mote_fill(u.at[0], u.at[1], u.at[2], u.at[3], u.rows, u.n);
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 42 encode: x starts keys values other missing y kind
 */
enum { STARTS = 1, KEYS, VALUES, OTHER, MISSING, ENCODED };
enum { EXACT, FLOOR, ENCODINGS };

bool mote_encode_check(const struct mote_scope *s,
                       const struct mote_operation *op)
{
    if (!mote_has_counts(op, ENCODED, 1, 1))
        return false;
    const uint32_t n = columns_of(s, op->reads[0], MOTE_F64);
    const uint32_t keys = length_of(s, op->reads[KEYS], MOTE_F64);
    return n && keys && is_vector(s, op->reads[STARTS], MOTE_S32, n + 1) &&
           is_vector(s, op->reads[VALUES], MOTE_F64, keys) &&
           is_vector(s, op->reads[OTHER], MOTE_F64, n) &&
           is_vector(s, op->reads[MISSING], MOTE_F64, n) &&
           makes(s, op, MOTE_F64, n) && op->attributes[0] < ENCODINGS;
}

/* Ascending, and none of them a NaN. */
static bool keys_are_good(const double *keys, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (keys[i] != keys[i] || (i && keys[i - 1] >= keys[i]))
            return false;
    return true;
}

bool mote_encode_contents(const struct mote_scope *s,
                          const struct mote_operation *op)
{
    const uint32_t *starts = data_of(s, op, STARTS);
    const double *keys = data_of(s, op, KEYS);
    const uint32_t n = mote_last_dim(s, op->reads[0]);

    if (!starts_are_good(starts, n + 1, mote_last_dim(s, op->reads[KEYS])))
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (!keys_are_good(keys + starts[i], starts[i + 1] - starts[i]))
            return false;
    return true;
}

enum mote_status mote_encode_run(const struct mote_run *run,
                                 const struct mote_operation *op,
                                 struct mote_where *where)
{
    const struct use u = use_of(run, op);
    const struct mote_encode_tables e = {
        .starts = u.at[STARTS],
        .keys = u.at[KEYS],
        .values = u.at[VALUES],
        .other = u.at[OTHER],
        .missing = u.at[MISSING],
        .floor = op->attributes[0] == FLOOR,
    };

    (void)where;
    mote_encode_columns(&e, u.at[0], u.at[ENCODED], u.rows, u.n);
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 43 equal: x columns values y
 */
bool mote_equal_check(const struct mote_scope *s,
                      const struct mote_operation *op)
{
    if (!mote_has_counts(op, 3, 1, 0) || !columns_of(s, op->reads[0], MOTE_F64))
        return false;
    const uint32_t m = length_of(s, op->reads[1], MOTE_S32);
    return is_vector(s, op->reads[2], MOTE_F64, m) && makes(s, op, MOTE_F64, m);
}

bool mote_equal_contents(const struct mote_scope *s,
                         const struct mote_operation *op)
{
    return picks_columns(s, op, 1);
}

enum mote_status mote_equal_run(const struct mote_run *run,
                                const struct mote_operation *op,
                                struct mote_where *where)
{
    const struct use u = use_of(run, op);

    (void)where;
    mote_equal(u.at[0], u.at[1], u.at[2], u.at[3], u.rows, u.n, u.m);
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 44 products: x factors earlier y
 */
bool mote_products_check(const struct mote_scope *s,
                         const struct mote_operation *op)
{
    if (!mote_has_counts(op, 3, 1, 0) || !columns_of(s, op->reads[0], MOTE_F64))
        return false;
    const uint32_t m = length_of(s, op->reads[1], MOTE_S32);
    return is_vector(s, op->reads[2], MOTE_S32, m) && makes(s, op, MOTE_F64, m);
}

bool mote_products_contents(const struct mote_scope *s,
                            const struct mote_operation *op)
{
    const int32_t *factors = data_of(s, op, 1), *earlier = data_of(s, op, 2);
    const uint32_t m = mote_last_dim(s, op->writes[0]);

    for (uint32_t j = 0; j < m; j++)
        if ((factors[j] >= 0 &&
             (uint32_t)factors[j] >= mote_last_dim(s, op->reads[0])) ||
            (earlier[j] >= 0 && (uint32_t)earlier[j] >= j))
            return false;
    return true;
}

enum mote_status mote_products_run(const struct mote_run *run,
                                   const struct mote_operation *op,
                                   struct mote_where *where)
{
    const struct use u = use_of(run, op);

    (void)where;
    mote_products(u.at[0], u.at[1], u.at[2], u.at[3], u.rows, u.n, u.m);
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 45 distance: x vectors y
 */
bool mote_distance_check(const struct mote_scope *s,
                         const struct mote_operation *op)
{
    if (!mote_has_counts(op, 2, 1, 0) ||
        !mote_is_table(s, op->reads[1], MOTE_F64, 2))
        return false;
    const uint32_t *dims = mote_scope_value(s, op->reads[1])->dims;
    return columns_of(s, op->reads[0], MOTE_F64) == dims[1] &&
           makes(s, op, MOTE_F64, dims[0]);
}

enum mote_status mote_distance_run(const struct mote_run *run,
                                   const struct mote_operation *op,
                                   struct mote_where *where)
{
    const struct use u = use_of(run, op);

    (void)where;
    mote_distance(u.at[0], u.at[1], u.at[2], u.rows, u.n, u.m);
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * 46 linear_leaves: x leaf starts columns coefficients constants fallback
 *                   targets y
 */
enum {
    LEAF = 1,
    LEAF_STARTS,
    COLUMNS,
    COEFFICIENTS,
    CONSTANTS,
    FALLBACK,
    TARGETS,
    SUMS
};

bool mote_linear_leaves_check(const struct mote_scope *s,
                              const struct mote_operation *op)
{
    if (!mote_has_counts(op, SUMS, 1, 0) ||
        !columns_of(s, op->reads[0], MOTE_F64))
        return false;
    const uint32_t trees = columns_of(s, op->reads[LEAF], MOTE_F64);
    const uint32_t terms = length_of(s, op->reads[COLUMNS], MOTE_S32);
    const uint32_t leaves = length_of(s, op->reads[CONSTANTS], MOTE_F64);
    return trees && has_rows_of(s, op->reads[LEAF], op->reads[0]) && terms &&
           leaves &&
           is_vector(s, op->reads[LEAF_STARTS], MOTE_S32, leaves + 1) &&
           is_vector(s, op->reads[COEFFICIENTS], MOTE_F64, terms) &&
           is_vector(s, op->reads[FALLBACK], MOTE_F64, leaves) &&
           is_vector(s, op->reads[TARGETS], MOTE_S32, trees) &&
           makes(s, op, MOTE_F64, columns_of(s, op->writes[0], MOTE_F64));
}

bool mote_linear_leaves_contents(const struct mote_scope *s,
                                 const struct mote_operation *op)
{
    return starts_are_good(data_of(s, op, LEAF_STARTS),
                           mote_last_dim(s, op->reads[LEAF_STARTS]),
                           mote_last_dim(s, op->reads[COLUMNS])) &&
           picks_columns(s, op, COLUMNS) &&
           mote_all_below(data_of(s, op, TARGETS),
                          mote_last_dim(s, op->reads[TARGETS]),
                          mote_last_dim(s, op->writes[0]));
}

enum mote_status mote_linear_leaves_run(const struct mote_run *run,
                                        const struct mote_operation *op,
                                        struct mote_where *where)
{
    const struct use u = use_of(run, op);
    const struct mote_linear_leaves l = {
        .starts = u.at[LEAF_STARTS],
        .columns = u.at[COLUMNS],
        .coefficients = u.at[COEFFICIENTS],
        .constants = u.at[CONSTANTS],
        .fallback = u.at[FALLBACK],
        .targets = u.at[TARGETS],
        .leaves = mote_run_last(run, mote_operand_value(run, op, CONSTANTS)),
        .trees = mote_run_last(run, mote_operand_value(run, op, LEAF)),
    };
    const size_t done = mote_linear_leaves(&l, u.at[0], u.at[LEAF], u.at[SUMS],
                                           u.rows, u.n, u.m);

    if (done == u.rows)
        return MOTE_OK;
    /* of the first dimension; x has another one, or there is one row */
    where->row = (uint32_t)(done * mote_operand_dim(run, op, 0, 0) / u.rows);
    where->expected = "numbers of leaves";
    return MOTE_E_RANGE;
}
