/*
 * compress/codes.h - a canonical Huffman code from its table of lengths.
 */
#ifndef MOTE_COMPRESS_CODES_H
#define MOTE_COMPRESS_CODES_H

#include <stdbool.h>
#include <stdint.h>

#define MOTE_CODES_SYMBOLS 256

struct mote_codes {
    uint8_t length[MOTE_CODES_SYMBOLS]; /* 0: the symbol has no code */
    uint16_t bits[MOTE_CODES_SYMBOLS];  /* first bit of the code lowest */
};

/* table [128]: a length of 4 bits for each symbol, that of an even one in the
 * low bits. False: a length is above 11, or the code is not complete. */
bool mote_codes_read(struct mote_codes *codes, const uint8_t *table);

#endif
