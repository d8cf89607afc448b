/* compress/coding.c - see compress/coding.h */
#include "compress/coding.h"

/* Whether the mode can have these elements and bits. */
static bool set_mode(struct mote_coding *c, const struct mote_coding_shape *s)
{
    c->mode = s->mode;
    c->element_bytes = s->element_bytes;
    c->low_bits = 0;
    switch (s->mode) {
    case MOTE_CODING_PLANES:
    case MOTE_CODING_HUFPAIR:
        c->low_bits = (uint8_t)(s->bits - 4);
        return s->element_bytes == 1 && s->bits >= 4 && s->bits <= 8;
    case MOTE_CODING_HUF8:
        return s->element_bytes == 1 && s->bits == 8;
    case MOTE_CODING_CONST:
        return s->element_bytes && s->bits == 8 * s->element_bytes;
    case MOTE_CODING_BYTES:
        return s->element_bytes > 1 && s->bits == 8 * s->element_bytes &&
               !s->panels;
    }
    return false;
}

/* As many rows as leave u16 ends of them enough, at worst. */
static uint32_t group_rows(const struct mote_coding *c)
{
    const uint32_t symbols = mote_coding_symbols(c, c->piece_bytes);
    const uint32_t most =
        (mote_coding_has_codes(c) ? (symbols * MOTE_CODING_LENGTH_MAX + 7) / 8
                                  : symbols) +
        mote_coding_low_bytes(c, c->piece_bytes);
    uint32_t rows = MOTE_CODING_GROUP_ROWS;

    while (rows * most > UINT16_MAX)
        rows /= 2;
    return rows;
}

const char *mote_coding_set(struct mote_coding *c,
                            const struct mote_coding_shape *s)
{
    uint64_t block = s->block_bytes, runs = 1;

    if (!set_mode(c, s))
        return "bits that its encoding and dtype can have";
    c->piece_bytes = s->block_bytes;
    c->decoded_bytes = c->run_bytes = s->decoded_bytes;
    c->group_rows = 0;
    c->by_rows = !s->panels && s->mode != MOTE_CODING_BYTES && block &&
                 block == s->unit_bytes;
    if (s->mode == MOTE_CODING_BYTES) {
        if (s->unit_bytes && s->unit_bytes <= MOTE_CODING_RECORD_MAX)
            c->element_bytes = (uint8_t)s->unit_bytes;
        c->run_bytes /= runs = c->element_bytes;
    } else if (c->by_rows)
        block *= c->group_rows = group_rows(c);
    else if (s->panels && block < s->unit_bytes)
        runs = s->decoded_bytes / (c->run_bytes = s->unit_bytes);
    if (s->block_bytes == 0 || s->block_bytes > MOTE_CODING_BLOCK_MAX ||
        (!c->by_rows && block % 64) ||
        (s->panels && block > s->unit_bytes && block % s->unit_bytes))
        return "blocks of whole panels, a row, or 64s of bytes, up to 16384";
    const uint64_t per_run = (c->run_bytes + block - 1) / block;
    c->blocks_per_run = (uint32_t)per_run;
    c->blocks = (uint32_t)(per_run * runs);
    return per_run * runs - 1 < UINT32_MAX - 1 ? NULL
                                               : "1 to 4294967294 blocks";
}

struct mote_coding_block mote_coding_block(const struct mote_coding *c,
                                           uint32_t i)
{
    const uint32_t together = c->by_rows ? c->group_rows : 1;
    const uint64_t block = (uint64_t)c->piece_bytes * together;
    const uint64_t in_run = i % c->blocks_per_run * block;
    const uint64_t left = c->run_bytes - in_run;
    const uint32_t bytes = (uint32_t)(left < block ? left : block);

    return (struct mote_coding_block){
        .at = i / c->blocks_per_run * c->run_bytes + in_run,
        .bytes = bytes,
        .rows = c->by_rows ? bytes / c->piece_bytes : 0,
    };
}
