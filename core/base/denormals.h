/*
 * core/base/denormals.h - numbers too small for the exponent, on or off.
 *
 * Recurrent nets let states decay towards zero, and arithmetic on denormals is
 * an order of magnitude slower on some machines. Off only around a plan that
 * asks for it: with them off the smallest numbers compare equal to 0.
 */
#ifndef MOTE_BASE_DENORMALS_H
#define MOTE_BASE_DENORMALS_H

#include <stdint.h>

#if defined(__x86_64__)
#define MOTE_FLUSH_BITS 0x8040u /* MXCSR: flush to zero, denormals are zero */
#else
#define MOTE_FLUSH_BITS (1u << 24) /* FPCR: flush to zero */
#endif

/* Sets the control word of this thread's floating point. */
static inline void mote_restore_denormals(uint64_t control)
{
#if defined(__x86_64__)
    const uint32_t word = (uint32_t)control;
    __asm__ volatile("ldmxcsr %0" ::"m"(word));
#else
    __asm__ volatile("msr fpcr, %0" ::"r"(control));
#endif
}

/* From here on denormals are zero; returns what to restore afterwards. */
static inline uint64_t mote_flush_denormals(void)
{
#if defined(__x86_64__)
    uint32_t control;
    __asm__ volatile("stmxcsr %0" : "=m"(control));
#else
    uint64_t control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
#endif
    mote_restore_denormals(control | MOTE_FLUSH_BITS);
    return control;
}

#endif
