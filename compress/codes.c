/* compress/codes.c - see compress/codes.h */
#include "compress/codes.h"
#include "compress/coding.h"

#define LENGTH_MAX MOTE_CODING_LENGTH_MAX

/* The lowest `length` bits of a code, mirrored. */
static uint16_t mirrored(uint32_t code, unsigned length)
{
    code = (code & 0x5555) << 1 | (code >> 1 & 0x5555);
    code = (code & 0x3333) << 2 | (code >> 2 & 0x3333);
    code = (code & 0x0F0F) << 4 | (code >> 4 & 0x0F0F);
    code = (code & 0x00FF) << 8 | code >> 8;
    return (uint16_t)(code >> (16 - length));
}

bool mote_codes_read(struct mote_codes *codes, const uint8_t *table)
{
    uint32_t count[LENGTH_MAX + 1] = {0}, next[LENGTH_MAX + 1], code = 0;

    for (unsigned i = 0; i < MOTE_CODES_SYMBOLS; i++) {
        const uint8_t length = table[i / 2] >> i % 2 * 4 & 15;
        if (length > LENGTH_MAX)
            return false;
        codes->length[i] = length;
        count[length]++;
    }
    for (unsigned length = 1; length <= LENGTH_MAX; length++) {
        code <<= 1;
        next[length] = code;
        code += count[length];
    }
    /* complete: behind the last of the longest codes there is no other one */
    if (code != 1u << LENGTH_MAX)
        return false;
    for (unsigned i = 0; i < MOTE_CODES_SYMBOLS; i++) {
        const unsigned length = codes->length[i];
        codes->bits[i] = length ? mirrored(next[length]++, length) : 0;
    }
    return true;
}
