/*
 * core/model/operators_conv.c - convolutions and pooling: opcodes 25 to 28,
 * 60 and 61 of compress/FORMAT.md.
 */
#include "core/kernel/conv_s8.h"
#include "core/model/operands.h"
#include "core/model/tiles.h"

/* The attributes that all of them begin with. */
enum { KERNEL, STRIDE = 2, DILATION = 4, BEFORE = 6, AFTER = 8, WINDOW = 10 };
#define ATTRIBUTE_MAX 65535

/* So that 32 bits hold the sum of products of int8. */
#define DEPTHWISE_TAPS_MAX 65536

/* Axes, as pairs of attributes have them. */
enum { HIGH, WIDE };

/* ------------------------------------------------------------------------
 * Checks
 */

/* Whether a window with these attributes, from `a` on, gives `out` positions
 * for `in`. A symbol stays what it is. */
static bool axis_fits(const uint32_t *a, uint32_t in, uint32_t out)
{
    for (uint32_t i = 0; i < WINDOW; i += 2)
        if (a[i] > ATTRIBUTE_MAX || (a[i] == 0 && i < BEFORE))
            return false;
    const uint64_t reach = (uint64_t)(a[KERNEL] - 1) * a[DILATION];
    const uint64_t pads = (uint64_t)a[BEFORE] + a[AFTER];
    if (!mote_is_constant(in))
        return out == in && a[STRIDE] == 1 && pads == reach;
    return mote_is_constant(out) && in + pads > reach &&
           (in + pads - reach - 1) / a[STRIDE] + 1 == out;
}

/* Of a sequence, which has no height. */
static bool is_flat(const uint32_t *a)
{
    return a[KERNEL] == 1 && a[STRIDE] == 1 && a[DILATION] == 1 &&
           a[BEFORE] == 0 && a[AFTER] == 0;
}

/* x [batch][high][wide][c] or [batch][wide][c] to y, c and m constant, both of
 * that type. */
static bool window_fits(const struct mote_scope *s,
                        const struct mote_operation *op, uint8_t dtype)
{
    const uint32_t *a = op->attributes;

    if (!mote_is_rows(s, op->reads[0], dtype) ||
        !mote_is_rows(s, op->writes[0], dtype))
        return false;
    const struct mote_file_value *x = mote_scope_value(s, op->reads[0]);
    const struct mote_file_value *y = mote_scope_value(s, op->writes[0]);
    const uint32_t rank = x->rank;
    if (rank < 3 || y->rank != rank || y->dims[0] != x->dims[0] ||
        !mote_is_constant(x->dims[rank - 1]) ||
        !mote_is_constant(y->dims[rank - 1]))
        return false;
    if (rank == 3 ? !is_flat(a + HIGH)
                  : !axis_fits(a + HIGH, x->dims[1], y->dims[1]))
        return false;
    return axis_fits(a + WIDE, x->dims[rank - 2], y->dims[rank - 2]);
}

static uint32_t channels(const struct mote_scope *s, uint32_t i)
{
    const struct mote_file_value *v = mote_scope_value(s, i);
    return v->dims[v->rank - 1];
}

static bool bias_fits(const struct mote_scope *s, uint32_t b, uint32_t m)
{
    return b == MOTE_NONE || mote_is_vector(s, b, m);
}

/* The one attribute behind those of the window. */
static bool last_fits(const struct mote_operation *op, uint32_t below)
{
    return op->attributes[WINDOW] < below;
}

static uint64_t taps_of(const uint32_t *a)
{
    return (uint64_t)a[KERNEL + HIGH] * a[KERNEL + WIDE];
}

/* conv: x w b y, w [groups][taps c / groups][m / groups] */
bool mote_conv_check(const struct mote_scope *s,
                     const struct mote_operation *op)
{
    if (!mote_has_counts(op, 3, 1, WINDOW + 1) ||
        !window_fits(s, op, MOTE_F32) || !last_fits(op, MOTE_ACTIVATIONS) ||
        !mote_is_table(s, op->reads[1], MOTE_F32, 3))
        return false;
    const struct mote_file_value *w = mote_scope_value(s, op->reads[1]);
    const uint32_t c = channels(s, op->reads[0]);
    const uint32_t m = channels(s, op->writes[0]), groups = w->dims[0];
    return c % groups == 0 && m % groups == 0 &&
           w->dims[1] == taps_of(op->attributes) * (c / groups) &&
           w->dims[2] == m / groups && bias_fits(s, op->reads[2], m);
}

