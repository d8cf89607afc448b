/* core/function/decoded.c - see core/function/decoded.h */
#include "core/function/decoded.h"

#include <sys/mman.h>

bool mote_decoded_of(struct mote_text value, enum mote_decoded *decoded)
{
    static const char *const names[] = {
        [MOTE_DECODED_AUTO] = "auto",
        [MOTE_DECODED_NEVER] = "never",
        [MOTE_DECODED_ALWAYS] = "always",
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (mote_text_equal(value, mote_text_of(names[i]))) {
            *decoded = (enum mote_decoded)i;
            return true;
        }
    return false;
}

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
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return memory == MAP_FAILED ? NULL : mote_kept_begin(m, memory);
}
