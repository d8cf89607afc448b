/* test/core/test_vector_simde.c - the AVX-512 versions of the fp32 kernels on
 * processors without it, by way of SIMDe. */
#include "test/core/vector.h"

#if defined(__x86_64__)
#include "test/simde.h"

/* Compiled here under other names: the engine's library has the real ones. */
#define mote_map_f32_avx512 simde_map_f32
#define mote_norm_f32_avx512 simde_norm_f32
#define mote_softmax_f32_avx512 simde_softmax_f32
#define mote_scale_s8_avx512 simde_scale_s8
#define mote_attention_f32_avx512 simde_attention_f32
mote_map_f32_fn simde_map_f32;
mote_norm_f32_fn simde_norm_f32;
mote_softmax_f32_fn simde_softmax_f32;
mote_scale_s8_fn simde_scale_s8;
mote_attention_f32_fn simde_attention_f32;
#include "core/kernel/attention_f32_avx512.c"
#include "core/kernel/map_f32_avx512.c"
#include "core/kernel/norm_f32_avx512.c"
#include "core/kernel/scale_s8_avx512.c"
#include "core/kernel/softmax_f32_avx512.c"

static void map_avx512(void)
{
    map_check(simde_map_f32, "avx512");
}

static void sweep_avx512(void)
{
    map_sweep(simde_map_f32, "avx512");
}

static void norm_avx512(void)
{
    norm_check(simde_norm_f32, "avx512");
}

static void softmax_avx512(void)
{
    softmax_check(simde_softmax_f32, "avx512");
}

static void scale_avx512(void)
{
    scale_check(simde_scale_s8, "avx512");
}

static void attention_avx512(void)
{
    attention_check(simde_attention_f32, "avx512");
}

static const struct test_case cases[] = {
    {"map over all floats", sweep_avx512},
    {"map", map_avx512},
    {"norm", norm_avx512},
    {"softmax", softmax_avx512},
    {"rows of a table", scale_avx512},
    {"attention", attention_avx512},
};
#else
static void elsewhere(void)
{
    SKIP("kernels for x86-64 are tested on x86-64");
}

static const struct test_case cases[] = {{"avx512", elsewhere}};
#endif
TEST_MAIN(cases)
