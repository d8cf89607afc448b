/* test/fuzz/fuzz_codes.c - any bytes as a table of code lengths. One that is
 * taken decodes every symbol from its own code, whatever follows that. */
#include "compress/codes.h"
#include "compress/decode.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct mote_decode_table table;
    struct mote_codes codes;

    if (n < MOTE_CODING_TABLE)
        return 0;
    uint8_t *lengths = malloc(MOTE_CODING_TABLE);
    memcpy(lengths, data, MOTE_CODING_TABLE);
    const bool good = mote_decode_table(&table, lengths) == MOTE_OK;
    if (good != mote_codes_read(&codes, lengths))
        abort();
    for (unsigned s = 0; good && s < MOTE_CODES_SYMBOLS; s++)
        for (unsigned more = 0;
             codes.length[s] &&
             more < 1u << (MOTE_CODING_LENGTH_MAX - codes.length[s]);
             more++)
            if (table.entry[codes.bits[s] | more << codes.length[s]] !=
                (s << 8 | codes.length[s]))
                abort();
    free(lengths);
    return 0;
}
