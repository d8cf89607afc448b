/* core/kernel/conv_s8_fast.c - see core/kernel/conv_s8.h */
#include "core/base/mem.h"
#include "core/kernel/conv_s8.h"
#include "core/kernel/layer.h"

/* Windows that are gathered together; dense_s8 takes as many at once. */
#define STRIP 64

/* Scratch, taken apart. */
struct room {
    float *s;     /* [STRIP], all of them the item's scale */
    int8_t *rows; /* [STRIP][window of one group] */
    int8_t *item; /* [padded high][padded wide][x_channels] */
};

/* Channels of y, from `first` to `end`, and their rows of weights. */
struct channels {
    const int8_t *w;
    size_t first, end;
};

static size_t padded_high(const struct mote_conv_s8 *l)
{
    return l->window.high.before + l->window.high.in + l->after_high;
}

static size_t padded_wide(const struct mote_conv_s8 *l)
{
    return l->window.wide.before + l->window.wide.in + l->after_wide;
}

/* Channels of x that an output has, and numbers of its window. */
static size_t group_channels(const struct mote_conv_s8 *l)
{
    return l->window.x_channels / l->groups;
}

static size_t window_size(const struct mote_conv_s8 *l)
{
    return l->window.high.taps * l->window.wide.taps * group_channels(l);
}

/* As much as no place has, where 64 bits are too few. */
uint64_t mote_conv_s8_bytes(const struct mote_conv_s8 *l)
{
    const uint64_t strip = STRIP * (sizeof(float) + (uint64_t)window_size(l));
    uint64_t item;

    if (__builtin_mul_overflow((uint64_t)padded_high(l) * padded_wide(l),
                               (uint64_t)l->window.x_channels, &item))
        return UINT64_MAX;
    return item + strip;
}

/* As memcpy, of small n: a call would take longer. */
static inline int8_t *copy_small(int8_t *to, const int8_t *from, size_t n)
{
    size_t i = 0;

    for (; i + 16 <= n; i += 16)
        __builtin_memcpy(to + i, from + i, 16);
    for (; i + 4 <= n; i += 4)
        __builtin_memcpy(to + i, from + i, 4);
    for (; i < n; i++)
        to[i] = from[i];
    return to + n;
}

/* The item lies at the front, its rows side by side: moves them to where they
 * belong, the last one first, and puts what stands for 0 around. */
static void spread(const struct mote_conv_s8 *l, int8_t *item)
{
    const size_t c = l->window.x_channels;
    const size_t row = l->window.wide.in * c, wide = padded_wide(l) * c;
    const size_t left = l->window.wide.before * c;
    const size_t top = l->window.high.before, high = l->window.high.in;

    for (size_t h = high; h-- > 0;) {
        int8_t *to = item + (top + h) * wide;
        memmove(to + left, item + h * row, row);
        memset(to + left + row, l->zero, wide - left - row);
    }
    for (size_t h = top; h < top + high; h++)
        memset(item + h * wide, l->zero, left);
    memset(item, l->zero, top * wide);
    memset(item + (top + high) * wide, l->zero, l->after_high * wide);
}

/* The window at `from`, [taps][channels of a group]. */
static int8_t *gather(const struct mote_conv_s8 *l, int8_t *to,
                      const int8_t *from)
{
    const struct mote_window *w = &l->window;
    const size_t n = group_channels(l), c = w->x_channels;
    const size_t wide = padded_wide(l) * c;

    for (size_t h = 0; h < w->high.taps; h++) {
        const int8_t *tap = from + h * w->high.dilation * wide;
        if (n == c && w->wide.dilation == 1) {
            to = copy_small(to, tap, w->wide.taps * n);
            continue;
        }
        for (size_t v = 0; v < w->wide.taps; v++)
            to = copy_small(to, tap + v * w->wide.dilation * c, n);
    }
    return to;
}

/* Whether a window's numbers lie one behind the other. */
static bool is_one_piece(const struct mote_conv_s8 *l)
{
    return l->groups == 1 && l->window.high.taps == 1 &&
           (l->window.wide.dilation == 1 || l->window.wide.taps == 1);
}

static struct room room_of(const struct mote_conv_s8 *l, void *scratch)
{
    struct room r = {.s = scratch};

    r.rows = (int8_t *)(r.s + STRIP);
    r.item = r.rows + STRIP * window_size(l);
    return r;
}

