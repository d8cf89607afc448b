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
#endif

/* What else a model may need, a bit each of MOTE_NEEDS, which the same builds
 * name. */
enum mote_need {
    MOTE_NEED_KERNELS,    /* an operator calls one of several versions (dense
                           * does for float32 alone)                      */
    MOTE_NEED_SHARES_F32, /* a softmax or share writes float32, as of nets */
    MOTE_NEED_CODED,      /* a tensor is coded                            */
    MOTE_NEED_CATEGORIES, /* a feature is a category                      */
    MOTE_NEED_TEXTS,      /* a feature is a text, the answer an embedding, or in
                           * a style of reply that came with them         */
    MOTE_NEED_SERIES,     /* it is a forecaster                           */
    MOTE_NEED_JOBS,       /* a schedule starts work                       */
    MOTE_NEED_INIT,       /* its first request is worth work before it   */
};

#ifndef MOTE_NEEDS
#define MOTE_NEEDS UINT32_MAX
#endif

#define MOTE_NEEDED(need) ((MOTE_NEEDS >> (need)) & 1)
#define MOTE_LINKED_KERNELS MOTE_NEEDED(MOTE_NEED_KERNELS)
#define MOTE_LINKED_SHARES_F32 MOTE_NEEDED(MOTE_NEED_SHARES_F32)
#define MOTE_LINKED_CODED MOTE_NEEDED(MOTE_NEED_CODED)
#define MOTE_LINKED_CATEGORIES MOTE_NEEDED(MOTE_NEED_CATEGORIES)
#define MOTE_LINKED_TEXTS MOTE_NEEDED(MOTE_NEED_TEXTS)
#define MOTE_LINKED_SERIES MOTE_NEEDED(MOTE_NEED_SERIES)
#define MOTE_LINKED_JOBS MOTE_NEEDED(MOTE_NEED_JOBS)
#define MOTE_LINKED_INIT MOTE_NEEDED(MOTE_NEED_INIT)

/* A constant, so that a compiler drops what depends on it. */
#define MOTE_LINKED(opcode) ((MOTE_OPERATORS >> (opcode)) & 1)

#endif
