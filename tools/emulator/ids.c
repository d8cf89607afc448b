/* tools/emulator/ids.c - see tools/emulator/ids.h */
#include "tools/emulator/ids.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void emu_hex_make(char *out, size_t n)
{
    unsigned char bytes[64];

    /* never short or interrupted for up to 256 bytes, says getrandom(2) */
    if (getrandom(bytes, n, 0) != (ssize_t)n) {
        perror("emulator: getrandom");
        exit(1);
    }
    for (size_t i = 0; i < n; i++)
        out[i] = "0123456789abcdef"[bytes[i] & 15];
    out[n] = 0;
}

void emu_uuid_make(char out[EMU_UUID_CHARS])
{
    char variant;

    emu_hex_make(out, 36);
    variant = "89ab"[out[19] & 3];
    out[8] = out[13] = out[18] = out[23] = '-';
    out[14] = '4';
    out[19] = variant;
}
