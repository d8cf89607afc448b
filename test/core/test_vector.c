/* test/core/test_vector.c - fp32 kernels: the scalar ones against formulas in
 * long double, every other version against those, byte for byte. */
#include "test/core/vector.h"

/* ------------------------------------------------------------------------
 * The specification
 */
static double relative(long double got, long double want)
{
    return (double)(fabsl(got - want) / (fabsl(want) + 1e-30L));
}

static void map_is_right(void)
{
    const float x[] = {-2, -0.5f, 0, 0.25f, 4};
    float y[5];

    mote_map_f32_scalar(x, y, 5, MOTE_MAP_ABS);
    EXPECT(y[0] == 2 && y[1] == 0.5f && y[4] == 4);
    mote_map_f32_scalar(x, y, 5, MOTE_MAP_SQRT);
    EXPECT(isnan(y[0]) && y[2] == 0 && y[3] == 0.5f && y[4] == 2);
    mote_map_f32_scalar(x, y, 5, MOTE_MAP_NEG);
    EXPECT(y[0] == 2 && signbit(y[2]) && y[4] == -4);
    mote_map_f32_scalar(x, y, 5, MOTE_MAP_RECIPROCAL);
    EXPECT(y[0] == -0.5f && isinf(y[2]) && y[3] == 4);
    mote_map_f32_scalar(x, y, 5, MOTE_MAP_EXP);
    EXPECT(relative(y[0], expl(-2)) < 1e-7 && y[2] == 1);
    mote_map_f32_scalar(x, y, 5, MOTE_MAP_ERF);
    EXPECT(relative(y[3], erfl(0.25L)) < 3e-7 && y[2] == 0);
    mote_map_f32_scalar(x, y, 5, MOTE_ACTIVATION_GELU);
    EXPECT(relative(y[3], 0.25L * erfcl(-0.25L / sqrtl(2)) / 2) < 3e-7);
    mote_map_f32_scalar(x, y, 5, MOTE_ACTIVATION_RELU);
    EXPECT(y[0] == 0 && y[3] == 0.25f);
}

static void map_has_its_kinds(void)
{
    unsigned kinds = 0;

    for (uint32_t kind = 0; kind < 300; kind++)
        kinds += mote_map_is_kind(kind);
    EXPECT(kinds == 11, "%u", kinds);
    EXPECT(!mote_map_is_kind(0) && !mote_map_is_kind(UINT32_MAX));
}

static void binary_is_right(void)
{
    const float a[] = {1, -2, NAN, 0.0f, 5, 6}, b[] = {4, -0.5f, 2};
    const float zero = -0.0f;
    float y[6];

    mote_binary_f32_scalar(a, b, y, 2, 3, false, MOTE_BINARY_SUB);
    EXPECT(y[0] == -3 && y[1] == -1.5f && y[3] == -4 && y[5] == 4);
    mote_binary_f32_scalar(a, b, y, 2, 3, true, MOTE_BINARY_DIV);
    EXPECT(y[0] == 0.25f && y[1] == -0.5f && y[5] == 1.5f);
    mote_binary_f32_scalar(a, b, y, 2, 3, false, MOTE_BINARY_MIN);
    EXPECT(y[0] == 1 && y[1] == -2 && isnan(y[2]) && y[3] == 0 && y[5] == 2);
    mote_binary_f32_scalar(a, b, y, 2, 3, false, MOTE_BINARY_MAX);
    EXPECT(y[0] == 4 && y[1] == -0.5f && isnan(y[2]) && y[5] == 6);
    mote_binary_f32_scalar(a + 3, &zero, y, 1, 1, true, MOTE_BINARY_MIN);
    EXPECT(!signbit(y[0])); /* equal: a stays */
}

static void norm_is_right(void)
{
    enum { N = 37 };
    float x[N], r[N], g[N], b[N], y[N];
    uint64_t seed = 11;

    vector_fill(x, N, DRAW_ORDINARY, &seed);
    vector_fill(r, N, DRAW_ORDINARY, &seed);
    vector_fill(g, N, DRAW_ORDINARY, &seed);
    vector_fill(b, N, DRAW_ORDINARY, &seed);
    for (unsigned kind = 0; kind < MOTE_NORM_KINDS; kind++) {
        long double mean = 0, square = 0;
        for (size_t k = 0; k < N; k++)
            mean += (long double)x[k] + r[k];
        mean = kind == MOTE_NORM_LAYER ? mean / N : 0;
        for (size_t k = 0; k < N; k++)
            square += powl((long double)x[k] + r[k] - mean, 2);
        mote_norm_f32_scalar(x, r, g, b, y, 1, N, 0.25f, kind);
        for (size_t k = 0; k < N; k++) {
            const long double d = (long double)x[k] + r[k] - mean;
            const long double want =
                d / sqrtl(square / N + 0.25L) * g[k] + b[k];
            EXPECT(fabsl(y[k] - want) < 1e-5L, "%u %zu", kind, k);
        }
    }
}

