/*
 * core/model/operators.c - every operator of arithmetic version 1: what its
 * operands must be, and the kernel that does it.
 *
 * The signatures are the table of compress/FORMAT.md, in the same letters. A
 * use that fits its signature has whatever its run relies on.
 */
#include "core/base/linked.h"
#include "core/kernel/layer.h"
#include "core/kernel/rows.h"
#include "core/model/operator.h"
#include "core/model/tiles.h"

/* ------------------------------------------------------------------------
 * Signatures
 */
enum role {
    VALUE,  /* in the arena, or a tensor in rows */
    TENSOR, /* a tensor in rows                  */
    MAYBE,  /* the same, or none                 */
    PANELS, /* a tensor in P8K8                  */
};

/* Dimensions in letters: the first operand is [..., n], its rows "..." */
enum shape {
    ROWS_N, /* [..., n] */
    ROWS_M, /* [..., m] */
    ROWS,   /* [...]    */
    M_N,    /* [m][n]   */
    N,      /* [n]      */
    M,      /* [m]      */
};

/* dtypes beside those of the file: */
#define REAL 0    /* f32 or f64                            */
#define INDEX 253 /* the same, or s32                      */
#define SAME 254  /* that of the first operand             */
#define OTHER 255 /* f32 of an f64, of anything else f64   */

struct operand {
    uint8_t dtype, role, shape;
};

#define OPERANDS_MAX 6

struct signature {
    uint8_t reads, writes;
    /* There is one attribute, smaller than this; 0: there is none. */
    uint8_t below, below_f64;              /* when the first operand is f64 */
    struct operand operands[OPERANDS_MAX]; /* reads, then writes */
};

static const struct signature cast_signature = {
    .reads = 1,
    .writes = 1,
    .operands = {{INDEX, VALUE, ROWS_N}, {OTHER, VALUE, ROWS_N}},
};

static const struct signature rowwise_signature = {
    .reads = 2,
    .writes = 1,
    .below_f64 = MOTE_ROWWISE_KINDS,
    .operands = {{MOTE_F64, VALUE, ROWS_N},
                 {MOTE_F64, TENSOR, N},
                 {MOTE_F64, VALUE, ROWS_N}},
};

static const struct signature dense_signature = {
    .reads = 3,
    .writes = 1,
    .below = MOTE_ACTIVATIONS,
    .below_f64 = MOTE_ACTIVATION_RELU + 1, /* the curved ones are f32 only */
    .operands = {{REAL, VALUE, ROWS_N},
                 {SAME, TENSOR, M_N},
                 {SAME, MAYBE, M},
                 {SAME, VALUE, ROWS_M}},
};

static const struct signature quantize_signature = {
    .reads = 1,
    .writes = 2,
    .operands = {{MOTE_F32, VALUE, ROWS_N},
                 {MOTE_S8, VALUE, ROWS_N},
                 {MOTE_F32, VALUE, ROWS}},
};

static const struct signature dense_s8_signature = {
    .reads = 5,
    .writes = 1,
    .below = MOTE_ACTIVATIONS,
    .operands = {{MOTE_S8, VALUE, ROWS_N},
                 {MOTE_F32, VALUE, ROWS},
                 {MOTE_S8, PANELS, M_N},
                 {MOTE_F32, TENSOR, M},
                 {MOTE_F32, MAYBE, M},
                 {MOTE_F32, VALUE, ROWS_M}},
};

/* softmax and share: scores in, probabilities out */
static const struct signature scores_signature = {
    .reads = 1,
    .writes = 1,
    .operands = {{MOTE_F64, VALUE, ROWS_N}, {REAL, VALUE, ROWS_N}},
};

static const struct signature argmax_signature = {
    .reads = 1,
    .writes = 1,
    .operands = {{MOTE_F64, VALUE, ROWS_N}, {MOTE_S32, VALUE, ROWS}},
};

/* What the letters stand for in one use; m is 0 until it is known. */
struct letters {
    const struct mote_file_value *first;
    uint32_t n, m;
};

/* So that sums of dense_s8 are exact: core/kernel/dense.h. */
#define PANELS_N_MAX 65536

static bool dtype_fits(uint8_t dtype, uint8_t wanted, uint8_t first)
{
    const bool real = dtype == MOTE_F32 || dtype == MOTE_F64;

    switch (wanted) {
    case REAL:
        return real;
    case INDEX:
        return real || dtype == MOTE_S32;
    case SAME:
        return dtype == first;
    case OTHER:
        return dtype == (first == MOTE_F64 ? MOTE_F32 : MOTE_F64);
    }
    return dtype == wanted;
}

