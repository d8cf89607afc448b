/* test/core/test_dense_simde.c - the versions of products and quantization for
 * processors that this one may not be, by way of SIMDe. */
#include "test/core/dense.h"

#if defined(__x86_64__)
/* The files are compiled here, under other names: the engine's library has the
 * real ones. Each file has helpers of the same names, so they are renamed. */
#define mote_dense_s8_avx512vnni simde_dense_s8_avx512vnni
#define mote_dense_s8_avxvnni simde_dense_s8_avxvnni
mote_dense_s8_fn mote_dense_s8_avx512vnni, mote_dense_s8_avxvnni;

#include "core/kernel/dense_s8_avx512vnni.c"

#define load load_ymm
#define repeat repeat_ymm
#define sum_tile sum_tile_ymm
#define four_rows four_rows_ymm
#define two_rows two_rows_ymm
#define one_row one_row_ymm
#include "core/kernel/dense_s8_avxvnni.c"

static void s8_avx512vnni(void)
{
    dense_s8_check(mote_dense_s8_avx512vnni, "avx512vnni");
}

static void s8_avxvnni(void)
{
    dense_s8_check(mote_dense_s8_avxvnni, "avxvnni");
}
#else
static void s8_avx512vnni(void)
{
    SKIP("kernels for x86-64 are tested on x86-64");
}

static void s8_avxvnni(void)
{
    SKIP("kernels for x86-64 are tested on x86-64");
}
#endif

static const struct test_case cases[] = {
    {"dense_s8 avx512vnni, emulated", s8_avx512vnni},
    {"dense_s8 avxvnni, emulated", s8_avxvnni},
};
TEST_MAIN(cases)
