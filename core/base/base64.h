/*
 * core/base/base64.h - the standard alphabet (RFC 4648, section 4).
 *
 * Padding may be missing, as some clients leave it out; anything else that is
 * not the alphabet (line breaks, spaces, the URL alphabet, bits left over in
 * the last character) is refused.
 */
#ifndef MOTE_BASE_BASE64_H
#define MOTE_BASE_BASE64_H

#include "core/base/status.h"

/*
 * Decodes text into out. out may be text.at itself: decoding never writes
 * ahead of what it has read.
 *
 * out     room for text.n / 4 * 3 + 2 bytes; *n of them are written
 * errors  MOTE_E_FORMAT, with where->offset at the first wrong character
 */
enum mote_status mote_base64_decode(char *out, size_t *n, struct mote_text text,
                                    struct mote_where *where);

#endif
