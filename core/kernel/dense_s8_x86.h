/*
 * core/kernel/dense_s8_x86.h - what every version from AVX2 on shares, in 256
 * bits and once in the executable.
 */
#ifndef MOTE_KERNEL_DENSE_S8_X86_H
#define MOTE_KERNEL_DENSE_S8_X86_H

#include "core/kernel/dense_s8_tiles.h"

/* finish and finish_s8 of struct mote_s8_version */
void mote_s8_finish_avx2(const struct mote_s8_strip *t);
void mote_s8_finish_s8_avx2(const int32_t *sum, const struct mote_requantize *t,
                            size_t n);

/*
 * start of the versions with vpdpbusd, which multiplies unsigned by signed. The
 * weights are made unsigned, w + 128 (the sign bit turned), which adds 128
 * times the sum of q to every sum of a row; so a row's sums start at minus
 * that. Nothing needs sums of columns, and q is what all other versions take.
 * Sums wrap around on the way, if at all.
 */
int32_t mote_s8_start_avx2(const int8_t *q, size_t n);

#endif