static bool role_fits(const struct mote_scope *s,
                      const struct mote_file_value *v, enum role role)
{
    const uint8_t layout = role == PANELS ? MOTE_LAYOUT_P8K8 : MOTE_LAYOUT_ROWS;

    if (v->kind == MOTE_VALUE_TENSOR)
        return s->model->tensors[v->tensor].layout == layout;
    return role == VALUE;
}

/* Whether v is [rows of the first, last], or with last 0 [rows]. */
static bool rows_fit(const struct mote_file_value *v,
                     const struct mote_file_value *first, uint32_t last)
{
    const uint32_t rows = first->rank - 1u;

    return v->rank == rows + (last != 0) &&
           memcmp(v->dims, first->dims, rows * sizeof *v->dims) == 0 &&
           (last == 0 || v->dims[rows] == last);
}

static bool shape_fits(const struct mote_file_value *v, enum shape shape,
                       struct letters *l)
{
    switch (shape) {
    case ROWS_N:
        return rows_fit(v, l->first, l->n);
    case ROWS_M:
        return rows_fit(v, l->first, l->m);
    case ROWS:
        return rows_fit(v, l->first, 0);
    case M_N: /* every use of m comes after this */
        l->m = v->dims[0];
        return v->rank == 2 && v->dims[1] == l->n;
    case N:
        return v->rank == 1 && v->dims[0] == l->n;
    case M:
        return v->rank == 1 && v->dims[0] == l->m;
    }
    return false;
}

static bool attribute_fits(const struct mote_operation *op,
                           const struct signature *g, uint8_t dtype)
{
    const uint8_t below = dtype == MOTE_F64 ? g->below_f64 : g->below;

    return below ? op->attribute_count == 1 && op->attributes[0] < below
                 : op->attribute_count == 0;
}

