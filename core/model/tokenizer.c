/* core/model/tokenizer.c - see core/model/tokenizer.h: sections from outside */
#include "core/base/utf8.h"
#include "core/model/model.h"
#include "core/model/tokenizer_pieces.h"

#define TAIL 8 /* zeros, and fewer than 8 more */

/* Each part has a function that says what was expected and not found, or NULL;
 * *at, where it begins in the section, is moved to its end. */

static const char *open_head(const struct mote_file_wordpiece *f, size_t bytes)
{
    const uint32_t flags = f->flags;

    if (f->bytes != bytes || bytes % 8)
        return "one record that fills the section";
    if (f->ids == 0 || f->ids > 1u << 24 || f->cls >= f->ids ||
        f->sep >= f->ids || f->unk >= f->ids)
        return "ids below their number, which is at most 2^24";
    if (flags > 7 ||
        ((flags & MOTE_TEXT_STRIP_ACCENTS) && !(flags & MOTE_TEXT_LOWERCASE)) ||
        f->zero)
        return "known flags";
    if (f->longest_word == 0 || f->longest_word > MOTE_WORD_MAX)
        return "words of 1 to 256 characters";
    if (f->id_bytes != 2 && f->id_bytes != 3)
        return "ids of 2 or 3 bytes";
    if (f->buckets == 0 || f->buckets > 1u << 24 ||
        f->entry_bytes >= 1u << (32 - MOTE_PIECE_FILTER))
        return "1 to 2^24 buckets of less than 2^22 bytes";
    return NULL;
}

/* A part of n bytes; NULL when it reaches beyond the section. */
static const void *part(const struct mote_tokenizer *t, uint64_t *at,
                        uint64_t n)
{
    const uint8_t *section = (const uint8_t *)t->file;
    const uint64_t begin = *at;

    *at += n;
    return *at <= t->file->bytes ? section + begin : NULL;
}

static const char *open_parts(struct mote_tokenizer *t)
{
    const struct mote_file_wordpiece *f = t->file;
    uint64_t at = sizeof *f;

    t->symbols = part(t, &at, 8 * f->symbols);
    t->lengths = part(t, &at, f->symbols);
    t->added = part(t, &at, f->added_bytes);
    at = (at + 3) & ~UINT64_C(3);
    t->index = part(t, &at, 4 * ((uint64_t)f->buckets + 1));
    t->entries = part(t, &at, f->entry_bytes);
    part(t, &at, TAIL);
    if (at > f->bytes || f->bytes - at >= 8)
        return "parts as long as their counts say, and 8 to 15 zeros";
    return NULL;
}

/* Few, and needed by every text. */
static const char *open_added(struct mote_tokenizer *t)
{
    static const char expected[] = "added tokens of UTF-8, the longest first";
    const uint8_t *at = t->added;
    const uint8_t *end = at + t->file->added_bytes;
    uint8_t before = 255;

    for (uint32_t i = 0; i < t->file->added; i++) {
        if (end - at < 5 || at[0] == 0 || at[0] > before ||
            at[0] > end - at - 4)
            return expected;
        const uint8_t n = at[0], *text = at + 4;
        if ((at[1] | at[2] << 8 | (uint32_t)at[3] << 16) >= t->file->ids ||
            mote_utf8_valid((const char *)text, n) != n)
            return expected;
        t->begins[text[0] / 64] |= UINT64_C(1) << text[0] % 64;
        before = n;
        at = text + n;
    }
    return at == end ? NULL : expected;
}

