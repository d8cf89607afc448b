/*
 * test/simde.h - what SIMDe lacks or does otherwise than the processor.
 *
 * SIMDe (package libsimde-dev) is the instruction sets of x86 as functions in
 * plain C. Its fused multiply-adds round twice where the machine at hand has no
 * such instruction; here they are exact.
 */
#ifndef MOTE_TEST_SIMDE_H
#define MOTE_TEST_SIMDE_H

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <math.h>
#define __mmask8 simde__mmask8
#define __mmask16 simde__mmask16
#define __mmask32 simde__mmask32
#define __mmask64 simde__mmask64

static inline __attribute__((unused)) simde__m256
mote_simde_fmadd_256(simde__m256 a, simde__m256 b, simde__m256 c)
{
    simde__m256_private x = simde__m256_to_private(a);
    const simde__m256_private y = simde__m256_to_private(b);
    const simde__m256_private z = simde__m256_to_private(c);

    for (int i = 0; i < 8; i++)
        x.f32[i] = fmaf(x.f32[i], y.f32[i], z.f32[i]);
    return simde__m256_from_private(x);
}
#undef _mm256_fmadd_ps
#define _mm256_fmadd_ps mote_simde_fmadd_256

static inline __attribute__((unused)) simde__m512
mote_simde_fmadd_512(simde__m512 a, simde__m512 b, simde__m512 c)
{
    simde__m512_private x = simde__m512_to_private(a);
    const simde__m512_private y = simde__m512_to_private(b);
    const simde__m512_private z = simde__m512_to_private(c);

    for (int i = 0; i < 16; i++)
        x.f32[i] = fmaf(x.f32[i], y.f32[i], z.f32[i]);
    return simde__m512_from_private(x);
}
#undef _mm512_fmadd_ps
#define _mm512_fmadd_ps mote_simde_fmadd_512
#undef _mm512_mask_fmadd_ps
#define _mm512_mask_fmadd_ps(a, k, b, c)                                       \
    simde_mm512_mask_mov_ps(a, k, mote_simde_fmadd_512(a, b, c))
#undef _mm512_mask3_fmadd_ps
#define _mm512_mask3_fmadd_ps(a, b, c, k)                                      \
    simde_mm512_mask_mov_ps(c, k, mote_simde_fmadd_512(a, b, c))

/* Loads with a mask touch nothing where it is 0. */
static inline __attribute__((unused)) simde__m256
mote_simde_load_256(const float *at, simde__m256i mask)
{
    simde__m256_private x = simde__m256_to_private(simde_mm256_setzero_ps());
    const simde__m256i_private m = simde__m256i_to_private(mask);

    for (int i = 0; i < 8; i++)
        if (m.i32[i] < 0)
            x.f32[i] = at[i];
    return simde__m256_from_private(x);
}
#undef _mm256_maskload_ps
#define _mm256_maskload_ps mote_simde_load_256

static inline __attribute__((unused)) simde__m512
mote_simde_load_512(simde__mmask16 k, const float *at)
{
    simde__m512_private x = simde__m512_to_private(simde_mm512_setzero_ps());

    for (int i = 0; i < 16; i++)
        if (k >> i & 1)
            x.f32[i] = at[i];
    return simde__m512_from_private(x);
}
#undef _mm512_maskz_loadu_ps
#define _mm512_maskz_loadu_ps mote_simde_load_512

/* Missing in SIMDe 0.7. */
static inline __attribute__((unused)) void
mote_simde_narrow_store(void *at, simde__mmask16 k, simde__m512i a)
{
    const simde__m512i_private x = simde__m512i_to_private(a);

    for (int i = 0; i < 16; i++)
        if (k >> i & 1)
            ((int8_t *)at)[i] = (int8_t)x.i32[i];
}
#undef _mm512_mask_cvtepi32_storeu_epi8
#define _mm512_mask_cvtepi32_storeu_epi8 mote_simde_narrow_store