static bool fits(const struct mote_scope *s, const struct mote_operation *op,
                 const struct signature *g)
{
    struct letters l = {0};

    if (op->file->reads != g->reads || op->file->writes != g->writes ||
        op->reads[0] == MOTE_NONE)
        return false;
    l.first = mote_scope_value(s, op->reads[0]);
    if (l.first->rank == 0 || !attribute_fits(op, g, l.first->dtype))
        return false;
    l.n = l.first->dims[l.first->rank - 1];
    for (uint32_t i = 0; i < (uint32_t)g->reads + g->writes; i++) {
        const struct operand *o = g->operands + i;
        if (op->reads[i] == MOTE_NONE && o->role == MAYBE)
            continue;
        if (op->reads[i] == MOTE_NONE)
            return false;
        const struct mote_file_value *v = mote_scope_value(s, op->reads[i]);
        if (!dtype_fits(v->dtype, o->dtype, l.first->dtype) ||
            !role_fits(s, v, o->role) || !shape_fits(v, o->shape, &l))
            return false;
        if (o->role == PANELS && l.n > PANELS_N_MAX)
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------------
 * Runs
 */

/* A use in one run: where its operands lie, and the letters as numbers. */
struct use {
    const struct mote_run *run;
    const uint32_t *values; /* by index in the plan: reads, then writes */
    const struct mote_kernels *kernels;
    void *at[OPERANDS_MAX]; /* likewise, where they lie; NULL for none */
    size_t rows, n, m;      /* m: last dimension of the first write */
    uint8_t dtype, made;    /* of the first operand, of the first write */
    uint32_t attribute;
};

static struct use use_of(const struct mote_run *run,
                         const struct mote_operation *op)
{
    const uint32_t count = (uint32_t)op->file->reads + op->file->writes;
    const struct mote_file_value *first = run->plan->values + op->reads[0];
    const struct mote_file_value *out = run->plan->values + op->writes[0];
    struct use u = {
        .run = run,
        .values = op->reads,
        .kernels = &run->model->kernels,
        .rows = mote_run_extent(run, first, 1),
        .n = mote_run_last(run, first),
        .m = mote_run_last(run, out),
        .dtype = first->dtype,
        .made = out->dtype,
        .attribute = op->attribute_count ? op->attributes[0] : 0,
    };

    for (uint32_t i = 0; i < count; i++)
        if (op->reads[i] != MOTE_NONE)
            u.at[i] = mote_run_value(run, op->reads[i]);
    return u;
}

static enum mote_status run_cast(const struct use *u, struct mote_where *where)
{
    (void)where;
    for (size_t i = 0; i < u->rows * u->n; i++)
        if (u->dtype == MOTE_F64)
            ((float *)u->at[1])[i] = (float)((const double *)u->at[0])[i];
        else if (u->dtype == MOTE_F32)
            ((double *)u->at[1])[i] = ((const float *)u->at[0])[i];
        else
            ((double *)u->at[1])[i] = ((const int32_t *)u->at[0])[i];
    return MOTE_OK;
}

static enum mote_status run_rowwise(const struct use *u,
                                    struct mote_where *where)
{
    (void)where;
    mote_rowwise(u->at[0], u->at[1], u->at[2], u->rows, u->n, u->attribute);
    return MOTE_OK;
}

static enum mote_status run_dense(const struct use *u, struct mote_where *where)
{
    (void)where;
    if (u->dtype == MOTE_F64)
        mote_dense_f64(u->at[0], u->at[1], u->at[2], u->at[3], u->rows, u->n,
                       u->m, u->attribute);
    else
        mote_layer_f32(u->kernels, u->at[0], u->at[1], u->at[2], u->at[3],
                       u->rows, u->n, u->m, u->attribute);
    return MOTE_OK;
}

static enum mote_status run_quantize(const struct use *u,
                                     struct mote_where *where)
{
    const size_t done =
        u->kernels->quantize_s8(u->at[0], u->at[1], u->at[2], u->rows, u->n);

    if (done == u->rows)
        return MOTE_OK;
    where->row = (uint32_t)done;
    where->expected = "numbers that stay finite inside the model";
    return MOTE_E_RANGE;
}

static enum mote_status run_dense_s8(const struct use *u,
                                     struct mote_where *where)
{
    const struct mote_dense_s8 d = {
        .q = u->at[0],
        .s = u->at[1],
        .c = u->at[3],
        .b = u->at[4],
        .y = u->at[5],
        .rows = u->rows,
        .n = u->n,
        .m = u->m,
        .q_stride = u->n,
        .y_stride = u->m,
    };

    return mote_tiles_dense(u->run, u->values[2], &d, u->attribute, where);
}

static enum mote_status run_softmax(const struct use *u,
                                    struct mote_where *where)
{
    (void)where;
    if (u->made == MOTE_F64 || !MOTE_LINKED_SHARES_F32)
        mote_softmax_rows_f64(u->at[0], u->at[1], u->rows, u->n);
    else
        mote_softmax_rows(u->at[0], u->at[1], u->rows, u->n);
    return MOTE_OK;
}

static enum mote_status run_share(const struct use *u, struct mote_where *where)
{
    (void)where;
    if (u->made == MOTE_F64 || !MOTE_LINKED_SHARES_F32)
        mote_share_rows_f64(u->at[0], u->at[1], u->rows, u->n);
    else
        mote_share_rows(u->at[0], u->at[1], u->rows, u->n);
    return MOTE_OK;
}

static enum mote_status run_argmax(const struct use *u,
                                   struct mote_where *where)
{
    (void)where;
    mote_argmax_rows(u->at[0], u->at[1], u->rows, u->n);
    return MOTE_OK;
}

/* ------------------------------------------------------------------------
 * The table, by opcode
 */
struct operator
{
    const struct signature *signature;
    enum mote_status (*run)(const struct use *u, struct mote_where *where);
    bool in_place;
    bool choice;     /* several versions of its kernel to choose from, */
    bool plain_f64;  /* but only one where the first operand is f64    */
    bool steps;      /* weights are needed again in each step          */
    uint8_t decodes; /* a bit for each read that may be a coded tensor, */
    uint8_t wholes;  /* and for each that then is decoded whole         */
    /* in place of signature and run, where letters are not enough */
    bool (*check)(const struct mote_scope *scope,
                  const struct mote_operation *op);
    enum mote_status (*run_whole)(const struct mote_run *run,
                                  const struct mote_operation *op,
                                  struct mote_where *where);
    /* of tensors, where there is more to them than numbers; or NULL */
    bool (*contents)(const struct mote_scope *scope,
                     const struct mote_operation *op);
};

#define CALL 9

/* One that is not linked is NULL. */
#define OPERATOR(opcode, ...)                                                  \
    [opcode] =                                                                 \
        MOTE_LINKED(opcode) ? &(const struct operator){__VA_ARGS__} : NULL

static const struct operator* const operators[] = {
    OPERATOR(1, .signature = &cast_signature, .run = run_cast),
    OPERATOR(2, .signature = &rowwise_signature, .run = run_rowwise,
             .in_place = true),
    OPERATOR(3, .signature = &dense_signature, .run = run_dense, .choice = true,
             .plain_f64 = true),
    OPERATOR(4, .signature = &quantize_signature, .run = run_quantize,
             .choice = true),
    OPERATOR(5, .signature = &dense_s8_signature, .run = run_dense_s8,
             .choice = true, .decodes = 1 << 2),
    OPERATOR(6, .signature = &scores_signature, .run = run_softmax),
    OPERATOR(7, .signature = &scores_signature, .run = run_share),
    OPERATOR(8, .signature = &argmax_signature, .run = run_argmax),
    OPERATOR(CALL, .check = mote_call_check, .run_whole = mote_call_run),
    OPERATOR(10, .check = mote_map_check, .run_whole = mote_map_run,
             .in_place = true, .choice = true, .plain_f64 = true),
    OPERATOR(11, .check = mote_binary_check, .run_whole = mote_binary_run,
             .in_place = true, .choice = true, .plain_f64 = true),
    OPERATOR(12, .check = mote_norm_check, .run_whole = mote_norm_run,
             .in_place = true, .choice = true),
    OPERATOR(13, .check = mote_softmax_check, .run_whole = mote_softmax_run,
             .in_place = true, .choice = true),
    OPERATOR(14, .check = mote_embed_check, .run_whole = mote_embed_run,
             .in_place = true, .choice = true, .decodes = 1 << 2),
    OPERATOR(15, .check = mote_position_check, .run_whole = mote_position_run,
             .in_place = true, .choice = true, .decodes = 1 << 1),
    OPERATOR(16, .check = mote_attention_check, .run_whole = mote_attention_run,
             .choice = true),
    OPERATOR(17, .check = mote_reduce_check, .run_whole = mote_reduce_run,
             .choice = true),
    OPERATOR(18, .check = mote_normalize_check, .run_whole = mote_normalize_run,
             .in_place = true),
    OPERATOR(19, .check = mote_lookup_check, .run_whole = mote_lookup_run,
             .in_place = true),
    OPERATOR(20, .check = mote_trees_heap_check,
             .run_whole = mote_trees_heap_run, .wholes = 1 << 1 | 3 << 4,
             .contents = mote_trees_heap_contents),
    OPERATOR(21, .check = mote_trees_linked_check,
             .run_whole = mote_trees_linked_run, .wholes = 1 << 1 | 15 << 4,
             .contents = mote_trees_linked_contents),
    OPERATOR(22, .check = mote_missing_check, .run_whole = mote_missing_run,
             .in_place = true),
    OPERATOR(23, .check = mote_quantize_fixed_check,
             .run_whole = mote_quantize_fixed_run),
    OPERATOR(24, .check = mote_dense_fixed_check,
             .run_whole = mote_dense_fixed_run, .choice = true,
             .decodes = 1 << 1),
    OPERATOR(25, .check = mote_conv_check, .run_whole = mote_conv_run,
             .choice = true),
    OPERATOR(26, .check = mote_conv_s8_check, .run_whole = mote_conv_s8_run,
             .choice = true, .decodes = 1 << 1),
    OPERATOR(27, .check = mote_depthwise_check, .run_whole = mote_depthwise_run,
             .choice = true),
    OPERATOR(28, .check = mote_pool_check, .run_whole = mote_pool_run,
             .choice = true),
    OPERATOR(29, .check = mote_concat_check, .run_whole = mote_concat_run),
    OPERATOR(30, .check = mote_slice_check, .run_whole = mote_slice_run),
    OPERATOR(31, .check = mote_transpose_check,
             .run_whole = mote_transpose_run),
    OPERATOR(32, .check = mote_pad_check, .run_whole = mote_pad_run),
    OPERATOR(33, .check = mote_reshape_check, .run_whole = mote_reshape_run,
             .in_place = true),
    OPERATOR(35, .check = mote_gru_check, .run_whole = mote_gru_run,
             .choice = true, .steps = true, .wholes = 1 << 1 | 1 << 3),
    OPERATOR(36, .check = mote_lstm_check, .run_whole = mote_lstm_run,
             .choice = true, .steps = true, .wholes = 1 << 1 | 1 << 3),
    OPERATOR(40, .check = mote_columns_check, .run_whole = mote_columns_run,
             .contents = mote_columns_contents),
    OPERATOR(41, .check = mote_fill_check, .run_whole = mote_fill_run,
             .in_place = true),
    OPERATOR(42, .check = mote_encode_check, .run_whole = mote_encode_run,
             .in_place = true, .contents = mote_encode_contents),
    OPERATOR(43, .check = mote_equal_check, .run_whole = mote_equal_run,
             .contents = mote_equal_contents),
    OPERATOR(44, .check = mote_products_check, .run_whole = mote_products_run,
             .contents = mote_products_contents),
    OPERATOR(45, .check = mote_distance_check, .run_whole = mote_distance_run),
    OPERATOR(46, .check = mote_linear_leaves_check,
             .run_whole = mote_linear_leaves_run,
             .contents = mote_linear_leaves_contents),
    OPERATOR(49, .check = mote_remainder_check, .run_whole = mote_remainder_run,
             .in_place = true),
    OPERATOR(50, .check = mote_convert_check, .run_whole = mote_convert_run),
    OPERATOR(51, .check = mote_expand_check, .run_whole = mote_expand_run),
    OPERATOR(52, .check = mote_compare_check, .run_whole = mote_compare_run),
    OPERATOR(53, .check = mote_logic_check, .run_whole = mote_logic_run,
             .in_place = true),
    OPERATOR(54, .check = mote_select_check, .run_whole = mote_select_run),
    OPERATOR(55, .check = mote_matmul_check, .run_whole = mote_matmul_run,
             .choice = true),
    OPERATOR(56, .check = mote_take_check, .run_whole = mote_take_run,
             .contents = mote_take_contents),
    OPERATOR(57, .check = mote_unary_check, .run_whole = mote_unary_run,
             .in_place = true),
    OPERATOR(58, .check = mote_power_check, .run_whole = mote_power_run,
             .in_place = true),
    OPERATOR(59, .check = mote_integer_check, .run_whole = mote_integer_run,
             .in_place = true),
    OPERATOR(60, .check = mote_conv_fixed_check,
             .run_whole = mote_conv_fixed_run, .choice = true,
             .decodes = 1 << 1),
    OPERATOR(61, .check = mote_depthwise_fixed_check,
             .run_whole = mote_depthwise_fixed_run),
    OPERATOR(62, .check = mote_quantize_u8_check,
             .run_whole = mote_quantize_u8_run),
    OPERATOR(63, .check = mote_dense_u8_check, .run_whole = mote_dense_u8_run,
             .choice = true, .decodes = 1 << 3),
};
#define OPERATORS (sizeof operators / sizeof *operators)
#define VERSION 1

bool mote_operator_known(const struct mote_file_operator *f)
{
    return f->opcode < OPERATORS && f->version == VERSION &&
           operators[f->opcode];
}

bool mote_operator_has_choice(const struct mote_plan *plan,
                              const struct mote_operation *op)
{
    const struct operator* o = operators[op->file->opcode];

    return o->choice &&
           !(o->plain_f64 && plan->values[op->reads[0]].dtype == MOTE_F64);
}

bool mote_operator_shares_f32(const struct mote_plan *plan,
                              const struct mote_operation *op)
{
    return operators[op->file->opcode]->signature == &scores_signature &&
           plan->values[op->writes[0]].dtype == MOTE_F32;
}

bool mote_operator_in_place(const struct mote_file_operator *f)
{
    return operators[f->opcode]->in_place;
}

bool mote_operator_decodes(const struct mote_file_operator *f, uint32_t i)
{
    return i < 8 && operators[f->opcode]->decodes >> i & 1;
}

bool mote_operator_decodes_whole(const struct mote_file_operator *f, uint32_t i)
{
    return i < 8 && operators[f->opcode]->wholes >> i & 1;
}

bool mote_operator_has_steps(const struct mote_file_operator *f)
{
    return operators[f->opcode]->steps;
}

bool mote_operator_calls(const struct mote_file_operator *f)
{
    return f->opcode == CALL;
}

bool mote_operator_check(const struct mote_scope *scope,
                         const struct mote_operation *op)
{
    const struct operator* o = operators[op->file->opcode];

    return o->check ? o->check(scope, op) : fits(scope, op, o->signature);
}

bool mote_operator_contents(const struct mote_scope *scope,
                            const struct mote_operation *op)
{
    const struct operator* o = operators[op->file->opcode];

    return !o->contents || o->contents(scope, op);
}

enum mote_status mote_operator_run(const struct mote_run *run,
                                   const struct mote_operation *op,
                                   struct mote_where *where)
{
    const struct operator* o = operators[op->file->opcode];

    if (o->run_whole)
        return o->run_whole(run, op, where);
    const struct use u = use_of(run, op);
    return o->run(&u, where);
}
