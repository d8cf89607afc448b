/* test/core/test_tensor.c - kernels of core/kernel/tensor.h against the C
 * language and library, in memory that ends where their operands do. */
#include "test/test.h"
#include "core/base/maths.h"
#include "core/kernel/tensor.h"
#include <math.h>

#define NUMBERS 64

static const uint8_t bytes_of[MOTE_NUMBERS] = {0, 4, 8, 1, 1, 2, 4, 8, 1};

/* A number of that type at element i, as exact as the type has it. */
static long double number_at(const void *x, enum mote_number type, size_t i)
{
    switch (type) {
    case MOTE_NUMBER_F32:
        return ((const float *)x)[i];
    case MOTE_NUMBER_F64:
        return ((const double *)x)[i];
    case MOTE_NUMBER_S8:
        return ((const int8_t *)x)[i];
    case MOTE_NUMBER_S16:
        return ((const int16_t *)x)[i];
    case MOTE_NUMBER_S32:
        return ((const int32_t *)x)[i];
    case MOTE_NUMBER_S64:
        return ((const int64_t *)x)[i];
    default:
        return ((const uint8_t *)x)[i];
    }
}

static long double limit(long double x, long double least, long double most)
{
    return isnan(x) ? 0 : fminl(fmaxl(truncl(x), least), most);
}

static long double converted(long double x, enum mote_number to)
{
    switch (to) {
    case MOTE_NUMBER_F32:
        return (float)x;
    case MOTE_NUMBER_F64:
        return (double)x;
    case MOTE_NUMBER_S8:
        return limit(x, -128, 127);
    case MOTE_NUMBER_U8:
        return limit(x, 0, 255);
    case MOTE_NUMBER_S16:
        return limit(x, -32768, 32767);
    case MOTE_NUMBER_S32:
        return limit(x, -0x1p31L, 0x1p31L - 1);
    case MOTE_NUMBER_S64:
        return limit(x, -0x1p63L, 0x1p63L - 1);
    default:
        return x != 0;
    }
}

/* Random bits of that type; of floats also what integers end at. */
static void fill(void *x, enum mote_number type, size_t n, uint64_t *seed)
{
    static const double edges[] = {
        0.0,     -0.0,     127.5, -128.5,   255.9,     256, 0x1p31, 0x1p63,
        -0x1p63, 0x1.8p24, NAN,   INFINITY, -INFINITY, 0.5, -0.5,   1e-40};

    for (size_t i = 0; i < n; i++) {
        const uint64_t r = test_random(seed);
        const double edge = edges[r >> 60];
        if (type == MOTE_NUMBER_F32)
            ((float *)x)[i] =
                i % 2 ? (float)edge : mote_f32_of_bits((uint32_t)r);
        else if (type == MOTE_NUMBER_F64 && i % 2)
            ((double *)x)[i] = edge;
        else if (type == MOTE_NUMBER_BOOL)
            ((uint8_t *)x)[i] = r >> 63;
        else
            memcpy((uint8_t *)x + i * bytes_of[type], &r, bytes_of[type]);
    }
}

static void every_type_as_every_other(void)
{
    uint64_t seed = 3;

    for (int from = 1; from < MOTE_NUMBERS; from++)
        for (int to = 1; to < MOTE_NUMBERS; to++)
            for (size_t n = 0; n <= NUMBERS; n += n < 9 ? 1 : 11) {
                uint64_t raw[NUMBERS];
                fill(raw, (enum mote_number)from, n, &seed);
                const void *x = guarded(raw, n * bytes_of[from]);
                uint64_t out[NUMBERS] = {0};
                void *y = guarded(out, n * bytes_of[to]);
                mote_convert(x, (enum mote_number)from, y, (enum mote_number)to,
                             n);
                for (size_t i = 0; i < n; i++) {
                    const long double want =
                        converted(number_at(x, (enum mote_number)from, i),
                                  (enum mote_number)to);
                    const long double got =
                        number_at(y, (enum mote_number)to, i);
                    EXPECT(got == want || (isnan(got) && isnan(want)),
                           "%d to %d: %Lg, want %Lg", from, to, got, want);
                }
            }
}