static inline __attribute__((unused)) uint32_t
mote_simde_reduce_max_epu32(simde__m512i a)
{
    const simde__m512i_private x = simde__m512i_to_private(a);
    uint32_t top = 0;

    for (int i = 0; i < 16; i++)
        top = x.u32[i] > top ? x.u32[i] : top;
    return top;
}
#undef _mm512_reduce_max_epu32
#define _mm512_reduce_max_epu32 mote_simde_reduce_max_epu32

static inline __attribute__((unused)) int32_t
mote_simde_reduce_add_epi32(simde__m512i a)
{
    const simde__m512i_private x = simde__m512i_to_private(a);
    uint32_t sum = 0;

    for (int i = 0; i < 16; i++)
        sum += x.u32[i];
    return (int32_t)sum;
}
#undef _mm512_reduce_add_epi32
#define _mm512_reduce_add_epi32 mote_simde_reduce_add_epi32

static inline __attribute__((unused)) simde__m512i
mote_simde_load_bytes(simde__mmask64 k, const void *at)
{
    simde__m512i_private x =
        simde__m512i_to_private(simde_mm512_setzero_si512());

    for (int i = 0; i < 64; i++)
        if (k >> i & 1)
            x.i8[i] = ((const int8_t *)at)[i];
    return simde__m512i_from_private(x);
}
#undef _mm512_maskz_loadu_epi8
#define _mm512_maskz_loadu_epi8 mote_simde_load_bytes

/* To nearest, ties to even, as the processor does by default. */
static inline __attribute__((unused)) simde__m512i
mote_simde_cvtps_epi32(simde__m512 a)
{
    const simde__m512_private x = simde__m512_to_private(a);
    simde__m512i_private y;

    for (int i = 0; i < 16; i++)
        y.i32[i] =
            fabsf(x.f32[i]) < 0x1p31f ? (int32_t)rintf(x.f32[i]) : INT32_MIN;
    return simde__m512i_from_private(y);
}
#undef _mm512_cvtps_epi32
#define _mm512_cvtps_epi32 mote_simde_cvtps_epi32

/* Missing as well. */
static inline __attribute__((unused)) simde__m512
mote_simde_cvtepi32_ps(simde__m512i a)
{
    const simde__m512i_private x = simde__m512i_to_private(a);
    simde__m512_private y;

    for (int i = 0; i < 16; i++)
        y.f32[i] = (float)x.i32[i];
    return simde__m512_from_private(y);
}
#undef _mm512_cvtepi32_ps
#define _mm512_cvtepi32_ps mote_simde_cvtepi32_ps

static inline __attribute__((unused)) simde__m512i
mote_simde_cvtepi8_epi32(simde__m128i a)
{
    const simde__m128i_private x = simde__m128i_to_private(a);
    simde__m512i_private y;

    for (int i = 0; i < 16; i++)
        y.i32[i] = x.i8[i];
    return simde__m512i_from_private(y);
}
#undef _mm512_cvtepi8_epi32
#define _mm512_cvtepi8_epi32 mote_simde_cvtepi8_epi32

static inline __attribute__((unused)) simde__m512i
mote_simde_srai_epi32(simde__m512i a, unsigned by)
{
    simde__m512i_private x = simde__m512i_to_private(a);

    for (int i = 0; i < 16; i++)
        x.i32[i] >>= by;
    return simde__m512i_from_private(x);
}
#undef _mm512_srai_epi32
#define _mm512_srai_epi32 mote_simde_srai_epi32

static inline __attribute__((unused)) void
mote_simde_mask_storeu_ps(float *at, simde__mmask16 k, simde__m512 a)
{
    const simde__m512_private x = simde__m512_to_private(a);

    for (int i = 0; i < 16; i++)
        if (k >> i & 1)
            at[i] = x.f32[i];
}
#undef _mm512_mask_storeu_ps
#define _mm512_mask_storeu_ps mote_simde_mask_storeu_ps

/* The VEX form, which SIMDe 0.7 has not. */
#undef _mm256_dpbusd_avx_epi32
#define _mm256_dpbusd_avx_epi32 simde_mm256_dpbusd_epi32

#endif
