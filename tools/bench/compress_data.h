/*
 * tools/bench/compress_data.h - weights to code: rows drawn from a distribution
 * and quantized, each by its largest, as the compiler does it.
 */
#ifndef MOTE_BENCH_COMPRESS_DATA_H
#define MOTE_BENCH_COMPRESS_DATA_H

#include <math.h>
#include <stdint.h>

enum distribution { GAUSS, LAPLACE, STUDENT };

/* xorshift64*, above 0 and below 1. */
static inline double uniform(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return ((double)(*state * 0x2545F4914F6CDD1Du >> 12) + 0.5) * 0x1p-52;
}

static inline double gauss(uint64_t *state)
{
    const double a = uniform(state), b = uniform(state);
    return sqrt(-2 * log(a)) * cos(6.283185307179586 * b);
}

static inline double draw(enum distribution d, uint64_t *state)
{
    double u, sum = 0;

    switch (d) {
    case GAUSS:
        return gauss(state);
    case LAPLACE:
        u = uniform(state) * 2 - 1;
        return u < 0 ? log1p(u) : -log1p(-u);
    default: /* Student's t with 4 degrees of freedom */
        for (int i = 0; i < 4; i++) {
            u = gauss(state);
            sum += u * u;
        }
        return gauss(state) / sqrt(sum / 4);
    }
}

/* n numbers, in rows of `row`, to weights of so many bits. */
static inline void quantize_rows(const float *x, int8_t *w, size_t n,
                                 size_t row, unsigned bits)
{
    const float top = (float)((1 << (bits - 1)) - 1);

    for (size_t r = 0; r < n; r += row) {
        float most = 0;
        for (size_t i = 0; i < row; i++)
            most = fabsf(x[r + i]) > most ? fabsf(x[r + i]) : most;
        for (size_t i = 0; i < row; i++)
            w[r + i] = (int8_t)lrintf(x[r + i] * (top / most));
    }
}

#endif
