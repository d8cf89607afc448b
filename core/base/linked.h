/*
 * core/base/linked.h - which operators this build links.
 *
 * All of them, unless the build names those that one plan uses (`TRIM=1`) in
 * MOTE_OPERATORS, a mask by opcode. To the engine the others are unknown, and
 * the linker leaves out whatever only they lead to.
 */
#ifndef MOTE_BASE_LINKED_H
#define MOTE_BASE_LINKED_H

#include <stdint.h>

#ifndef MOTE_OPERATORS
#define MOTE_OPERATORS UINT64_MAX
#define MOTE_OPERATORS_64 UINT64_MAX /* those from 64 on */
#endif

/* Opcode 0 is no operator; its bit says that some operator calls a kernel of
 * several versions, which are not linked otherwise. (dense calls one for
 * float32 alone.) */
#define MOTE_LINKED_KERNELS MOTE_LINKED(0)

/* Opcode 63 is none either; its bit says that some softmax or share writes
 * float32, as those of nets do. */
#define MOTE_LINKED_SHARES_F32 MOTE_LINKED(63)
/* Nor is 62; its bit says that some tensor is coded, and the decoder needed. */
#define MOTE_LINKED_CODED MOTE_LINKED(62)

/* Nor is 61; its bit says that some feature is a category. */
#define MOTE_LINKED_CATEGORIES MOTE_LINKED(61)

/* A constant, so that a compiler drops what depends on it. */
#define MOTE_LINKED(opcode)                                                    \
    (((opcode) < 64 ? MOTE_OPERATORS : MOTE_OPERATORS_64) >> ((opcode)&63) & 1)

#endif