/* Of what is int8: positions for the symbols' maxima are enough. */
static struct mote_conv_s8 largest_s8(const struct mote_scope *s,
                                      const struct mote_operation *op,
                                      size_t groups)
{
    const struct mote_file_value *x = mote_scope_value(s, op->reads[0]);
    const uint32_t *a = op->attributes;
    struct mote_conv_s8 l = {.groups = groups};

    l.window.x_channels = channels(s, op->reads[0]);
    l.window.high.taps = a[KERNEL + HIGH];
    l.window.wide.taps = a[KERNEL + WIDE];
    l.window.high.before = a[BEFORE + HIGH];
    l.window.wide.before = a[BEFORE + WIDE];
    l.after_high = a[AFTER + HIGH];
    l.after_wide = a[AFTER + WIDE];
    l.window.high.in = x->rank == 4 ? mote_scope_largest(s, x->dims[1]) : 1;
    l.window.wide.in = mote_scope_largest(s, x->dims[x->rank - 2]);
    return l;
}

/* Groups of P8K8 rows that have n columns each; 0 when they do not fit. */
static uint32_t groups_of(const uint32_t *a, uint32_t c, uint32_t m, uint32_t n)
{
    const uint64_t taps = taps_of(a);
    const uint64_t each = n / taps;

    if (n % taps || each == 0 || c % each || m % (c / each))
        return 0;
    const uint32_t groups = (uint32_t)(c / each);
    return groups == 1 || m / groups % MOTE_P8K8 == 0 ? groups : 0;
}

/* The weights of what is int8, and its scratch. */
static bool panels_fit(const struct mote_scope *s,
                       const struct mote_operation *op)
{
    const uint32_t c = channels(s, op->reads[0]);
    const uint32_t m = channels(s, op->writes[0]);
    const uint32_t n = mote_scope_value(s, op->reads[1])->dims[1];
    const uint32_t groups = groups_of(op->attributes, c, m, n);

    if (!mote_is_panels(s, op->reads[1], m, n) || groups == 0)
        return false;
    const struct mote_conv_s8 l = largest_s8(s, op, groups);
    return mote_is_scratch(s, op->writes[1], MOTE_U8, mote_conv_s8_bytes(&l));
}

/* conv_s8: x w c b y scratch, w [m][taps c / groups] in P8K8 */
bool mote_conv_s8_check(const struct mote_scope *s,
                        const struct mote_operation *op)
{
    if (!mote_has_counts(op, 4, 2, WINDOW + 1) ||
        !window_fits(s, op, MOTE_F32) || !last_fits(op, MOTE_ACTIVATIONS) ||
        op->reads[1] == MOTE_NONE)
        return false;
    const uint32_t m = channels(s, op->writes[0]);
    return mote_is_vector(s, op->reads[2], m) &&
           bias_fits(s, op->reads[3], m) && panels_fit(s, op);
}

/* depthwise: x w b y, w [taps][c] */
bool mote_depthwise_check(const struct mote_scope *s,
                          const struct mote_operation *op)
{
    if (!mote_has_counts(op, 3, 1, WINDOW + 1) ||
        !window_fits(s, op, MOTE_F32) || !last_fits(op, MOTE_ACTIVATIONS) ||
        !mote_is_table(s, op->reads[1], MOTE_F32, 2))
        return false;
    const struct mote_file_value *w = mote_scope_value(s, op->reads[1]);
    const uint32_t c = channels(s, op->reads[0]);
    return channels(s, op->writes[0]) == c &&
           w->dims[0] == taps_of(op->attributes) && w->dims[1] == c &&
           bias_fits(s, op->reads[2], c);
}

/* Behind the window of those with stated scales. */
enum { ZERO_X = WINDOW, ZERO_Y, LOW, FIXED };

