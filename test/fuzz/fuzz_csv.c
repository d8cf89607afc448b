/* test/fuzz/fuzz_csv.c - any bytes as CSV; what they read as in one piece and
 * in two is the same. */
#include "core/base/csv.h"
#include "core/base/xxh64.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* A hash of all fields and of how it ended. */
static uint64_t read_pieces(const char *text, size_t n, size_t cut)
{
    static char buffer[4096];
    struct mote_csv csv;
    enum mote_status s = MOTE_E_AGAIN;
    uint64_t hash = 0;

    mote_csv_begin(&csv, ',', buffer, sizeof buffer);
    for (size_t at = 0, end = cut; s == MOTE_OK || s == MOTE_E_AGAIN;) {
        const bool over = at == n;
        size_t used = 0;
        if (at == end)
            end = n;
        s = over ? mote_csv_end(&csv)
                 : mote_csv_take(&csv, (struct mote_text){text + at, end - at},
                                 &used);
        at += used;
        if (over && s == MOTE_E_AGAIN)
            break;
        for (uint32_t i = 0; s == MOTE_OK && i < csv.count; i++) {
            const struct mote_text f = mote_csv_field(&csv, i);
            hash = hash * 31 + mote_xxh64(f.at, f.n);
        }
        hash = s == MOTE_E_AGAIN ? hash : hash * 31 + (uint64_t)s;
    }
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *text = (const char *)data;

    if (read_pieces(text, n, n) != read_pieces(text, n, n / 2))
        abort();
    return 0;
}
