/* net/tls_words.c - see net/tls_words.h */
#include "net/tls_words.h"

#include "core/base/number.h"

void mote_words_put(struct mote_words *words, struct mote_text text)
{
    for (size_t i = 0; i < text.n && words->n < sizeof words->at; i++) {
        const char c = text.at[i];
        words->at[words->n++] = c >= ' ' && c <= '~' ? c : '?';
    }
}

void mote_words_put_uint(struct mote_words *words, uint64_t number)
{
    char digits[20];

    mote_words_put(words,
                   (struct mote_text){digits, mote_uint_write(digits, number)});
}