/* Where results go: y, or that of l->to_s8, and how far into it. */
struct target {
    float *y;
    size_t at;
};

/* Those channels, all of group g, for `count` windows of one row, at most
 * STRIP, the first of them at `from`. */
static void run_strip(const struct mote_conv_s8 *l, const struct room *r,
                      size_t g, const struct channels *c, const int8_t *from,
                      struct target to, size_t count)
{
    const size_t n = window_size(l);
    const size_t step = l->window.wide.stride * l->window.x_channels;
    struct mote_dense_s8 d = {
        .q = from,
        .s = r->s,
        .w = c->w,
        .rows = count,
        .n = n,
        .m = c->end - c->first,
        .q_stride = step,
        .y_stride = l->window.y_channels,
    };
    struct mote_requantize to_s8;

    if (l->to_s8) {
        to_s8 = *l->to_s8;
        to_s8.b += c->first;
        to_s8.c += c->first;
        to_s8.y += to.at + c->first;
        d.to_s8 = &to_s8;
    } else {
        d.c = l->c + c->first;
        d.b = l->b ? l->b + c->first : NULL;
        d.y = to.y + to.at + c->first;
    }
    if (!is_one_piece(l)) {
        int8_t *row = r->rows;
        for (size_t i = 0; i < count; i++)
            row = gather(l, row, from + g * group_channels(l) + i * step);
        d.q = r->rows;
        d.q_stride = n;
    }
    mote_layer_s8(l->kernels, &d, l->activation);
}

/* What `all` has of group g. */
static struct channels of_group(const struct mote_conv_s8 *l,
                                const struct channels *all, size_t g)
{
    const size_t m = l->window.y_channels / l->groups;
    const size_t row = (window_size(l) + MOTE_P8K8 - 1) / MOTE_P8K8 * MOTE_P8K8;
    struct channels c = *all;

    if (c.first < g * m) {
        c.w += (g * m - c.first) * row;
        c.first = g * m;
    }
    if (c.end > (g + 1) * m)
        c.end = (g + 1) * m;
    return c;
}

static void run_row(const struct mote_conv_s8 *l, const struct room *r,
                    const struct channels *all, size_t o, float *y)
{
    const size_t row = o * l->window.wide.out * l->window.y_channels;
    const struct mote_window *w = &l->window;
    const size_t out = w->wide.out, x = w->x_channels;
    const size_t m = w->y_channels / l->groups;
    const int8_t *from = r->item + o * w->high.stride * padded_wide(l) * x;

    for (size_t p = 0; p < out; p += STRIP)
        for (size_t g = all->first / m; g * m < all->end; g++) {
            const struct channels c = of_group(l, all, g);
            run_strip(l, r, g, &c, from + p * w->wide.stride * x,
                      (struct target){y, row + p * w->y_channels},
                      out - p < STRIP ? out - p : STRIP);
        }
}

bool mote_conv_s8_begin(const struct mote_conv_s8 *l, const float *x,
                        void *scratch)
{
    const struct mote_window *w = &l->window;
    const size_t n = w->high.in * w->wide.in * w->x_channels;
    const struct room r = room_of(l, scratch);

    if (l->kernels->quantize_s8(x, r.item, r.s, 1, n) == 0)
        return false;
    for (size_t i = 1; i < STRIP; i++)
        r.s[i] = r.s[0];
    spread(l, r.item);
    return true;
}

void mote_conv_s8_begin_fixed(const struct mote_conv_s8 *l, const int8_t *q,
                              void *scratch)
{
    const struct mote_window *w = &l->window;
    const struct room r = room_of(l, scratch);

    memcpy(r.item, q, w->high.in * w->wide.in * w->x_channels);
    spread(l, r.item);
}

void mote_conv_s8_channels(const struct mote_conv_s8 *l, const int8_t *w,
                           size_t first, size_t count, float *y, void *scratch)
{
    const struct room r = room_of(l, scratch);
    const struct channels all = {w, first, first + count};

    for (size_t o = 0; o < l->window.high.out; o++)
        run_row(l, &r, &all, o, y);
}

bool mote_conv_s8(const struct mote_conv_s8 *l, const float *x, float *y,
                  void *scratch)
{
    if (!mote_conv_s8_begin(l, x, scratch))
        return false;
    mote_conv_s8_channels(l, l->w, 0, l->window.y_channels, y, scratch);
    return true;
}
