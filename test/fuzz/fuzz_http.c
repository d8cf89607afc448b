/* test/fuzz/fuzz_http.c - response heads, chunks and lengths: the first byte
 * says in what pieces the rest arrives. */
#include "net/http.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct mote_http_head head;
    struct mote_http_body body;

    if (n == 0)
        return 0;
    const size_t step = (size_t)*data + 1;
    const struct mote_text text = {(const char *)data + 1, n - 1};
    (void)mote_http_parse_request(&head, text);
    if (mote_http_parse_response(&head, text) != MOTE_OK ||
        mote_http_body_begin(&body, &head) != MOTE_OK)
        return 0;
    if (head.bytes > text.n)
        abort();
    for (size_t at = head.bytes; at < text.n && !body.done;) {
        const size_t piece = text.n - at < step ? text.n - at : step;
        struct mote_text payload;
        size_t used;
        if (mote_http_body_take(&body, (struct mote_text){text.at + at, piece},
                                &used, &payload) != MOTE_OK)
            return 0;
        if (used == 0 || used > piece || payload.n > used ||
            (payload.n && payload.at < text.at + at))
            abort();
        at += used;
    }
    return 0;
}
