/*
 * core/base/cpu.h - which instructions this machine has.
 *
 * Asked for only when a plan has a kernel with more than one version: CPUID
 * traps in a virtual machine (about 4 us each), so at most four leaves are
 * read. arm64 has no such instruction; there the kernel's words are passed in.
 * Files under /sys and /proc are never read: some sandboxes lack them.
 *
 * source  Intel SDM vol. 2A, CPUID, and vol. 1, 13.2 (XCR0); Linux
 *         arch/arm64/include/uapi/asm/hwcap.h
 */
#ifndef MOTE_BASE_CPU_H
#define MOTE_BASE_CPU_H

#include <stdint.h>

enum mote_cpu_flag {
    /* x86-64; the baseline is x86-64-v2 */
    MOTE_CPU_AVX2 = 1 << 0, /* and FMA, BMI2 */
    MOTE_CPU_AVX_VNNI = 1 << 1,
    MOTE_CPU_AVX512 = 1 << 2, /* F, BW, DQ, VL */
    MOTE_CPU_AVX512_VNNI = 1 << 3,
    /* arm64; the baseline is Armv8.0 */
    MOTE_CPU_DOTPROD = 1 << 8,
    MOTE_CPU_I8MM = 1 << 9,
};

/* hwcap, hwcap2: the words AT_HWCAP and AT_HWCAP2 of the auxiliary vector;
 * ignored on x86-64. */
uint32_t mote_cpu_flags(unsigned long hwcap, unsigned long hwcap2);

#endif
