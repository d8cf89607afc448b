/*
 * core/kernel/sum16.h - the order in which all fp32 sums are taken.
 *
 * Term k goes to lane k mod 16; at the end the lanes fold in halves. It is
 * what one 512-bit register does, or two of 256 bits, or four of 128, and so
 * the sum is the same bytes on all of them.
 */
#ifndef MOTE_KERNEL_SUM16_H
#define MOTE_KERNEL_SUM16_H

#define MOTE_LANES 16

/* Folds lanes into lane[0] and returns it. */
static inline float mote_sum16_fold(float lane[MOTE_LANES])
{
    for (int half = MOTE_LANES / 2; half; half /= 2)
        for (int i = 0; i < half; i++)
            lane[i] += lane[i + half];
    return lane[0];
}

#endif
