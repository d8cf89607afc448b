/*
 * tools/bench/kernels_machine.c - what this core could do at best: its clock
 * while it works, how many multiply-adds its instructions do, and how fast it
 * reads from each of its caches.
 *
 * Peaks are measured, not looked up: two processors of one family may have
 * units of 512 bits or do such an operation in two halves.
 *
 * out     lines "name value unit", for tools/bench/kernels_report.py
 * clock   from additions that wait for each other: one a cycle
 * limits  best of several runs; a neighbour's work shows in the large sizes
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { REPEATS = 101 }; /* short ones: one of them is undisturbed */

typedef uint64_t vector __attribute__((vector_size(32)));

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double clock_ghz(void)
{
    const int adds = 1000000;
    double best = 1e300;

    for (int r = 0; r < REPEATS; r++) {
        const double began = now_ns();
        uint64_t x = 0;
        for (int i = 0; i < adds; i++) {
            x += 3;
            __asm__ volatile("" : "+r"(x)); /* so that none is folded away */
        }
        const double ns = now_ns() - began;
        best = ns < best ? ns : best;
    }
    return adds / best;
}

#if defined(__x86_64__)
/* Ten chains of one instruction, or of a few, that do not wait for each other:
 * each on register n. */
#define TEN(op) op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9)
#define FMA_YMM(n) "vfmadd231ps %%ymm15, %%ymm14, %%ymm" #n "\n\t"
#define FMA_ZMM(n) "vfmadd231ps %%zmm15, %%zmm14, %%zmm" #n "\n\t"
#define DOT_YMM(n) "%{vex%} vpdpbusd %%ymm15, %%ymm14, %%ymm" #n "\n\t"
#define DOT_ZMM(n) "vpdpbusd %%zmm15, %%zmm14, %%zmm" #n "\n\t"
#define SIGN_YMM(n)                                                            \
    "vpsignb %%ymm15, %%ymm14, %%ymm12\n\t"                                    \
    "vpmaddubsw %%ymm12, %%ymm13, %%ymm12\n\t"                                 \
    "vpmaddwd %%ymm12, %%ymm11, %%ymm12\n\t"                                   \
    "vpaddd %%ymm12, %%ymm" #n ", %%ymm" #n "\n\t"

/* Multiply-adds in a nanosecond, when one link of a chain does `each`. */
#define PEAK(op, each)                                                         \
    static double peak_##op(void)                                              \
    {                                                                          \
        const int loops = 100000;                                              \
        double best = 1e300;                                                   \
                                                                               \
        for (int r = 0; r < REPEATS; r++) {                                    \
            const double began = now_ns();                                     \
            for (int i = 0; i < loops; i++)                                    \
                __asm__ volatile(TEN(op)::: CLOBBERED);                        \
            const double ns = now_ns() - began;                                \
            best = ns < best ? ns : best;                                      \
        }                                                                      \
        return 10.0 * loops * (each) / best;                                   \
    }
#define CLOBBERED                                                              \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",    \
        "xmm9", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
PEAK(FMA_YMM, 8)
PEAK(FMA_ZMM, 16)
PEAK(DOT_YMM, 32)
PEAK(DOT_ZMM, 64)
PEAK(SIGN_YMM, 32)

static void print_peaks(void)
{
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        printf("dense_s8_avx2 %.1f GMAC/s\n", peak_SIGN_YMM());
        printf("dense_f32_avx2 %.1f GMAC/s\n", peak_FMA_YMM());
    }
    if (__builtin_cpu_supports("avxvnni"))
        printf("dense_s8_avxvnni %.1f GMAC/s\n", peak_DOT_YMM());
    if (__builtin_cpu_supports("avx512f"))
        printf("dense_f32_avx512 %.1f GMAC/s\n", peak_FMA_ZMM());
    if (__builtin_cpu_supports("avx512vnni"))
        printf("dense_s8_avx512vnni %.1f GMAC/s\n", peak_DOT_ZMM());
}
#else
static void print_peaks(void)
{
}
#endif

#if defined(__x86_64__)
__attribute__((target("avx2")))
#endif
static void
read_all(const vector *at, size_t n)
{
    vector a = {0}, b = {0}, c = {0}, d = {0};

    for (size_t i = 0; i < n; i += 4) {
        a |= at[i];
        b |= at[i + 1];
        c |= at[i + 2];
        d |= at[i + 3];
    }
    a |= b | c | d;
    __asm__ volatile("" : : "m"(a));
}

static double read_gbs(size_t bytes)
{
    const size_t times = ((size_t)1 << 26) / bytes;
    vector *at = aligned_alloc(4096, bytes);
    double best = 1e300;

    for (size_t i = 0; i < bytes / sizeof *at; i++)
        at[i] = (vector){i};
    for (int r = 0; r < REPEATS; r++) {
        const double began = now_ns();
        for (size_t i = 0; i < times; i++)
            read_all(at, bytes / sizeof *at);
        const double ns = now_ns() - began;
        best = ns < best ? ns : best;
    }
    free(at);
    return (double)bytes * (double)times / best;
}

int main(void)
{
    static const size_t kilobytes[] = {16, 128, 576, 1024, 8192, 65536};

    printf("clock %.2f GHz\n", clock_ghz());
    print_peaks();
    for (size_t i = 0; i < sizeof kilobytes / sizeof *kilobytes; i++)
        printf("read_%zu_KB %.1f GB/s\n", kilobytes[i],
               read_gbs(kilobytes[i] * 1024));
    return 0;
}
