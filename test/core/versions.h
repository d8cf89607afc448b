/*
 * test/core/versions.h - goes through the versions of a kernel that this
 * processor has, and tells of the others.
 */
#ifndef MOTE_TEST_VERSIONS_H
#define MOTE_TEST_VERSIONS_H

#include "test/test.h"
#include "core/base/cpu.h"
#include <sys/auxv.h>

/* What this processor has, as the program finds it out at its start. */
__attribute__((unused)) static uint32_t this_cpu(void)
{
    return mote_cpu_flags(getauxval(AT_HWCAP), getauxval(AT_HWCAP2));
}

#define EACH_VERSION(kernel, check)                                            \
    do {                                                                       \
        const uint32_t cpu = this_cpu();                                       \
        static char missing[64];                                               \
        missing[0] = '\0';                                                     \
        for (size_t i = 0;; i++) {                                             \
            if ((kernel)[i].needs & ~cpu)                                      \
                snprintf(missing, sizeof missing, "no %s on this CPU",         \
                         (kernel)[i].isa);                                     \
            else                                                               \
                check((kernel)[i].fn, (kernel)[i].isa);                        \
            if (!strcmp((kernel)[i].isa, "scalar"))                            \
                break;                                                         \
        }                                                                      \
        if (missing[0])                                                        \
            SKIP(missing);                                                     \
    } while (0)

#endif
