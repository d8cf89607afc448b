/* test/fuzz/fuzz_xml.c - XML in two runs, split where the first byte says, and
 * at once: both must tell the same. */
#include "core/base/xxh64.h"
#include "net/xml.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static enum mote_status ended(void *context, const struct mote_xml_element *e)
{
    uint64_t *sum = context;

    if (e->name.n == 0 || e->name.n > MOTE_XML_NAME ||
        e->value.n > MOTE_XML_VALUE)
        abort();
    *sum = *sum * 31 + mote_xxh64(e->value.at, e->value.n) +
           mote_xxh64(e->name.at, e->name.n) +
           7 * mote_xxh64(e->parent.at, e->parent.n);
    return MOTE_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct mote_xml xml;
    uint64_t sums[2] = {0};
    enum mote_status s[2];

    if (n == 0)
        return 0;
    const struct mote_text text = {(const char *)data + 1, n - 1};
    const size_t cut = *data < text.n ? *data : text.n;
    for (int i = 0; i < 2; i++) {
        const size_t first = i ? cut : text.n;
        mote_xml_begin(&xml, ended, &sums[i]);
        s[i] = mote_xml_take(&xml, (struct mote_text){text.at, first});
        if (s[i] == MOTE_OK)
            s[i] = mote_xml_take(
                &xml, (struct mote_text){text.at + first, text.n - first});
        if (s[i] == MOTE_OK)
            s[i] = mote_xml_end(&xml);
    }
    if (s[0] != s[1] || sums[0] != sums[1])
        abort();
    return 0;
}
