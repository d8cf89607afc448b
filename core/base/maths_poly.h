/*
 * core/base/maths_poly.h - the polynomials of core/base/maths.c, for it and
 * for the vector forms of its functions.
 *
 * From the highest coefficient down, as Horner's rule takes them. They come
 * from tools/generate/minimax.py.
 */
#ifndef MOTE_BASE_MATHS_POLY_H
#define MOTE_BASE_MATHS_POLY_H

#define MOTE_COUNT(array) (sizeof(array) / sizeof *(array))

/* e^r = 1 + r + r^2 P(r), |r| <= ln(2) / 2 */
static const float mote_exp_poly[] = {
    0x1.9f08a6p-13f, 0x1.6d8cf4p-10f, 0x1.11127p-7f,
    0x1.55548ep-5f,  0x1.555554p-3f,  0.5f,
};

/* tanh x = x + x^3 P(x^2), |x| < 0.55 */
static const float mote_tanh_poly[] = {
    0x1.3a0612p-9f,  -0x1.13b55p-7f, 0x1.64e3c8p-6f,
    -0x1.ba0996p-5f, 0x1.1110dcp-3f, -0x1.555554p-2f,
};

/* erf z = z (v^8 H(v) + L(v)), v = 2 z^2 / c^2 - 1, |z| <= c; exactly 1 at c.
 * In two halves, for a processor does two chains in the time of one. */
static const float mote_erf_high[] = {
    0x1.fff178p-13f,  -0x1.585bfcp-11f, 0x1.2dcb88p-11f,
    -0x1.00a402p-10f, 0x1.b826c2p-9f,   -0x1.b7df0ep-8f,
    0x1.630fb4p-7f,   -0x1.23c4ccp-6f,  0x1.ced232p-6f,
};
static const float mote_erf_low[] = {
    -0x1.5259eep-5f, 0x1.ce8242p-5f, -0x1.2b8c98p-4f, 0x1.73f11cp-4f,
    -0x1.c42ec6p-4f, 0x1.16fccep-3f, -0x1.777032p-3f, 0x1.782342p-2f,
};
#define MOTE_ERF_END 3.849609375f
#define MOTE_ERF_SCALE 0x1.14648ap-3f /* 2 / c^2 */

/* where the two forms of GELU are -0 for good, and their constants */
#define MOTE_GELU_END 5.5f       /* 5.5 / sqrt 2 > MOTE_ERF_END          */
#define MOTE_GELU_TANH_END 11.0f /* e^112 is infinite                    */
#define MOTE_SQRT_HALF 0x1.6a09e6p-1f
#define MOTE_GELU_1 -0x1.988454p+0f /* -2 sqrt(2 / pi)                   */
#define MOTE_GELU_3 -0x1.2444f2p-4f /* the same, times 0.044715          */

#endif