static void softmax_is_right(void)
{
    const float x[] = {1, 2, 3, -100, 1e30f, 0, -INFINITY, 1e30f};
    float y[8];
    long double sum = 0;

    for (size_t k = 0; k < 4; k++)
        sum += expl(0.5L * x[k]);
    mote_softmax_f32_scalar(x, y, 2, 4, 0.5f);
    for (size_t k = 0; k < 4; k++)
        EXPECT(relative(y[k], expl(0.5L * x[k]) / sum) < 1e-6, "%zu", k);
    EXPECT(y[4] == 0.5f && y[5] == 0 && y[6] == 0 && y[7] == 0.5f);
}

static void attention_is_right(void)
{
    enum { S = 5, H = 2, D = 3, W = H * D };
    float qkv[S * 3 * W], y[S * W], scratch[1024];
    uint64_t seed = 12;

    vector_fill(qkv, S * 3 * W, DRAW_ORDINARY, &seed);
    for (size_t causal = 0; causal < 2; causal++) {
        mote_attention_f32_scalar(qkv, y, scratch, S, H, D, 0.2f, causal);
        for (size_t i = 0; i < S; i++)
            for (size_t c = 0; c < W; c++) {
                const size_t h = c / D, seen = causal ? i + 1 : S;
                long double sum = 0, total = 0;
                for (size_t j = 0; j < seen; j++) {
                    long double score = 0;
                    for (size_t e = h * D; e < (h + 1) * D; e++)
                        score += (long double)qkv[i * 3 * W + e] *
                                 qkv[j * 3 * W + W + e];
                    const long double weight = expl(score * 0.2f);
                    sum += weight * qkv[j * 3 * W + 2 * W + c];
                    total += weight;
                }
                EXPECT(fabsl(y[i * W + c] - sum / total) < 1e-3L, "%zu %zu", i,
                       c);
            }
    }
}

static void normalize_is_right(void)
{
    float x[] = {3, 4, 0, 0, 1e-13f, 0}, y[6];

    mote_normalize_f32(x, y, 3, 2);
    EXPECT(y[0] == 0.6f && y[1] == 0.8f && y[2] == 0 && y[3] == 0);
    EXPECT(fabsf(y[4] - 0.1f) < 1e-6f, "%a", y[4]);
    mote_normalize_f32(x, x, 3, 2);
    EXPECT(vector_same(x, y, 6));
}

/* ------------------------------------------------------------------------
 * The versions
 */

/* Checks each version that this processor has; tells of the others. */
#define EACH_VERSION(kernel, check)                                            \
    do {                                                                       \
        const uint32_t cpu = mote_cpu_flags(0, 0);                             \
        static char missing[64];                                               \
        missing[0] = '\0';                                                     \
        for (size_t i = 0;; i++) {                                             \
            if ((kernel)[i].needs & ~cpu)                                      \
                snprintf(missing, sizeof missing, "no %s on this CPU",         \
                         (kernel)[i].isa);                                     \
            else                                                               \
                check((kernel)[i].fn, (kernel)[i].isa);                        \
            if (!strcmp((kernel)[i].isa, "scalar"))                            \
                break;                                                         \
        }                                                                      \
        if (missing[0])                                                        \
            SKIP(missing);                                                     \
    } while (0)

static void map_versions(void)
{
    EACH_VERSION(mote_map_f32_impls, map_check);
}

static void map_sweeps(void)
{
    EACH_VERSION(mote_map_f32_impls, map_sweep);
}

static void binary_versions(void)
{
    EACH_VERSION(mote_binary_f32_impls, binary_check);
}

static void norm_versions(void)
{
    EACH_VERSION(mote_norm_f32_impls, norm_check);
}

static void softmax_versions(void)
{
    EACH_VERSION(mote_softmax_f32_impls, softmax_check);
}

static void scale_versions(void)
{
    EACH_VERSION(mote_scale_s8_impls, scale_check);
}

static void attention_versions(void)
{
    EACH_VERSION(mote_attention_f32_impls, attention_check);
}

static void selects(void)
{
    EXPECT(mote_map_f32_select(0) != NULL);
#if defined(__x86_64__)
    EXPECT(mote_map_f32_select(0) == mote_map_f32_scalar);
    EXPECT(mote_norm_f32_select(MOTE_CPU_AVX2) == mote_norm_f32_avx2);
    EXPECT(mote_attention_f32_select(MOTE_CPU_AVX2 | MOTE_CPU_AVX512) ==
           mote_attention_f32_avx512);
#elif defined(__aarch64__)
    EXPECT(mote_softmax_f32_select(0) == mote_softmax_f32_neon);
#endif
}

static const struct test_case cases[] = {
    {"map", map_is_right},
    {"map's kinds", map_has_its_kinds},
    {"binary", binary_is_right},
    {"norm", norm_is_right},
    {"softmax", softmax_is_right},
    {"attention", attention_is_right},
    {"normalize", normalize_is_right},
    {"versions are selected", selects},
    {"map, every version", map_versions},
    {"map over all floats, every version", map_sweeps},
    {"binary, every version", binary_versions},
    {"norm, every version", norm_versions},
    {"softmax, every version", softmax_versions},
    {"rows of a table, every version", scale_versions},
    {"attention, every version", attention_versions},
};
TEST_MAIN(cases)
