/* core/function/decoded.c - see core/function/decoded.h */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "core/function/decoded.h"

#include <sys/mman.h>

/* What Linux zeroes and maps at once, on x86-64 and on arm64 with pages of 4
 * KiB: 0.09 ms, where as many small pages take 0.4 ms and more. */
#define HUGE (UINT64_C(2) << 20)

uint64_t mote_decoded_bytes(const struct mote_model *m,
                            enum mote_decoded decoded, uint64_t memory_mib)
{
    const uint64_t bytes = mote_kept_bytes(m);

    if (decoded == MOTE_DECODED_NEVER || bytes > SIZE_MAX / 2 ||
        (decoded == MOTE_DECODED_AUTO &&
         bytes > (memory_mib << 20) / MOTE_DECODED_SHARE))
        return 0;
    return bytes;
}

struct mote_kept *mote_decoded_map(const struct mote_model *m, uint64_t bytes)
{
    /* all of them will be written: small ones are mapped at once, of the large
     * ones there are few */
    const bool small = bytes < HUGE;
    uint8_t *memory =
        mmap(NULL, small ? bytes : bytes + HUGE, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
                 (small ? MAP_POPULATE : 0),
             -1, 0);

    if (memory == MAP_FAILED)
        return NULL;
    if (!small) {
        memory += -(uintptr_t)memory & (HUGE - 1);
        /* a kernel that has none refuses, and nothing is lost */
        madvise(memory, bytes & ~(HUGE - 1), MADV_HUGEPAGE);
    }
    return mote_kept_begin(m, memory);
}
