/* core/kernel/window.c - see core/kernel/window.h */
#include "core/kernel/window.h"

/* Taps first up to end of a position are inside. */
struct span {
    size_t first, end;
};

/* Where tap i of position o lies; outside it may be below 0. */
static ptrdiff_t place_of(const struct mote_axis *a, size_t o, size_t i)
{
    return (ptrdiff_t)(o * a->stride + i * a->dilation) - (ptrdiff_t)a->before;
}

static struct span span_of(const struct mote_axis *a, size_t o)
{
    struct span s = {0, a->taps};

    while (s.first < s.end && place_of(a, o, s.first) < 0)
        s.first++;
    while (s.first < s.end && place_of(a, o, s.end - 1) >= (ptrdiff_t)a->in)
        s.end--;
    return s;
}

/* Whether s, not empty, is that of position o as well. */
static bool is_span_of(const struct mote_axis *a, size_t o, struct span s)
{
    const ptrdiff_t in = (ptrdiff_t)a->in;

    return place_of(a, o, s.first) >= 0 && place_of(a, o, s.end - 1) < in &&
           (s.first == 0 || place_of(a, o, s.first - 1) < 0) &&
           (s.end == a->taps || place_of(a, o, s.end) >= in);
}

/* How many positions from o on have span s. */
static size_t run_of(const struct mote_axis *a, size_t o, struct span s)
{
    size_t n = 1;

    while (s.first < s.end && o + n < a->out && is_span_of(a, o + n, s))
        n++;
    return n;
}

/* t's part of x and w, for the run that begins at row o, column p of y. */
static void set_taps(struct mote_taps *t, const struct mote_window *w, size_t o,
                     size_t p, struct span high, struct span wide)
{
    t->high = high.end - high.first;
    t->wide = wide.end - wide.first;
    if (t->high == 0 || t->wide == 0) {
        t->high = t->wide = 0;
        return;
    }
    t->x += ((size_t)place_of(&w->high, o, high.first) * w->wide.in +
             (size_t)place_of(&w->wide, p, wide.first)) *
            w->x_channels;
    if (t->w)
        t->w += high.first * t->w_high + wide.first * t->w_wide;
}

void mote_window_slide(const struct mote_window *w,
                       const struct mote_taps *item,
                       void (*visit)(const struct mote_taps *t,
                                     const void *with),
                       const void *with)
{
    struct mote_taps t;

    for (size_t o = 0; o < w->high.out; o++) {
        const struct span high = span_of(&w->high, o);
        for (size_t p = 0; p < w->wide.out; p += t.rows) {
            const struct span wide = span_of(&w->wide, p);
            t = *item;
            t.rows = run_of(&w->wide, p, wide);
            t.x_step = w->wide.stride * w->x_channels;
            t.x_wide = w->wide.dilation * w->x_channels;
            t.x_high = w->high.dilation * w->wide.in * w->x_channels;
            t.y_step = w->y_channels;
            t.y += (o * w->wide.out + p) * w->y_channels;
            set_taps(&t, w, o, p, high, wide);
            visit(&t, with);
        }
    }
}
