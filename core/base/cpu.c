/* core/base/cpu.c - see core/base/cpu.h */
#include "core/base/cpu.h"

#if defined(__x86_64__)
#include <cpuid.h>

static uint64_t enabled_state(void)
{
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

uint32_t mote_cpu_flags(unsigned long hwcap, unsigned long hwcap2)
{
    const uint64_t ymm = 0x6, zmm = 0xE6; /* what the system saves for us */
    unsigned a, b, c, d, vnni, flags = 0;

    (void)hwcap, (void)hwcap2;
    __cpuid(0, a, b, c, d);
    if (a < 7)
        return 0;
    __cpuid(1, a, b, c, d);
    if (!(c & bit_OSXSAVE) || !(c & bit_FMA))
        return 0;
    const uint64_t state = enabled_state();
    __cpuid_count(7, 0, a, b, c, d);
    if ((state & ymm) != ymm || !(b & bit_AVX2) || !(b & bit_BMI2))
        return 0;
    flags |= MOTE_CPU_AVX2;
    const unsigned wide =
        bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
    if ((state & zmm) == zmm && (b & wide) == wide)
        flags |=
            MOTE_CPU_AVX512 | (c & bit_AVX512VNNI ? MOTE_CPU_AVX512_VNNI : 0);
    if (a >= 1) {
        __cpuid_count(7, 1, vnni, b, c, d);
        flags |= vnni & 1 << 4 ? MOTE_CPU_AVX_VNNI : 0;
    }
    return flags;
}

#elif defined(__aarch64__)

#define HWCAP_ASIMDDP (1ul << 20)
#define HWCAP2_I8MM (1ul << 13)

uint32_t mote_cpu_flags(unsigned long hwcap, unsigned long hwcap2)
{
    return (hwcap & HWCAP_ASIMDDP ? MOTE_CPU_DOTPROD : 0) |
           (hwcap2 & HWCAP2_I8MM ? MOTE_CPU_I8MM : 0);
}

#endif
