/*
 * core/kernel/intrinsics.h - the instruction sets' own header, and nothing of
 * the C library with it.
 *
 * immintrin.h brings mm_malloc.h along, which wants malloc: it is told that it
 * has been there. With MOTE_SIMDE the same names are functions in plain C, so
 * that a test runs kernels which the machine at hand lacks.
 */
#ifndef MOTE_KERNEL_INTRINSICS_H
#define MOTE_KERNEL_INTRINSICS_H

#if defined(MOTE_SIMDE)
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#elif defined(__x86_64__)
#define _MM_MALLOC_H_INCLUDED 1
#define __MM_MALLOC_H 1
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#endif
