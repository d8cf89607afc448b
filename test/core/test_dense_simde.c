/* test/core/test_dense_simde.c - the versions of products and quantization for
 * processors that this one may not be, by way of SIMDe. */
#include "test/core/dense.h"

#if defined(__x86_64__)
#include "test/simde.h"

/* The files are compiled here, under other names: the engine's library has the
 * real ones. Each file has helpers of the same names, so they are renamed. */
#define mote_dense_s8_avx512vnni simde_dense_s8_avx512vnni
#define mote_dense_s8_avxvnni simde_dense_s8_avxvnni
#define mote_dense_f32_avx512 simde_dense_f32_avx512
#define mote_quantize_s8_avx512 simde_quantize_s8_avx512
mote_dense_s8_fn mote_dense_s8_avx512vnni, mote_dense_s8_avxvnni;
mote_dense_f32_fn mote_dense_f32_avx512;
mote_quantize_s8_fn mote_quantize_s8_avx512;

#include "core/kernel/dense_s8_avx512vnni.c"

#define load load_ymm
#define repeat repeat_ymm
#define sum_tile sum_tile_ymm
#define four_rows four_rows_ymm
#define two_rows two_rows_ymm
#define one_row one_row_ymm
#include "core/kernel/dense_s8_avxvnni.c"

#undef sum_tile
#undef four_rows
#undef one_row
#define sum_tile sum_tile_f32
#define four_rows four_rows_f32
#define one_row one_row_f32
#include "core/kernel/dense_f32_avx512.c"
#include "core/kernel/quantize_s8_avx512.c"

static void s8_avx512vnni(void)
{
    dense_s8_check(mote_dense_s8_avx512vnni, "avx512vnni");
}

static void s8_avxvnni(void)
{
    dense_s8_check(mote_dense_s8_avxvnni, "avxvnni");
}

static void f32_avx512(void)
{
    dense_f32_check(mote_dense_f32_avx512, "avx512");
}

static void quantize_avx512(void)
{
    quantize_s8_check(mote_quantize_s8_avx512, "avx512");
}

static const struct test_case cases[] = {
    {"dense_s8 avx512vnni, emulated", s8_avx512vnni},
    {"dense_s8 avxvnni, emulated", s8_avxvnni},
    {"dense_f32 avx512, emulated", f32_avx512},
    {"quantize_s8 avx512, emulated", quantize_avx512},
};
#else
static void elsewhere(void)
{
    SKIP("kernels for x86-64 are tested on x86-64");
}

static const struct test_case cases[] = {{"kernels, emulated", elsewhere}};
#endif
TEST_MAIN(cases)
