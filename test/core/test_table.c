/* test/core/test_table.c - kernels of tables, and of rows in float64, against
 * what their headers say, at edges and at the end of what may be read. */
#include "test/test.h"
#include "core/kernel/rows.h"
#include "core/kernel/table.h"
#include "core/kernel/vector.h"
#include <math.h>

enum { ROWS = 7, N = 5, M = 9, CELLS = ROWS * N };

/* Halves from -2 to 2, 0 of both signs, and now and then none or no end. */
static double draw(uint64_t *seed)
{
    static const double odd[] = {NAN, INFINITY, -INFINITY, -0.0};
    const uint64_t r = test_random(seed);

    return r % 4 == 0 ? odd[r / 4 % 4] : (double)(int)(r / 4 % 9) / 2 - 2;
}

static void fill_rows(double *x, size_t n, uint64_t *seed)
{
    for (size_t i = 0; i < n; i++)
        x[i] = draw(seed);
}

/* As a row of a model's answer: a NaN is a NaN, 0 and -0 differ. */
static bool same(double a, double b)
{
    return a != a ? b != b : a == b && !signbit(a) == !signbit(b);
}

static bool alike(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void columns_are_picked(void)
{
    const uint32_t index[M] = {4, 0, 0, 3, 1, 2, 4, 4, 0};
    float narrow[CELLS], y32[ROWS * M];
    double x[CELLS], y[ROWS * M];
    uint64_t seed = 1;

    fill_rows(x, CELLS, &seed);
    for (size_t i = 0; i < CELLS; i++)
        narrow[i] = (float)x[i];
    mote_columns(guarded(x, sizeof x), (void *)guarded(index, sizeof index), y,
                 ROWS, N, M, sizeof *y);
    mote_columns(guarded(narrow, sizeof narrow), index, y32, ROWS, N, M,
                 sizeof *y32);
    for (size_t r = 0; r < ROWS; r++)
        for (size_t j = 0; j < M; j++) {
            EXPECT(same(y[r * M + j], x[r * N + index[j]]), "%zu %zu", r, j);
            EXPECT(same(y32[r * M + j], x[r * N + index[j]]), "%zu %zu", r, j);
        }
}

static void numbers_are_filled(void)
{
    const double what[N] = {NAN, 0, INFINITY, 1.5, -1};
    const double with[N] = {7, -8, 9, NAN, -0.0};
    double x[CELLS], y[CELLS];
    uint64_t seed = 2;

    for (unsigned times = 0; times < 50; times++) {
        fill_rows(x, CELLS, &seed);
        mote_fill((void *)guarded(x, sizeof x),
                  (void *)guarded(what, sizeof what),
                  (void *)guarded(with, sizeof with), y, ROWS, N);
        for (size_t i = 0; i < CELLS; i++)
            EXPECT(same(y[i], alike(x[i], what[i % N]) ? with[i % N] : x[i]),
                   "%zu: %g of %g", i, y[i], x[i]);
        mote_fill(x, what, with, x, ROWS, N); /* in place */
        EXPECT(!memcmp(x, y, sizeof x));
    }
}

/* One key after the other. */
static double encoded(const struct mote_encode_tables *e, double x, size_t k)
{
    double y = e->other[k];

    for (uint32_t i = e->starts[k]; i < e->starts[k + 1]; i++)
        if (e->keys[i] == x || (e->floor && e->keys[i] < x))
            y = e->values[i];
    return isnan(x) ? e->missing[k] : y;
}

static void numbers_are_encoded(void)
{
    const uint32_t starts[N + 1] = {0, 0, 1, 4, 6, 11};
    const double keys[] = {0.5, -INFINITY, 0, INFINITY, -1, 2,
                           -2,  -1,        0, 1,        1.5};
    const double values[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, NAN, 11};
    const double other[N] = {-1, -2, NAN, -4, -5};
    const double missing[N] = {-6, NAN, -8, -9, -10};
    double x[CELLS], y[CELLS];
    uint64_t seed = 3;

    for (unsigned times = 0; times < 100; times++) {
        const struct mote_encode_tables e = {
            (void *)guarded(starts, sizeof starts),
            (void *)guarded(keys, sizeof keys),
            (void *)guarded(values, sizeof values),
            other,
            missing,
            times % 2,
        };
        fill_rows(x, CELLS, &seed);
        mote_encode_columns(&e, x, y, ROWS, N);
        for (size_t i = 0; i < CELLS; i++)
            EXPECT(same(y[i], encoded(&e, x[i], i % N)), "%g to %g", x[i],
                   y[i]);
        mote_encode_columns(&e, x, x, ROWS, N); /* in place */
        for (size_t i = 0; i < CELLS; i++)
            EXPECT(same(x[i], y[i]));
    }
}

static void columns_are_compared(void)
{
    const uint32_t columns[M] = {0, 0, 0, 1, 2, 3, 4, 4, 0};
    const double values[M] = {NAN, 0, -0.0, INFINITY, 1, 1.5, -2, NAN, 2};
    double x[CELLS], y[ROWS * M];
    uint64_t seed = 4;

    fill_rows(x, CELLS, &seed);
    mote_equal((void *)guarded(x, sizeof x),
               (void *)guarded(columns, sizeof columns),
               (void *)guarded(values, sizeof values), y, ROWS, N, M);
    for (size_t i = 0; i < ROWS * M; i++) {
        const double one = x[i / M * N + columns[i % M]];
        EXPECT(same(y[i], alike(one, values[i % M]) ? 1 : 0), "%zu", i);
    }
}

static void columns_are_multiplied(void)
{
    /* 1, a, b, a b, b (a b), none of either, a (1), b (a (1)) */
    const int32_t factors[] = {-1, 0, 1, 0, 1, -9, 0, 1};
    const int32_t earlier[] = {-1, -1, -1, 2, 3, -2, 0, 6};
    const double x[] = {3, 0.1, NAN, 2};
    double y[16];

    mote_products((void *)guarded(x, sizeof x), factors, earlier, y, 2, 2, 8);
    const double ab = 3 * 0.1;
    const double want[] = {1, 3, 0.1, ab, 0.1 * ab, 1, 3, 0.1 * 3};
    for (size_t j = 0; j < 8; j++)
        EXPECT(same(y[j], want[j]), "%zu: %a", j, y[j]);
    EXPECT(y[8] == 1 && isnan(y[9]) && y[10] == 2 && isnan(y[12]));
}

static void distances_are_squares(void)
{
    const double x[] = {1, 2, 3}, vectors[] = {1, 2, 3, 0, 0, 0, NAN, 0, 0};
    double y[3];

    mote_distance((void *)guarded(x, sizeof x),
                  (void *)guarded(vectors, sizeof vectors), y, 1, 3, 3);
    EXPECT(y[0] == 0 && !signbit(y[0]) && y[1] == 14 && isnan(y[2]));
}

static void leaves_are_linear(void)
{
    const uint32_t starts[] = {0, 0, 2, 3}, columns[] = {0, 1, 1};
    const uint32_t targets[] = {1, 1};
    const double coefficients[] = {0.1, 3, -1}, constants[] = {5, 0.3, 1};
    const double fallback[] = {-5, -6, -7};
    const struct mote_linear_leaves l = {
        (void *)guarded(starts, sizeof starts),
        (void *)guarded(columns, sizeof columns),
        coefficients,
        constants,
        fallback,
        targets,
        3,
        2,
    };
    const double x[] = {0.7, 2, NAN, 1, 1, 1};
    double leaf[] = {0, 1, 1, 2, 2, 2}, y[6];

    EXPECT(mote_linear_leaves(&l, x, leaf, y, 3, 2, 2) == 3);
    EXPECT(y[0] == 0 && y[1] == 5 + (0.3 + 0.7 * 0.1 + 6), "%a", y[1]);
    EXPECT(y[3] == -6 + (1 - 1.0) && y[5] == 0);
    for (unsigned i = 0; i < 6; i++) {
        const double none[] = {-1, 3, NAN, INFINITY, -INFINITY, 1e300};
        leaf[3] = none[i];
        EXPECT(mote_linear_leaves(&l, x, leaf, y, 3, 2, 2) == 1, "%g", none[i]);
    }
    leaf[3] = 2.5; /* its fraction is dropped */
    EXPECT(mote_linear_leaves(&l, x, leaf, y, 3, 2, 2) == 3 && y[3] == -6);
}

/* ------------------------------------------------------------------------
 * float64
 */
static void map_has_its_kinds(void)
{
    const double x[] = {-2, -0.0, 0.25, 4, NAN};
    double y[5];
    unsigned kinds = 0;

    for (uint32_t kind = 0; kind < 300; kind++)
        kinds += mote_map_is_kind_f64(kind);
    EXPECT(kinds == 8, "%u", kinds);
    EXPECT(!mote_map_is_kind_f64(0) && !mote_map_is_kind_f64(UINT32_MAX));
    mote_map_f64(x, y, 5, MOTE_ACTIVATION_RELU);
    EXPECT(y[0] == 0 && signbit(y[1]) && y[3] == 4 && isnan(y[4]));
    mote_map_f64(x, y, 5, MOTE_MAP_ABS);
    EXPECT(y[0] == 2 && !signbit(y[1]) && isnan(y[4]));
    mote_map_f64(x, y, 5, MOTE_MAP_NEG);
    EXPECT(y[0] == 2 && !signbit(y[1]) && y[3] == -4);
    mote_map_f64(x, y, 5, MOTE_MAP_SQRT);
    EXPECT(isnan(y[0]) && signbit(y[1]) && y[2] == 0.5 && y[3] == 2);
    mote_map_f64(x, y, 5, MOTE_MAP_LN);
    EXPECT(isnan(y[0]) && y[1] == -INFINITY && y[2] == -2 * mote_ln(2));
    mote_map_f64(x, y, 5, MOTE_MAP_EXP);
    EXPECT(y[1] == 1 && y[3] == mote_exp(4));
    mote_map_f64(x, y, 5, MOTE_ACTIVATION_SIGMOID);
    EXPECT(y[1] == 0.5 && y[3] == mote_sigmoid(4));
    mote_map_f64(x, y, 5, MOTE_ACTIVATION_TANH);
    EXPECT(signbit(y[1]) && y[3] == mote_tanh(4));
}

static void binary_is_right(void)
{
    const double a[] = {1, -2, NAN, 0, 5, 6}, b[] = {4, -0.5, 2}, zero = -0.0;
    double y[6];

    mote_binary_f64(a, b, y, 2, 3, false, MOTE_BINARY_SUB);
    EXPECT(y[0] == -3 && y[1] == -1.5 && y[3] == -4 && y[5] == 4);
    mote_binary_f64(a, b, y, 2, 3, true, MOTE_BINARY_DIV);
    EXPECT(y[0] == 0.25 && y[1] == -0.5 && y[5] == 1.5);
    mote_binary_f64(a, b, y, 2, 3, false, MOTE_BINARY_MIN);
    EXPECT(y[0] == 1 && y[1] == -2 && isnan(y[2]) && y[3] == 0 && y[5] == 2);
    mote_binary_f64(a, b, y, 2, 3, false, MOTE_BINARY_MAX);
    EXPECT(y[0] == 4 && y[1] == -0.5 && isnan(y[2]) && y[5] == 6);
    mote_binary_f64(a + 3, &zero, y, 1, 1, true, MOTE_BINARY_MIN);
    EXPECT(!signbit(y[0])); /* equal: a stays */
}

static void shares_add_up(void)
{
    const double x[] = {1, 2, 3, 1e300, -1e300, 1e300};
    const double low[] = {-710, -800, -720, -709, -709, -800};
    double y[6];

    mote_softmax_rows_f64(x, y, 2, 3);
    EXPECT(fabs(y[2] - 1 / (1 + exp(-1) + exp(-2))) < 1e-16, "%a", y[2]);
    EXPECT(y[3] == 0.5 && y[4] == 0 && y[5] == 0.5);
    mote_share_rows_f64(low, y, 2, 3);
    EXPECT(y[0] == 1.0 / 3 && y[1] == y[0] && y[2] == y[0]);
    EXPECT(y[3] == 0.5 && y[4] == 0.5 && y[5] == 0);
}

static const struct test_case cases[] = {
    {"columns are picked", columns_are_picked},
    {"numbers are filled", numbers_are_filled},
    {"numbers are encoded", numbers_are_encoded},
    {"columns are compared", columns_are_compared},
    {"columns are multiplied", columns_are_multiplied},
    {"distances are squares", distances_are_squares},
    {"leaves are linear", leaves_are_linear},
    {"map in float64", map_has_its_kinds},
    {"binary in float64", binary_is_right},
    {"softmax and share in float64", shares_add_up},
};
TEST_MAIN(cases)
