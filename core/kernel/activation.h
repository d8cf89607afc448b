/*
 * core/kernel/activation.h - what a layer does to its sums.
 */
#ifndef MOTE_KERNEL_ACTIVATION_H
#define MOTE_KERNEL_ACTIVATION_H

#include "core/base/maths.h"

/* Numbers of compress/FORMAT.md. */
enum mote_activation {
    MOTE_ACTIVATION_NONE,
    MOTE_ACTIVATION_RELU, /* 0 where x < 0, else x: a NaN stays one */
    MOTE_ACTIVATION_SIGMOID,
    MOTE_ACTIVATION_TANH,
    MOTE_ACTIVATION_GELU,      /* with erf  */
    MOTE_ACTIVATION_GELU_TANH, /* with tanh */
    MOTE_ACTIVATIONS
};

static inline float mote_activate_f32(enum mote_activation activation, float x)
{
    switch (activation) {
    case MOTE_ACTIVATION_RELU:
        return x < 0 ? 0 : x;
    case MOTE_ACTIVATION_SIGMOID:
        return mote_sigmoidf(x);
    case MOTE_ACTIVATION_TANH:
        return mote_tanhf(x);
    case MOTE_ACTIVATION_GELU:
        return mote_geluf(x);
    case MOTE_ACTIVATION_GELU_TANH:
        return mote_gelu_tanhf(x);
    case MOTE_ACTIVATION_NONE:
    case MOTE_ACTIVATIONS:
        break;
    }
    return x;
}

#endif