static void comparisons(void)
{
    static const enum mote_number types[] = {MOTE_NUMBER_F32, MOTE_NUMBER_F64,
                                             MOTE_NUMBER_S32, MOTE_NUMBER_BOOL};
    uint64_t seed = 4;

    for (size_t t = 0; t < 4; t++)
        for (int kind = 0; kind < MOTE_COMPARES; kind++)
            for (int one = 0; one < 2; one++) {
                uint64_t a[NUMBERS], b[NUMBERS];
                uint8_t y[NUMBERS];
                fill(a, types[t], NUMBERS, &seed);
                fill(b, types[t], NUMBERS, &seed);
                memcpy(b, a, NUMBERS); /* some are equal */
                mote_compare(a, b, y, types[t], NUMBERS, one,
                             (enum mote_compare)kind);
                for (size_t i = 0; i < NUMBERS; i++) {
                    const long double p = number_at(a, types[t], i);
                    const long double q = number_at(b, types[t], one ? 0 : i);
                    const bool want = kind == MOTE_EQUAL  ? p == q
                                      : kind == MOTE_LESS ? p < q
                                                          : p <= q;
                    EXPECT(y[i] == want, "type %d, kind %d", types[t], kind);
                }
            }
}

static void joined_answers(void)
{
    const uint8_t a[] = {0, 0, 1, 1}, b[] = {0, 1, 0, 1};
    uint8_t y[4];

    mote_logic(a, b, y, 4, false, MOTE_AND);
    EXPECT(!memcmp(y, "\0\0\0\1", 4));
    mote_logic(a, b, y, 4, false, MOTE_OR);
    EXPECT(!memcmp(y, "\0\1\1\1", 4));
    mote_logic(a, b, y, 4, false, MOTE_XOR);
    EXPECT(!memcmp(y, "\0\1\1\0", 4));
    mote_logic(a, b + 1, y, 4, true, MOTE_XOR);
    EXPECT(!memcmp(y, "\1\1\0\0", 4));
}

static void choices(void)
{
    uint64_t seed = 5;

    for (size_t bytes = 1; bytes <= 8; bytes *= 2)
        for (int ones = 0; ones < 4; ones++) {
            uint8_t which[NUMBERS], a[8 * NUMBERS], b[8 * NUMBERS];
            uint8_t y[8 * NUMBERS];
            fill(which, MOTE_NUMBER_BOOL, NUMBERS, &seed);
            fill(a, MOTE_NUMBER_U8, sizeof a, &seed);
            fill(b, MOTE_NUMBER_U8, sizeof b, &seed);
            mote_select(which, a, ones & 1, b, ones & 2, y, bytes, NUMBERS);
            for (size_t i = 0; i < NUMBERS; i++) {
                const uint8_t *want = which[i] ? a + (ones & 1 ? 0 : i * bytes)
                                               : b + (ones & 2 ? 0 : i * bytes);
                EXPECT(!memcmp(y + i * bytes, want, bytes), "%zu", i);
            }
        }
}

static void functions_of_one_number(void)
{
    static float (*const by_library[])(float) = {logf, floorf, ceilf, rintf};
    uint64_t seed = 6;

    for (int round = 0; round < 200; round++) {
        float x[NUMBERS], y[NUMBERS];
        fill(x, MOTE_NUMBER_F32, NUMBERS, &seed);
        for (int kind = MOTE_UNARY_FLOOR; kind <= MOTE_UNARY_ROUND; kind++) {
            mote_unary_f32(x, y, NUMBERS, (enum mote_unary)kind);
            for (size_t i = 0; i < NUMBERS; i++) {
                const float want = by_library[kind](x[i]);
                EXPECT(mote_f32_bits(y[i]) == mote_f32_bits(want) ||
                           (isnan(y[i]) && isnan(want)),
                       "kind %d of %a: %a", kind, x[i], y[i]);
            }
        }
        mote_unary_f32(x, y, NUMBERS, MOTE_UNARY_SIGN);
        for (size_t i = 0; i < NUMBERS; i++)
            EXPECT(isnan(x[i]) ? isnan(y[i]) : y[i] == (x[i] > 0) - (x[i] < 0),
                   "sign of %a: %a", x[i], y[i]);
        mote_unary_f32(x, x, NUMBERS, MOTE_UNARY_LOG); /* in place */
    }
}

