/* test/core/test_conv_simde.c - the AVX-512 versions of convolutions and
 * gates on processors without it, by way of SIMDe. */
#include "test/core/conv.h"

#if defined(__x86_64__)
#include "test/simde.h"

/* Compiled here under other names: the engine's library has the real ones. */
#define mote_conv_f32_avx512 simde_conv_f32
#define mote_gates_f32_avx512 simde_gates_f32
mote_conv_f32_fn simde_conv_f32;
mote_gates_f32_fn simde_gates_f32;
#include "core/kernel/conv_f32_avx512.c"
#include "core/kernel/gates_f32_avx512.c"

static void conv_avx512(void)
{
    conv_check(simde_conv_f32, "avx512");
}

static void gates_avx512(void)
{
    gates_check(simde_gates_f32, "avx512");
}

static const struct test_case cases[] = {
    {"convolution", conv_avx512},
    {"gates of GRU and LSTM", gates_avx512},
};
#else
static void elsewhere(void)
{
    SKIP("kernels for x86-64 are tested on x86-64");
}

static const struct test_case cases[] = {{"avx512", elsewhere}};
#endif
TEST_MAIN(cases)
