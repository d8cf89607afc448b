/* tools/emulator/base64_write.c - see tools/emulator/base64_write.h */
#include "tools/emulator/base64_write.h"

void emu_base64_add(struct emu_buffer *out, struct mote_text bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = (const unsigned char *)bytes.at;
    char *to = emu_buffer_room(out, (bytes.n + 2) / 3 * 4);

    for (size_t i = 0; i < bytes.n; i += 3, to += 4) {
        const size_t left = bytes.n - i;
        const unsigned group = (unsigned)in[i] << 16 |
                               (left > 1 ? (unsigned)in[i + 1] << 8 : 0) |
                               (left > 2 ? in[i + 2] : 0);
        to[0] = digits[group >> 18];
        to[1] = digits[group >> 12 & 63];
        to[2] = left > 1 ? digits[group >> 6 & 63] : '=';
        to[3] = left > 2 ? digits[group & 63] : '=';
    }
    out->n = (size_t)(to - out->at);
}