static void set_plain(struct mote_tokenizer *t)
{
    const bool lower = t->file->flags & MOTE_TEXT_LOWERCASE;

    for (uint32_t c = '0'; c <= 'z'; c++)
        if (mote_is_alphanumeric((uint8_t)c) &&
            !(t->begins[c / 64] >> c % 64 & 1))
            t->plain[c] =
                (uint8_t)(lower && c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static enum mote_status refuse(struct mote_where *where,
                               enum mote_status status, const char *expected)
{
    if (!expected)
        return MOTE_OK;
    where->field = mote_text_of(mote_section_name(MOTE_SECTION_TEXT));
    where->expected = expected;
    return status;
}

enum mote_status mote_tokenizer_open(struct mote_tokenizer *t,
                                     const uint8_t *section, size_t bytes,
                                     struct mote_where *where)
{
    const struct mote_file_wordpiece *f = (const void *)section;
    const char *expected = NULL;

    *t = (struct mote_tokenizer){.file = f};
    if (bytes < sizeof *f)
        return refuse(where, MOTE_E_FORMAT, "a record of 48 bytes or more");
    if (f->kind != MOTE_TEXT_WORDPIECE || f->version != 1) {
        where->number = f->kind;
        return refuse(where, MOTE_E_UNKNOWN,
                      "a record of kind 1 and version 1");
    }
    if (!(expected = open_head(f, bytes)) && !(expected = open_parts(t)) &&
        !(expected = open_added(t)))
        set_plain(t);
    return refuse(where, MOTE_E_FORMAT, expected);
}

/* ------------------------------------------------------------ every byte */

static const char *prove_zeros(const struct mote_tokenizer *t)
{
    const uint8_t *before = t->added + t->file->added_bytes;
    const uint8_t *behind = t->entries + t->file->entry_bytes;
    const uint8_t *end = (const uint8_t *)t->file + t->file->bytes;

    return mote_all_zero(before,
                         (size_t)((const uint8_t *)t->index - before)) &&
                   mote_all_zero(behind, (size_t)(end - behind))
               ? NULL
               : "zeros between the parts";
}

static const char *prove_symbols(const struct mote_tokenizer *t)
{
    for (uint32_t i = 0; i < t->file->symbols; i++) {
        const uint8_t n = t->lengths[i];
        if (n == 0 || n > 8 ||
            mote_first_of_eight(t->symbols[i], n) != t->symbols[i])
            return "symbols of 1 to 8 bytes, and zeros behind them";
    }
    return NULL;
}

/* A piece of a bucket, in bytes, and 8 zeros. */
struct piece {
    uint32_t id, n, continues, tag;
    uint8_t text[MOTE_PIECE_MAX + 8];
};

/* Reads the piece at *at, whose bucket ends at end. */
static const char *read_piece(const struct mote_tokenizer *t,
                              const uint8_t **at, const uint8_t *end,
                              struct piece *piece)
{
    static const char expected[] = "pieces that end in their buckets";
    const uint32_t id_bytes = t->file->id_bytes;

    *piece = (struct piece){.tag = **at >> 4, .continues = **at >> 7};
    if ((size_t)(end - *at) < 1 + id_bytes)
        return expected;
    const uint8_t *codes = *at + 1 + id_bytes;
    for (uint32_t i = 0; i < id_bytes; i++)
        piece->id |= (uint32_t)(*at)[1 + i] << 8 * i;
    uint32_t count = **at & 15;
    if (count == MOTE_PIECE_LONG) {
        if (codes == end || *codes < MOTE_PIECE_LONG)
            return expected;
        count = *codes++;
    }
    if ((size_t)(end - codes) < count)
        return expected;
    end = codes + count;
    while (codes < end) {
        const uint8_t code = *codes++;
        const bool byte = code == MOTE_PIECE_BYTE;
        if (byte ? codes == end : code >= t->file->symbols)
            return "codes of symbols, or of a byte that follows";
        const uint64_t symbol = byte ? *codes++ : t->symbols[code];
        const uint32_t n = byte ? 1 : t->lengths[code];
        if (n > MOTE_PIECE_MAX - piece->n)
            return "pieces of 1 to 255 bytes";
        memcpy(piece->text + piece->n, &symbol, n);
        piece->n += n;
    }
    *at = end;
    return piece->n ? NULL : "pieces of 1 to 255 bytes";
}

static const char *prove_piece(const struct mote_tokenizer *t, uint32_t bucket,
                               const struct piece *p)
{
    const uint64_t h = mote_piece_hash(p->text, p->n, p->continues);

    if (p->id >= t->file->ids)
        return "ids of pieces below their number";
    if (p->n > t->file->longest_piece[p->continues] ||
        mote_utf8_valid((const char *)p->text, p->n) != p->n)
        return "pieces of UTF-8, no longer than the longest";
    if (mote_piece_bucket(h, t->file->buckets) != bucket ||
        mote_piece_tag(h, p->continues) != p->tag)
        return "pieces in the buckets of their hashes";
    return NULL;
}

/* Whether a piece of the bucket that begins at `at` and is proven up to `end`
 * is p. */
static bool comes_again(const struct mote_tokenizer *t, const uint8_t *at,
                        const uint8_t *end, const struct piece *p)
{
    struct piece other;

    while (at < end) {
        read_piece(t, &at, end, &other);
        if (other.continues == p->continues && other.n == p->n &&
            memcmp(other.text, p->text, p->n) == 0)
            return true;
    }
    return false;
}

static const char *prove_bucket(const struct mote_tokenizer *t, uint32_t i)
{
    const uint8_t *begin = t->entries + (t->index[i] >> MOTE_PIECE_FILTER);
    const uint8_t *end = t->entries + (t->index[i + 1] >> MOTE_PIECE_FILTER);
    const uint8_t *at = begin;
    uint32_t filter = 0, count = 0, before = 0;
    struct piece p;

    while (at < end) {
        const uint8_t *here = at;
        const char *expected = read_piece(t, &at, end, &p);
        if (!expected)
            expected = prove_piece(t, i, &p);
        if (expected)
            return expected;
        if (count && p.id <= before)
            return "the pieces of a bucket by their ids";
        if (++count > 64 || comes_again(t, begin, here, &p))
            return "at most 64 pieces in a bucket, each once";
        filter |= mote_piece_filter(mote_piece_hash(p.text, p.n, p.continues));
        before = p.id;
    }
    const uint32_t bits = t->index[i] & ((1u << MOTE_PIECE_FILTER) - 1);
    return filter == bits ? NULL : "the filters of the pieces";
}

static const char *prove_index(const struct mote_tokenizer *t)
{
    const uint32_t *index = t->index, n = t->file->buckets;

    if (index[0] >> MOTE_PIECE_FILTER || index[n] != t->file->entry_bytes
                                                         << MOTE_PIECE_FILTER)
        return "an index from 0 to the end of the entries";
    for (uint32_t i = 0; i < n; i++)
        if (index[i] >> MOTE_PIECE_FILTER > index[i + 1] >> MOTE_PIECE_FILTER)
            return "an index that ascends";
    return NULL;
}

enum mote_status mote_tokenizer_prove(const struct mote_tokenizer *t,
                                      struct mote_where *where)
{
    const char *expected = prove_zeros(t);

    if (!expected)
        expected = prove_symbols(t);
    if (!expected)
        expected = prove_index(t);
    for (uint32_t i = 0; i < t->file->buckets && !expected; i++)
        expected = prove_bucket(t, i);
    return refuse(where, MOTE_E_FORMAT, expected);
}
