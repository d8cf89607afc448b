/*
 * net/tls_words.h - a sentence put together in a buffer of its own.
 *
 * What is too long ends where the buffer does. Bytes that came from outside
 * and are no printable ASCII become '?': a message is one line of a log.
 */
#ifndef MOTE_NET_TLS_WORDS_H
#define MOTE_NET_TLS_WORDS_H

#include "core/base/text.h"

#define MOTE_WORDS_MAX 512

struct mote_words {
    size_t n;
    char at[MOTE_WORDS_MAX];
};

void mote_words_put(struct mote_words *words, struct mote_text text);
void mote_words_put_uint(struct mote_words *words, uint64_t number);

/* A part of a sentence that is a literal. */
#define MOTE_WORDS_SAY(words, literal) mote_words_put(words, MOTE_TEXT(literal))

static inline struct mote_text mote_words_text(const struct mote_words *words)
{
    return (struct mote_text){words->at, words->n};
}

#endif
