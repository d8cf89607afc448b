/*
 * core/kernel/conv_s8.h - int8 convolution of one sequence or image.
 *
 * The whole item is quantized once, with one scale, and laid between the zeros
 * of its padding; then every window is inside. Windows are gathered, unless
 * they already lie in one piece, and go through dense_s8.
 *
 * Or, where the scales are stated, an item of int8 is laid there as it is, and
 * what comes out is int8: see struct mote_requantize.
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
    /* NULL; or, with b, c and y of an item, int8 of int8: then c and b above
     * are not used, and activation is none */
    const struct mote_requantize *to_s8;
    int32_t zero; /* what stands for 0 in x: 0, or that of x in int8 */
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
 * `first` on, a multiple of 8, whose rows of weights are at w. With to_s8 x is
 * q, and y is NULL. */
bool mote_conv_s8_begin(const struct mote_conv_s8 *l, const float *x,
                        void *scratch);
void mote_conv_s8_begin_fixed(const struct mote_conv_s8 *l, const int8_t *q,
                              void *scratch);
void mote_conv_s8_channels(const struct mote_conv_s8 *l, const int8_t *w,
                           size_t first, size_t count, float *y, void *scratch);

/*
 * Each channel by itself, int8 of int8: y_channels are x_channels.
 *
 * x        [high.in][wide.in][x_channels]; outside of it is `zero`
 * w        [taps][x_channels] in rows, at most 65536 taps
 * t        b, c and y of the item: [high.out][wide.out][x_channels]
 */
void mote_depthwise_fixed(const struct mote_window *window, const int8_t *x,
                          int32_t zero, const int8_t *w,
                          const struct mote_requantize *t);

#endif
