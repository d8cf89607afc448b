/*
 * core/kernel/conv_s8.h - int8 convolution of one sequence or image.
 *
 * The whole item is quantized once, with one scale, and laid between the zeros
 * of its padding; then every window is inside. Windows are gathered, unless
 * they already lie in one piece, and go through dense_s8.
 */
#ifndef MOTE_KERNEL_CONV_S8_H
#define MOTE_KERNEL_CONV_S8_H

#include "core/kernel/kernels.h"
#include "core/kernel/window.h"

struct mote_conv_s8 {
    const struct mote_kernels *kernels;
    struct mote_window window;
    size_t after_high, after_wide; /* padding behind the item */
    size_t groups;                 /* divides x_channels and y_channels */
    const int8_t *w; /* [y_channels][taps][x_channels / groups] in P8K8; with
                        groups each has a multiple of 8 rows. Only of
                        mote_conv_s8 */
    const float *c;  /* [y_channels], scales of w */
    const float *b;  /* [y_channels], or NULL for zeros */
    enum mote_activation activation;
};

/* Bytes of scratch, for these positions of x. */
uint64_t mote_conv_s8_bytes(const struct mote_conv_s8 *l);

/*
 * x        [high.in][wide.in][x_channels]
 * y        [high.out][wide.out][y_channels]
 * scratch  aligned to a float
 * returns  false when x has a NaN or an infinity; y is not written then
 */
bool mote_conv_s8(const struct mote_conv_s8 *l, const float *x, float *y,
                  void *scratch);

/* The same in pieces: first x to the scratch, then `count` channels of y from
 * `first` on, a multiple of 8, whose rows of weights are at w. */
bool mote_conv_s8_begin(const struct mote_conv_s8 *l, const float *x,
                        void *scratch);
void mote_conv_s8_channels(const struct mote_conv_s8 *l, const int8_t *w,
                           size_t first, size_t count, float *y, void *scratch);

#endif
