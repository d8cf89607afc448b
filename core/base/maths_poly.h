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

/* erf z = z P(2 z^2 / c^2 - 1), |z| <= c = 3.875; exactly 1 at c */
static const float mote_erf_poly[] = {
    0x1.256dep-12f, -0x1.868534p-11f, 0x1.459366p-11f, -0x1.0c19acp-10f,
    0x1.db21f6p-9f, -0x1.d7310ap-8f,  0x1.74ecaap-7f,  -0x1.2ebff4p-6f,
    0x1.dc6562p-6f, -0x1.59282ep-5f,  0x1.d3d416p-5f,  -0x1.2cef38p-4f,
    0x1.73c16ep-4f, -0x1.c26d88p-4f,  0x1.1566fep-3f,  -0x1.750b1ap-3f,
    0x1.75ad7p-2f,
};
#define MOTE_ERF_END 3.875f
#define MOTE_ERF_SCALE 0x1.10c854p-3f /* 2 / 3.875^2 */

/* where the two forms of GELU are -0 for good, and their constants */
#define MOTE_GELU_END 5.5f       /* 5.5 / sqrt 2 > MOTE_ERF_END          */
#define MOTE_GELU_TANH_END 11.0f /* e^112 is infinite                    */
#define MOTE_SQRT_HALF 0x1.6a09e6p-1f
#define MOTE_GELU_1 -0x1.988454p+0f /* -2 sqrt(2 / pi)                   */
#define MOTE_GELU_3 -0x1.2444f2p-4f /* the same, times 0.044715          */

#endif
