/* test/core/test_vector_simde.c - the AVX-512 versions of the fp32 kernels on
 * processors without it, by way of SIMDe. */
#include "test/core/vector.h"

#if defined(__x86_64__)
#include "core/kernel/intrinsics.h"

/* What SIMDe 0.7 lacks, and what it does otherwise than the processor: its
 * multiply-add rounds twice, and its masked load touches what is masked. */
typedef simde__mmask16 __mmask16;

static simde__m512 fmadd_ps(simde__m512 a, simde__m512 b, simde__m512 c)
{
    simde__m512_private x = simde__m512_to_private(a);
    const simde__m512_private y = simde__m512_to_private(b);
    const simde__m512_private z = simde__m512_to_private(c);

    for (int i = 0; i < 16; i++)
        x.f32[i] = fmaf(x.f32[i], y.f32[i], z.f32[i]);
    return simde__m512_from_private(x);
}
#undef _mm512_fmadd_ps
#define _mm512_fmadd_ps fmadd_ps

static simde__m512 maskz_loadu_ps(simde__mmask16 k, const float *at)
{
    simde__m512_private x = simde__m512_to_private(simde_mm512_setzero_ps());

    for (int i = 0; i < 16; i++)
        if (k >> i & 1)
            x.f32[i] = at[i];
    return simde__m512_from_private(x);
}
#undef _mm512_maskz_loadu_ps
#define _mm512_maskz_loadu_ps maskz_loadu_ps

static simde__m512 cvtepi32_ps(simde__m512i a)
{
    const simde__m512i_private x = simde__m512i_to_private(a);
    simde__m512_private y;

    for (int i = 0; i < 16; i++)
        y.f32[i] = (float)x.i32[i];
    return simde__m512_from_private(y);
}
#undef _mm512_cvtepi32_ps
#define _mm512_cvtepi32_ps cvtepi32_ps

/* To nearest, ties to even, as the processor does by default. */
static simde__m512i cvtps_epi32(simde__m512 a)
{
    const simde__m512_private x = simde__m512_to_private(a);
    simde__m512i_private y;

    for (int i = 0; i < 16; i++)
        y.i32[i] =
            fabsf(x.f32[i]) < 0x1p31f ? (int32_t)rintf(x.f32[i]) : INT32_MIN;
    return simde__m512i_from_private(y);
}
#undef _mm512_cvtps_epi32
#define _mm512_cvtps_epi32 cvtps_epi32

static simde__m512i cvtepi8_epi32(simde__m128i a)
{
    const simde__m128i_private x = simde__m128i_to_private(a);
    simde__m512i_private y;

    for (int i = 0; i < 16; i++)
        y.i32[i] = x.i8[i];
    return simde__m512i_from_private(y);
}
#undef _mm512_cvtepi8_epi32
#define _mm512_cvtepi8_epi32 cvtepi8_epi32

static simde__m512i srai_epi32(simde__m512i a, unsigned by)
{
    simde__m512i_private x = simde__m512i_to_private(a);

    for (int i = 0; i < 16; i++)
        x.i32[i] >>= by;
    return simde__m512i_from_private(x);
}
#undef _mm512_srai_epi32
#define _mm512_srai_epi32 srai_epi32

static void mask_storeu_ps(float *at, simde__mmask16 k, simde__m512 a)
{
    const simde__m512_private x = simde__m512_to_private(a);

    for (int i = 0; i < 16; i++)
        if (k >> i & 1)
            at[i] = x.f32[i];
}
#undef _mm512_mask_storeu_ps
#define _mm512_mask_storeu_ps mask_storeu_ps

/* Compiled here under other names: the engine's library has the real ones. */
#define mote_map_f32_avx512 simde_map_f32
#define mote_binary_f32_avx512 simde_binary_f32
#define mote_norm_f32_avx512 simde_norm_f32
#define mote_softmax_f32_avx512 simde_softmax_f32
#define mote_scale_s8_avx512 simde_scale_s8
#define mote_attention_f32_avx512 simde_attention_f32
mote_map_f32_fn simde_map_f32;
mote_binary_f32_fn simde_binary_f32;
mote_norm_f32_fn simde_norm_f32;
mote_softmax_f32_fn simde_softmax_f32;
mote_scale_s8_fn simde_scale_s8;
mote_attention_f32_fn simde_attention_f32;
#include "core/kernel/attention_f32_avx512.c"
#include "core/kernel/binary_f32_avx512.c"
#include "core/kernel/map_f32_avx512.c"
#include "core/kernel/norm_f32_avx512.c"
#include "core/kernel/scale_s8_avx512.c"
#include "core/kernel/softmax_f32_avx512.c"

static void map_avx512(void)
{
    map_check(simde_map_f32, "avx512");
}

static void binary_avx512(void)
{
    binary_check(simde_binary_f32, "avx512");
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

static void sweep_avx512(void)
{
    map_sweep(simde_map_f32, "avx512");
}

static const struct test_case cases[] = {
    {"map over all floats", sweep_avx512},
    {"map", map_avx512},
    {"binary", binary_avx512},
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