/* q w c b y, of which w is not looked at */
static bool fixed_fits(const struct mote_scope *s,
                       const struct mote_operation *op, uint32_t writes)
{
    const uint32_t *a = op->attributes;

    if (!mote_has_counts(op, 4, writes, FIXED) || !window_fits(s, op, MOTE_S8))
        return false;
    const uint32_t m = channels(s, op->writes[0]);
    return mote_is_vector(s, op->reads[2], m) &&
           mote_is_table(s, op->reads[3], MOTE_S32, 1) &&
           mote_has_dims(s, op->reads[3], 1, &m) &&
           mote_is_zero_point(a[ZERO_X]) && mote_is_zero_point(a[ZERO_Y]) &&
           mote_is_zero_point(a[LOW]);
}

/* conv_fixed: q w c b y scratch, w as that of conv_s8 */
bool mote_conv_fixed_check(const struct mote_scope *s,
                           const struct mote_operation *op)
{
    if (!fixed_fits(s, op, 2) || op->reads[1] == MOTE_NONE)
        return false;
    return panels_fit(s, op);
}

/* depthwise_fixed: q w c b y, w s8 [taps][c] */
bool mote_depthwise_fixed_check(const struct mote_scope *s,
                                const struct mote_operation *op)
{
    if (!fixed_fits(s, op, 1) || !mote_is_table(s, op->reads[1], MOTE_S8, 2))
        return false;
    const uint64_t taps = taps_of(op->attributes);
    const uint32_t c = channels(s, op->reads[0]);
    const struct mote_file_value *w = mote_scope_value(s, op->reads[1]);
    return channels(s, op->writes[0]) == c && taps <= DEPTHWISE_TAPS_MAX &&
           w->dims[0] == taps && w->dims[1] == c;
}

/* What a pool takes of its window. */
enum { POOL_LARGEST, POOL_MEAN_INSIDE, POOL_MEAN_ALL, POOLS };

/* pool: x y; no window lies wholly outside, as the padding is smaller than it.
 */
bool mote_pool_check(const struct mote_scope *s,
                     const struct mote_operation *op)
{
    const uint32_t *a = op->attributes;

    if (!mote_has_counts(op, 1, 1, WINDOW + 1) ||
        !window_fits(s, op, MOTE_F32) || !last_fits(op, POOLS) ||
        channels(s, op->reads[0]) != channels(s, op->writes[0]))
        return false;
    for (uint32_t i = HIGH; i <= WIDE; i++)
        if (a[DILATION + i] != 1 || a[BEFORE + i] >= a[KERNEL + i] ||
            a[AFTER + i] >= a[KERNEL + i])
            return false;
    return true;
}

/* ------------------------------------------------------------------------
 * Runs
 */

/* One use in one run. */
struct use {
    const struct mote_kernels *kernels;
    struct mote_window window;
    const float *x;
    float *y;
    size_t items, x_item, y_item; /* floats from item to item */
    const uint32_t *attributes;
};

static struct mote_axis axis_of(const uint32_t *a, size_t in, size_t out)
{
    return (struct mote_axis){a[KERNEL], a[STRIDE], a[DILATION],
                              a[BEFORE], in,        out};
}

static struct use use_of(const struct mote_run *run,
                         const struct mote_operation *op)
{
    const uint32_t *a = op->attributes, y = op->file->reads;
    const uint32_t rank = mote_operand_value(run, op, 0)->rank;
    const bool flat = rank == 3;
    struct use u = {
        .kernels = &run->model->kernels,
        .x = mote_operand(run, op, 0),
        .y = mote_operand(run, op, y),
        .items = mote_operand_dim(run, op, 0, 0),
        .attributes = a,
    };

    u.window.high =
        axis_of(a + HIGH, flat ? 1 : mote_operand_dim(run, op, 0, 1),
                flat ? 1 : mote_operand_dim(run, op, y, 1));
    u.window.wide = axis_of(a + WIDE, mote_operand_dim(run, op, 0, rank - 2),
                            mote_operand_dim(run, op, y, rank - 2));
    u.window.x_channels = mote_operand_dim(run, op, 0, rank - 1);
    u.window.y_channels = mote_operand_dim(run, op, y, rank - 1);
    u.x_item = u.window.high.in * u.window.wide.in * u.window.x_channels;
    u.y_item = u.window.high.out * u.window.wide.out * u.window.y_channels;
    return u;
}

