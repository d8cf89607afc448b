/*
 * tools/engine/codec.c - the weight codec's encoder as a shared library, for
 * the tools: tools/mote/codec.py is the other side.
 */
#include "compress/encode.h"

#define EXPORT __attribute__((visibility("default")))

struct sizes {
    uint64_t data_bound;
    uint32_t blocks, checksums, tables;
};

EXPORT const char *codec_sizes(const struct mote_coding_shape *shape,
                               struct sizes *sizes);
EXPORT void codec_count(const struct mote_coding_shape *shape, const void *raw,
                        uint64_t *counts);
EXPORT void codec_table(const uint64_t *counts, uint8_t *table);
EXPORT void codec_tables(const struct mote_coding_shape *shape, const void *raw,
                         uint8_t *tables);
EXPORT int codec_encode(const struct mote_coding_shape *shape, const void *raw,
                        const uint8_t *table, struct mote_encoded *to);

/* What memory the rest needs; or what is expected of the shape and not so. */
EXPORT const char *codec_sizes(const struct mote_coding_shape *shape,
                               struct sizes *sizes)
{
    struct mote_coding c;
    const char *expected = mote_coding_set(&c, shape);

    if (!expected)
        *sizes =
            (struct sizes){mote_encode_bound(&c), c.blocks,
                           mote_coding_checksums(&c), mote_coding_tables(&c)};
    return expected;
}

/* The others take shapes that codec_sizes has taken; see compress/encode.h. */
EXPORT void codec_count(const struct mote_coding_shape *shape, const void *raw,
                        uint64_t *counts)
{
    struct mote_coding c;

    mote_coding_set(&c, shape);
    mote_encode_count(&c, raw, counts);
}

EXPORT void codec_table(const uint64_t *counts, uint8_t *table)
{
    mote_encode_lengths(counts, table);
}

EXPORT void codec_tables(const struct mote_coding_shape *shape, const void *raw,
                         uint8_t *tables)
{
    struct mote_coding c;

    mote_coding_set(&c, shape);
    mote_encode_tables(&c, raw, tables);
}

EXPORT int codec_encode(const struct mote_coding_shape *shape, const void *raw,
                        const uint8_t *table, struct mote_encoded *to)
{
    struct mote_coding c;

    mote_coding_set(&c, shape);
    return mote_encode(&c, raw, table, to);
}
