/*
 * core/kernel/lanes_maths.h - the functions of core/base/maths.c on vectors,
 * step by step the same, so that every lane has the bits that they give.
 *
 * After core/kernel/lanes_avx2.h or a like one. Branches become selections: a
 * lane that is not wanted may hold anything.
 */
#ifndef MOTE_KERNEL_LANES_MATHS_H
#define MOTE_KERNEL_LANES_MATHS_H

#include "core/base/maths_poly.h"
#include "core/kernel/activation.h"

LANES_INLINE lanes lanes_horner(const float *c, size_t n, lanes x)
{
    lanes p = lanes_all(c[0]);

#pragma GCC unroll 20
    for (size_t i = 1; i < n; i++)
        p = lanes_fma(p, x, lanes_all(c[i]));
    return p;
}

#define LANES_EXP_ROUND 0x1.8p23f

/* e^r in *p and x / ln 2 rounded to an integer, with LANES_EXP_ROUND added. */
LANES_INLINE lanes lanes_exp_parts(lanes x, lanes *p)
{
    const lanes round = lanes_all(LANES_EXP_ROUND), one = lanes_all(1.0f);
    const lanes rounded = lanes_fma(x, lanes_all(0x1.715476p0f), round);
    const lanes n = lanes_sub(rounded, round);
    lanes r = lanes_fma(n, lanes_all(-0x1.62e4p-1f), x);

    r = lanes_fma(n, lanes_all(-0x1.7f7d1cp-20f), r);
    *p = lanes_horner(mote_exp_poly, MOTE_COUNT(mote_exp_poly), r);
    *p = lanes_add(lanes_fma(*p, lanes_mul(r, r), r), one);
    return rounded;
}

/* Of -86 < x < 86, where the result is a normal number and so the exponent
 * alone changes; other lanes hold anything. */
LANES_INLINE lanes lanes_exp_normal(lanes x)
{
    lanes p;
    const lanes rounded = lanes_exp_parts(x, &p);

    return lanes_add_exponent(p, rounded);
}

LANES_INLINE lanes lanes_exp_any(lanes x)
{
    lanes p;

    x = lanes_max(lanes_all(-104.0f), x); /* a NaN stays one */
    x = lanes_min(lanes_all(89.0f), x);
    const lanes rounded = lanes_exp_parts(x, &p);
    return lanes_times_power(p, lanes_sub(rounded, lanes_all(LANES_EXP_ROUND)));
}

LANES_INLINE lanes lanes_exp(lanes x)
{
    const lanes_mask inside = lanes_less(lanes_abs(x), lanes_all(86.0f));
    return lanes_every(inside) ? lanes_exp_normal(x) : lanes_exp_any(x);
}

/* Of x <= 0, or a NaN; lanes of other numbers hold anything. */
LANES_INLINE lanes lanes_exp_below(lanes x)
{
    const lanes_mask inside = lanes_less(lanes_all(-86.0f), x);
    return lanes_every(inside) ? lanes_exp_normal(x) : lanes_exp_any(x);
}

LANES_INLINE lanes lanes_sigmoid(lanes x)
{
    const lanes one = lanes_all(1.0f);
    const lanes e = lanes_exp_below(lanes_negate(lanes_abs(x)));
    const lanes_mask above = lanes_less(lanes_all(0), x);

    return lanes_div(lanes_select(above, one, e), lanes_add(one, e));
}

LANES_INLINE lanes lanes_tanh(lanes x)
{
    const lanes one = lanes_all(1.0f), two = lanes_all(2.0f);
    const lanes size = lanes_abs(x), x2 = lanes_mul(size, size);
    lanes near = lanes_horner(mote_tanh_poly, MOTE_COUNT(mote_tanh_poly), x2);

    near = lanes_fma(near, lanes_mul(x2, size), size);
    const lanes e =
        lanes_exp_normal(lanes_min(lanes_all(20.0f), lanes_add(size, size)));
    const lanes far = lanes_sub(one, lanes_div(two, lanes_add(e, one)));
    /* from 0.55 on; a NaN is near, where it stays one */
    const lanes_mask large = lanes_less(lanes_all(0x1.199998p-1f), size);
    return lanes_with_sign(lanes_select(large, far, near), x);
}

LANES_INLINE lanes lanes_erf(lanes x)
{
    const lanes low = lanes_max(lanes_all(-MOTE_ERF_END), x);
    const lanes z = lanes_min(lanes_all(MOTE_ERF_END), low);
    const lanes v =
        lanes_fma(lanes_mul(z, z), lanes_all(MOTE_ERF_SCALE), lanes_all(-1.0f));

    return lanes_mul(z,
                     lanes_horner(mote_erf_poly, MOTE_COUNT(mote_erf_poly), v));
}

LANES_INLINE lanes lanes_gelu(lanes x)
{
    const lanes m = lanes_max(lanes_all(-MOTE_GELU_END), x);
    const lanes e = lanes_erf(lanes_mul(m, lanes_all(MOTE_SQRT_HALF)));

    return lanes_mul(lanes_mul(m, lanes_all(0.5f)),
                     lanes_add(lanes_all(1.0f), e));
}

LANES_INLINE lanes lanes_gelu_tanh(lanes x)
{
    const lanes m = lanes_max(lanes_all(-MOTE_GELU_TANH_END), x);
    const lanes inner =
        lanes_mul(lanes_fma(lanes_mul(m, m), lanes_all(MOTE_GELU_3),
                            lanes_all(MOTE_GELU_1)),
                  m);

    return lanes_div(m, lanes_add(lanes_all(1.0f), lanes_exp(inner)));
}

LANES_INLINE lanes lanes_activate(enum mote_activation activation, lanes x)
{
    switch (activation) {
    case MOTE_ACTIVATION_RELU:
        return lanes_max(lanes_all(0), x);
    case MOTE_ACTIVATION_SIGMOID:
        return lanes_sigmoid(x);
    case MOTE_ACTIVATION_TANH:
        return lanes_tanh(x);
    case MOTE_ACTIVATION_GELU:
        return lanes_gelu(x);
    case MOTE_ACTIVATION_GELU_TANH:
        return lanes_gelu_tanh(x);
    case MOTE_ACTIVATION_NONE:
    case MOTE_ACTIVATIONS:
        break;
    }
    return x;
}

#endif