/* Taps that lie side by side, in x and in w, are as one with all their
 * channels. */
static void visit_conv(const struct mote_taps *t, const void *with)
{
    const struct use *u = with;
    struct mote_taps joined = *t;

    if (t->x_wide == t->n && t->w_wide == t->n * t->w_row && t->wide > 0) {
        joined.n = t->n * t->wide;
        joined.wide = 1;
    }
    u->kernels->conv_f32(&joined);
}

static void visit_depthwise(const struct mote_taps *t, const void *with)
{
    const struct use *u = with;
    u->kernels->depthwise_f32(t);
}

static void visit_pool(const struct mote_taps *t, const void *with)
{
    const struct use *u = with;
    const size_t count = u->attributes[WINDOW] == POOL_MEAN_ALL
                             ? taps_of(u->attributes)
                             : t->high * t->wide;
    u->kernels->pool_f32(t, u->attributes[WINDOW] == POOL_LARGEST,
                         (float)count);
}

/* What is curved is applied to a whole item. */
static void activate(const struct use *u, float *y)
{
    if (u->attributes[WINDOW] > MOTE_ACTIVATION_RELU)
        u->kernels->map_f32(y, y, u->y_item, u->attributes[WINDOW]);
}

static void conv_item(const struct use *u, const struct mote_file_value *w,
                      const float *weights, const float *b, size_t item)
{
    const size_t groups = w->dims[0], n = u->window.x_channels / groups;
    const size_t m = w->dims[2], rows = w->dims[1];
    float *y = u->y + item * u->y_item;

    for (size_t g = 0; g < groups; g++) {
        const struct mote_taps t = {
            .x = u->x + item * u->x_item + g * n,
            .w = weights + g * rows * m,
            .b = b ? b + g * m : NULL,
            .y = y + g * m,
            .w_high = u->window.wide.taps * n * m,
            .w_wide = n * m,
            .n = n,
            .m = m,
            .w_row = m,
            .relu = u->attributes[WINDOW] == MOTE_ACTIVATION_RELU,
        };
        mote_window_slide(&u->window, &t, visit_conv, u);
    }
    activate(u, y);
}

enum mote_status mote_conv_run(const struct mote_run *run,
                               const struct mote_operation *op,
                               struct mote_where *where)
{
    const struct use u = use_of(run, op);

    (void)where;
    for (size_t i = 0; i < u.items; i++)
        conv_item(&u, mote_operand_value(run, op, 1), mote_operand(run, op, 1),
                  mote_operand(run, op, 2), i);
    return MOTE_OK;
}

/* An item that lies in the scratch; y is NULL where results are int8. */
struct item_s8 {
    const struct mote_conv_s8 *l;
    float *y;
    void *scratch;
};

static void visit_s8(const struct mote_tile *tile, const void *with)
{
    const struct item_s8 *item = with;

    mote_conv_s8_channels(item->l, tile->w, tile->first, tile->rows, item->y,
                          item->scratch);
}

/* But for scales, bias and what becomes of the results. */
static struct mote_conv_s8 layer_s8(const struct use *u,
                                    const struct mote_file_value *w)
{
    const uint32_t *a = u->attributes;

    return (struct mote_conv_s8){
        .kernels = u->kernels,
        .window = u->window,
        .after_high = a[AFTER + HIGH],
        .after_wide = a[AFTER + WIDE],
        .groups = groups_of(a, (uint32_t)u->window.x_channels, w->dims[0],
                            w->dims[1]),
    };
}

enum mote_status mote_conv_s8_run(const struct mote_run *run,
                                  const struct mote_operation *op,
                                  struct mote_where *where)
{
    const struct use u = use_of(run, op);
    struct mote_conv_s8 l = layer_s8(&u, mote_operand_value(run, op, 1));
    void *scratch = mote_operand(run, op, 5);
    enum mote_status s = MOTE_OK;

