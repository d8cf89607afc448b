/*
 * tools/bench/kernels_machine.c - what this core could do at best: its clock
 * while it works, and how fast it reads from each of its caches.
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
    for (size_t i = 0; i < sizeof kilobytes / sizeof *kilobytes; i++)
        printf("read_%zu_KB %.1f GB/s\n", kilobytes[i],
               read_gbs(kilobytes[i] * 1024));
    return 0;
}
