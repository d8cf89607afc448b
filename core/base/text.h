/*
 * core/base/text.h - a view of bytes that somebody else owns.
 *
 * Not NUL-terminated, usually UTF-8; the comment beside each field says when
 * that was checked. An empty text may have a NULL pointer.
 */
#ifndef MOTE_BASE_TEXT_H
#define MOTE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/mem.h"

struct mote_text {
    const char *at;
    size_t n;
};

/* A view of a string literal. */
#define MOTE_TEXT(literal) ((struct mote_text){"" literal, sizeof(literal) - 1})

static inline bool mote_text_equal(struct mote_text a, struct mote_text b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.at, b.at, a.n) == 0);
}

/* ASCII letters compared without case, as HTTP header names are. */
static inline bool mote_text_equal_nocase(struct mote_text a,
                                          struct mote_text b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        unsigned char x = (unsigned char)a.at[i], y = (unsigned char)b.at[i];
        x |= (x >= 'A' && x <= 'Z') ? 0x20 : 0;
        y |= (y >= 'A' && y <= 'Z') ? 0x20 : 0;
        if (x != y)
            return false;
    }
    return true;
}

/* The text of a NUL-terminated string; NULL gives an empty text. */
static inline struct mote_text mote_text_of(const char *s)
{
    struct mote_text t = {s, 0};
    while (s && s[t.n])
        t.n++;
    return t;
}

/* Which of n words t is; n when it is none of them. */
static inline size_t mote_text_among(struct mote_text t,
                                     const char *const *words, size_t n)
{
    size_t i = 0;

    while (i < n && !mote_text_equal(t, mote_text_of(words[i])))
        i++;
    return i;
}

/* Whether t begins with prefix. */
static inline bool mote_text_starts(struct mote_text t, struct mote_text prefix)
{
    return t.n >= prefix.n && memcmp(t.at, prefix.at, prefix.n) == 0;
}

#endif