    l.c = mote_operand(run, op, 2);
    l.b = mote_operand(run, op, 3);
    l.activation = op->attributes[WINDOW];
    for (size_t i = 0; s == MOTE_OK && i < u.items; i++) {
        const struct item_s8 item = {&l, u.y + i * u.y_item, scratch};
        if (!mote_conv_s8_begin(&l, u.x + i * u.x_item, scratch)) {
            where->row = (uint32_t)i;
            where->expected = "numbers that stay finite inside the model";
            return MOTE_E_RANGE;
        }
        s = mote_tiles_visit(run, op->reads[1], visit_s8, &item, where);
    }
    return s;
}

/* Results of one item after the other. */
static struct mote_requantize requantize_of(const struct mote_run *run,
                                            const struct mote_operation *op)
{
    return (struct mote_requantize){
        .b = mote_operand(run, op, 3),
        .c = mote_operand(run, op, 2),
        .y = mote_operand(run, op, 4),
        .zero = (int32_t)op->attributes[ZERO_Y],
        .low = (int32_t)op->attributes[LOW],
    };
}

enum mote_status mote_conv_fixed_run(const struct mote_run *run,
                                     const struct mote_operation *op,
                                     struct mote_where *where)
{
    const struct use u = use_of(run, op);
    struct mote_requantize to_s8 = requantize_of(run, op);
    struct mote_conv_s8 l = layer_s8(&u, mote_operand_value(run, op, 1));
    void *scratch = mote_operand(run, op, 5);
    const struct item_s8 item = {&l, NULL, scratch};
    const int8_t *q = mote_operand(run, op, 0);
    enum mote_status s = MOTE_OK;

    l.to_s8 = &to_s8;
    l.zero = (int32_t)op->attributes[ZERO_X];
    for (size_t i = 0; s == MOTE_OK && i < u.items; i++) {
        mote_conv_s8_begin_fixed(&l, q + i * u.x_item, scratch);
        s = mote_tiles_visit(run, op->reads[1], visit_s8, &item, where);
        to_s8.y += u.y_item;
    }
    return s;
}

enum mote_status mote_depthwise_fixed_run(const struct mote_run *run,
                                          const struct mote_operation *op,
                                          struct mote_where *where)
{
    const struct use u = use_of(run, op);
    struct mote_requantize to_s8 = requantize_of(run, op);
    const int8_t *q = mote_operand(run, op, 0);

    (void)where;
    for (size_t i = 0; i < u.items; i++) {
        mote_depthwise_fixed(&u.window, q + i * u.x_item,
                             (int32_t)op->attributes[ZERO_X],
                             mote_operand(run, op, 1), &to_s8);
        to_s8.y += u.y_item;
    }
    return MOTE_OK;
}

enum mote_status mote_depthwise_run(const struct mote_run *run,
                                    const struct mote_operation *op,
                                    struct mote_where *where)
{
    const struct use u = use_of(run, op);
    const size_t c = u.window.x_channels;

    (void)where;
    for (size_t i = 0; i < u.items; i++) {
        const struct mote_taps t = {
            .x = u.x + i * u.x_item,
            .w = mote_operand(run, op, 1),
            .b = mote_operand(run, op, 2),
            .y = u.y + i * u.y_item,
            .w_high = u.window.wide.taps * c,
            .w_wide = c,
            .n = c,
            .m = c,
            .relu = op->attributes[WINDOW] == MOTE_ACTIVATION_RELU,
        };
        mote_window_slide(&u.window, &t, visit_depthwise, &u);
        activate(&u, t.y);
    }
    return MOTE_OK;
}

enum mote_status mote_pool_run(const struct mote_run *run,
                               const struct mote_operation *op,
                               struct mote_where *where)
{
    const struct use u = use_of(run, op);

    (void)where;
    for (size_t i = 0; i < u.items; i++) {
        const struct mote_taps t = {
            .x = u.x + i * u.x_item,
            .y = u.y + i * u.y_item,
            .n = u.window.x_channels,
            .m = u.window.x_channels,
        };
        mote_window_slide(&u.window, &t, visit_pool, &u);
    }
    return MOTE_OK;
}
