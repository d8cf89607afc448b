/*
 * core/kernel/window.h - where a window slides, and what of it is inside.
 */
#ifndef MOTE_KERNEL_WINDOW_H
#define MOTE_KERNEL_WINDOW_H

#include "core/kernel/conv.h"

/* Along one axis: position o has its tap i at o * stride - before +
 * i * dilation, inside when that is in [0, in). All are below 2^31. */
struct mote_axis {
    size_t taps, stride, dilation, before;
    size_t in, out; /* positions of x and of y */
};

struct mote_window {
    struct mote_axis high, wide;
    size_t x_channels, y_channels; /* of a position in x and in y */
};

/*
 * Gives `visit` the runs of one image, row after row.
 *
 * item   x, w, b and y of the image and of the first tap of a whole window,
 *        w_high, w_wide, and what the kernel wants beside; the rest is set
 * with   for visit
 */
void mote_window_slide(const struct mote_window *w,
                       const struct mote_taps *item,
                       void (*visit)(const struct mote_taps *t,
                                     const void *with),
                       const void *with);

#endif
