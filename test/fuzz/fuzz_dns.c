/* test/fuzz/fuzz_dns.c - answers of name servers to one question. */
#include "net/dns_message.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const enum mote_dns_type types[] = {MOTE_DNS_A, MOTE_DNS_AAAA};
    struct mote_dns_name name;

    (void)mote_dns_name_of(&name, MOTE_TEXT("www.example.com"));
    for (size_t i = 0; i < 2; i++) {
        struct mote_dns_answer answer;
        if (mote_dns_read(&answer, data, n, 0x1234, &name, types[i]) != MOTE_OK)
            continue;
        if (answer.count > MOTE_DNS_ADDRESSES ||
            answer.aliases > MOTE_DNS_ALIASES || answer.alias.n > MOTE_DNS_NAME)
            abort();
    }
    return 0;
}
