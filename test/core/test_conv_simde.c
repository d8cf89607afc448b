/* test/core/test_conv_simde.c - the AVX-512 versions of convolutions, pooling
 * and gates on processors without it, by way of SIMDe. */
#include "test/core/conv.h"

#if defined(__x86_64__)
#include "test/simde.h"

/* Compiled here under other names: the engine's library has the real ones. */
#define mote_conv_f32_avx512 simde_conv_f32
#define mote_depthwise_f32_avx512 simde_depthwise_f32
#define mote_pool_f32_avx512 simde_pool_f32
#define mote_gru_gates_avx512 simde_gru_gates
#define mote_lstm_gates_avx512 simde_lstm_gates
mote_conv_f32_fn simde_conv_f32;
mote_depthwise_f32_fn simde_depthwise_f32;
mote_pool_f32_fn simde_pool_f32;
mote_gru_gates_fn simde_gru_gates;
mote_lstm_gates_fn simde_lstm_gates;
#include "core/kernel/conv_f32_avx512.c"
#include "core/kernel/depthwise_f32_avx512.c"
#include "core/kernel/gru_gates_avx512.c"
#include "core/kernel/lstm_gates_avx512.c"
#include "core/kernel/pool_f32_avx512.c"

static void conv_avx512(void)
{
    conv_check(simde_conv_f32, "avx512");
}

static void depthwise_avx512(void)
{
    depthwise_check(simde_depthwise_f32, "avx512");
}

static void pool_avx512(void)
{
    pool_check(simde_pool_f32, "avx512");
}

static void gru_avx512(void)
{
    gru_check(simde_gru_gates, "avx512");
}

static void lstm_avx512(void)
{
    lstm_check(simde_lstm_gates, "avx512");
}

static const struct test_case cases[] = {
    {"convolution", conv_avx512},
    {"depthwise", depthwise_avx512},
    {"pool", pool_avx512},
    {"gates of a GRU", gru_avx512},
    {"gates of an LSTM", lstm_avx512},
};
#else
static void elsewhere(void)
{
    SKIP("kernels for x86-64 are tested on x86-64");
}

static const struct test_case cases[] = {{"avx512", elsewhere}};
#endif
TEST_MAIN(cases)