static void integers(void)
{
    static const int32_t edges[] = {0, 1,  -1,        2,        -2,
                                    7, -7, INT32_MIN, INT32_MAX};
    const size_t n = sizeof edges / sizeof *edges;

    for (size_t i = 0; i < n * n; i++) {
        const int32_t a = edges[i / n], b = edges[i % n];
        const int64_t p = a, q = b;
        int64_t want[MOTE_INTEGERS] = {p + q, p - q,         p * q,
                                       0,     p < q ? p : q, p < q ? q : p};
        if (b != 0) {
            want[MOTE_INTEGER_DIV] = p / q;
            want[MOTE_INTEGER_REM] = p % q;
            want[MOTE_INTEGER_MOD] =
                p - q * (int64_t)floor((double)p / (double)q);
        }
        for (int kind = 0; kind < MOTE_INTEGERS; kind++) {
            int32_t y;
            mote_integer_s32(&a, &b, &y, 1, kind % 2, (enum mote_integer)kind);
            EXPECT(y == (int32_t)(uint32_t)want[kind], "%d, kind %d, %d: %d", a,
                   kind, b, y);
        }
    }
}

static void powers(void)
{
    const float a[] = {2, -2, 9, 0}, b[] = {3, 3, 0.5f, 2};
    float y[4];

    mote_power_f32(a, b, y, 4, false);
    EXPECT(y[0] == 8 && y[1] == -8 && y[2] == 3 && y[3] == 0);
    mote_power_f32(a, b, y, 4, true);
    EXPECT(y[0] == 8 && y[1] == -8 && y[2] == 729 && y[3] == 0);
}

/* Against C's, which is exact; of both signs, and one number for all. */
static void remainders(void)
{
    const float ends[] = {0,      -0.0f,    1,        -3,    2.1f,   -4.3f,
                          1e-40f, 1.4e-45f, -3.4e38f, 7e20f, 0x1p24f};
    const size_t n = sizeof ends / sizeof *ends;
    float y;

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            const float rest = fmodf(ends[i], ends[k]);
            mote_remainder_f32(&ends[i], &ends[k], &y, 1, false, true);
            EXPECT(isnan(rest) ? isnan(y)
                               : y == rest && signbit(y) == signbit(rest),
                   "%a rem %a is %a", ends[i], ends[k], y);
            mote_remainder_f32(&ends[i], &ends[k], &y, 1, true, false);
            const float mod = rest == 0 ? copysignf(0, ends[k])
                              : signbit(rest) != signbit(ends[k])
                                  ? rest + ends[k]
                                  : rest;
            EXPECT(isnan(rest) ? isnan(y)
                               : y == mod && signbit(y) == signbit(mod),
                   "%a mod %a is %a", ends[i], ends[k], y);
        }
    const float a[] = {5, -5, INFINITY, NAN}, by[] = {INFINITY, 3, 1, 2};
    float four[4];
    mote_remainder_f32(a, by, four, 4, false, false);
    EXPECT(four[0] == 5 && four[1] == 1 && isnan(four[2]) && isnan(four[3]));
    mote_remainder_f32(a, by, four, 2, true, false);
    EXPECT(four[0] == 5 && four[1] == INFINITY);
}

static const struct test_case cases[] = {
    {"every type as every other", every_type_as_every_other},
    {"comparisons", comparisons},
    {"joined answers", joined_answers},
    {"choices", choices},
    {"functions of one number", functions_of_one_number},
    {"integers", integers},
    {"powers", powers},
    {"remainders", remainders},
};
TEST_MAIN(cases)
