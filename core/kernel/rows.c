/* core/kernel/rows.c - see core/kernel/rows.h */
#include "core/kernel/rows.h"
#include "core/base/maths.h"
#include "core/kernel/sum16.h"

static double apply(double x, double v, enum mote_rowwise kind)
{
    switch (kind) {
    case MOTE_ROWWISE_ADD:
        return x + v;
    case MOTE_ROWWISE_SUB:
        return x - v;
    case MOTE_ROWWISE_MUL:
        return x * v;
    default:
        return x / v;
    }
}

void mote_rowwise(const double *x, const double *v, double *y, size_t rows,
                  size_t n, enum mote_rowwise kind)
{
    for (size_t i = 0; i < rows * n; i++)
        y[i] = apply(x[i], v[i % n], kind);
}

/* y holds x less the row's largest. */
static void softmax_row(float *y, size_t n)
{
    float lane[MOTE_LANES] = {0};

    for (size_t k = 0; k < n; k++) {
        y[k] = mote_expf(y[k]);
        lane[k % MOTE_LANES] += y[k];
    }
    const float inverse = 1.0f / mote_sum16_fold(lane);
    for (size_t k = 0; k < n; k++)
        y[k] *= inverse;
}

static double largest(const double *x, size_t n)
{
    double top = x[0];

    for (size_t k = 1; k < n; k++)
        top = x[k] > top ? x[k] : top;
    return top;
}

void mote_softmax_rows(const double *x, float *y, size_t rows, size_t n)
{
    for (size_t r = 0; r < rows; r++, x += n, y += n) {
        const double top = largest(x, n);

        for (size_t k = 0; k < n; k++)
            y[k] = (float)(x[k] - top);
        softmax_row(y, n);
    }
}

/* y[k] / sum of y over a row; where that is 0, 1/n. */
static void divide_by_sum(double *y, size_t n)
{
    double sum = 0;

    for (size_t k = 0; k < n; k++)
        sum += y[k];
    for (size_t k = 0; k < n; k++)
        y[k] = sum == 0 ? 1 / (double)n : y[k] / sum;
}

void mote_softmax_rows_f64(const double *x, double *y, size_t rows, size_t n)
{
    for (size_t r = 0; r < rows; r++, x += n, y += n) {
        const double top = largest(x, n);

        for (size_t k = 0; k < n; k++)
            y[k] = mote_exp(x[k] - top);
        divide_by_sum(y, n);
    }
}

void mote_share_rows_f64(const double *x, double *y, size_t rows, size_t n)
{
    for (size_t r = 0; r < rows; r++, x += n, y += n) {
        for (size_t k = 0; k < n; k++)
            y[k] = x[k] < MOTE_SHARE_ZERO ? 0 : mote_sigmoid(x[k]);
        divide_by_sum(y, n);
    }
}

static double log_logistic(double x)
{
    const double size = x < 0 ? -x : x;
    return (x < 0 ? x : 0) - (double)mote_log1p_exp_minus((float)size);
}

void mote_share_rows(const double *x, float *y, size_t rows, size_t n)
{
    for (size_t r = 0; r < rows; r++, x += n, y += n) {
        const double top = largest(x, n);
        const bool none = top < MOTE_SHARE_ZERO;

        for (size_t k = 0; k < n; k++) {
            const bool zero = x[k] < MOTE_SHARE_ZERO && !none;
            const double l = log_logistic(x[k]) - log_logistic(top);
            y[k] = none ? 0 : zero ? -__builtin_inff() : (float)l;
        }
        softmax_row(y, n);
    }
}

void mote_argmax_rows(const double *x, int32_t *y, size_t rows, size_t n)
{
    for (size_t r = 0; r < rows; r++, x += n) {
        size_t best = 0;
        bool numbers = x[0] == x[0];

        for (size_t k = 1; k < n; k++) {
            best = x[k] > x[best] ? k : best;
            numbers &= x[k] == x[k];
        }
        y[r] = numbers ? (int32_t)best : -1;
    }
}
