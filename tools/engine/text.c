/*
 * tools/engine/text.c - the tokenizer as a shared library, for the tools:
 * tools/mote/engine_text.py is the other side.
 */
#include <stdlib.h>

#include "core/model/tokenizer.h"

#define EXPORT __attribute__((visibility("default")))

struct text_tokenizer {
    struct mote_tokenizer tokenizer;
    void *section;
};

EXPORT struct text_tokenizer *text_open(const void *section, size_t n,
                                        int *status, const char **expected);
EXPORT void text_close(struct text_tokenizer *t);
EXPORT uint32_t text_encode(const struct text_tokenizer *t, const char *text,
                            size_t n, int32_t *ids, uint32_t cap,
                            bool *truncated);
EXPORT uint32_t text_encode_pair(const struct text_tokenizer *t, const char *a,
                                 size_t a_bytes, const char *b, size_t b_bytes,
                                 int32_t *ids, int32_t *types, uint32_t cap,
                                 bool *truncated);
EXPORT void text_encode_lines(const struct text_tokenizer *t, const char *text,
                              const uint64_t *starts, size_t lines,
                              int32_t *ids, uint64_t *ends);

EXPORT void text_close(struct text_tokenizer *t)
{
    if (t)
        free(t->section);
    free(t);
}

/* Opens a copy of a TEXT section, proven in full; NULL: *status, and what was
 * expected of it. */
EXPORT struct text_tokenizer *text_open(const void *section, size_t n,
                                        int *status, const char **expected)
{
    struct mote_where where = {.row = MOTE_NO_ROW};
    struct text_tokenizer *t = calloc(1, sizeof *t);

    if (t)
        t->section = malloc(n ? n : 1);
    *status = t && t->section ? MOTE_OK : MOTE_E_SPACE;
    if (*status == MOTE_OK) {
        memcpy(t->section, section, n);
        *status = mote_tokenizer_open(&t->tokenizer, t->section, n, &where);
    }
    if (*status == MOTE_OK)
        *status = mote_tokenizer_prove(&t->tokenizer, &where);
    if (*status == MOTE_OK)
        return t;
    *expected = where.expected;
    text_close(t);
    return NULL;
}

EXPORT uint32_t text_encode(const struct text_tokenizer *t, const char *text,
                            size_t n, int32_t *ids, uint32_t cap,
                            bool *truncated)
{
    return mote_tokenizer_encode(&t->tokenizer, (struct mote_text){text, n},
                                 ids, cap, truncated);
}

EXPORT uint32_t text_encode_pair(const struct text_tokenizer *t, const char *a,
                                 size_t a_bytes, const char *b, size_t b_bytes,
                                 int32_t *ids, int32_t *types, uint32_t cap,
                                 bool *truncated)
{
    return mote_tokenizer_encode_pair(
        &t->tokenizer, (struct mote_text){a, a_bytes},
        (struct mote_text){b, b_bytes}, ids, types, cap, truncated);
}

/* Encodes text[starts[i]..starts[i + 1]) for each line, uncut: its ids lie in
 * ids, which has room for two more a line than the text has bytes, up to
 * ends[i]. */
EXPORT void text_encode_lines(const struct text_tokenizer *t, const char *text,
                              const uint64_t *starts, size_t lines,
                              int32_t *ids, uint64_t *ends)
{
    uint64_t at = 0;
    bool truncated;

    for (size_t i = 0; i < lines; i++) {
        const size_t n = starts[i + 1] - starts[i];
        at += text_encode(t, text + starts[i], n, ids + at, (uint32_t)n + 2,
                          &truncated);
        ends[i] = at;
    }
}
