/* core/model/tokenizer_fast.c - see core/model/tokenizer.h: encoding */
#include "core/base/assert.h"
#include "core/base/utf8.h"
#include "core/model/tokenizer_chars.h"
#include "core/model/tokenizer_pieces.h"

#define NONE UINT32_MAX
#define WORD_BYTES (4 * (MOTE_WORD_MAX + 1))

/*
 * A text on its way to ids. The word at hand is kept as it is looked up, folded
 * and in order; one that has grown past WORD_BYTES has more than MOTE_WORD_MAX
 * characters, so it is unknown whatever it holds, and is begun again.
 */
struct encoding {
    const struct mote_tokenizer *t;
    int32_t *ids;
    uint32_t room, most; /* ids that are kept; after which to end */
    uint32_t n;          /* ids found */
    bool chinese, bare;
    uint32_t bytes, chars; /* of the word */
    uint32_t fixed;        /* its bytes before which marks do not go */
    uint8_t word[WORD_BYTES + 8];
};

static void add(struct encoding *e, uint32_t id)
{
    if (e->n < e->room)
        e->ids[e->n] = (int32_t)id;
    e->n++;
}

/* Whether the codes are key[0..n), which may be read for 8 bytes more. */
static bool is_piece(const struct mote_tokenizer *t, const uint8_t *codes,
                     uint32_t count, const uint8_t *key, uint32_t n)
{
    uint32_t at = 0;

    for (uint32_t i = 0; i < count; i++) {
        const uint8_t code = codes[i];
        const bool byte = code == MOTE_PIECE_BYTE;
        const uint32_t length = byte ? 1 : t->lengths[code];
        const uint64_t symbol = byte ? codes[++i] : t->symbols[code];
        if (length > n - at || (mote_eight(key + at) ^ symbol)
                                   << (64 - 8 * length))
            return false;
        at += length;
    }
    return at == n;
}

/* The id of a piece, or NONE. */
static uint32_t find(const struct mote_tokenizer *t, const uint8_t *key,
                     uint32_t n, uint32_t continues)
{
    const uint64_t h = mote_piece_hash(key, n, continues);
    const uint32_t *index = t->index + mote_piece_bucket(h, t->file->buckets);
    const uint32_t tag = mote_piece_tag(h, continues);
    const uint32_t id_bytes = t->file->id_bytes;

    if (!(index[0] & mote_piece_filter(h)))
        return NONE;
    const uint8_t *at = t->entries + (index[0] >> MOTE_PIECE_FILTER);
    const uint8_t *end = t->entries + (index[1] >> MOTE_PIECE_FILTER);
    while (at < end) {
        const uint8_t *id = at + 1;
        const uint8_t *codes = id + id_bytes;
        const uint32_t head = *at, few = head & 15;
        const uint32_t count = few == MOTE_PIECE_LONG ? *codes++ : few;
        if (head >> 4 == tag && is_piece(t, codes, count, key, n))
            return id[0] | id[1] << 8 | (id_bytes == 3 ? id[2] << 16 : 0);
        at = codes + count;
    }
    return NONE;
}

static bool is_inside(uint8_t byte) /* of a character of several bytes */
{
    return (byte & 0xC0) == 0x80;
}

/* The longest piece at byte `at` of the word: its id, and its length. */
static uint32_t find_longest(const struct encoding *e, uint32_t at,
                             uint32_t *length)
{
    const uint32_t continues = at > 0;
    const uint32_t longest = e->t->file->longest_piece[continues];
    const uint32_t left = e->bytes - at;

    for (uint32_t n = left < longest ? left : longest; n > 0; n--) {
        if (n < left && is_inside(e->word[at + n]))
            continue;
        const uint32_t id = find(e->t, e->word + at, n, continues);
        if (id != NONE) {
            *length = n;
            return id;
        }
    }
    return NONE;
}

static void end_word(struct encoding *e)
{
    const uint32_t first = e->n;
    bool known = e->chars <= e->t->file->longest_word;
    uint32_t length = 0;

    for (uint32_t at = 0; known && at < e->bytes; at += length) {
        const uint32_t id = find_longest(e, at, &length);
        known = id != NONE;
        if (known)
            add(e, id);
    }
    if (!known) {
        e->n = first;
        add(e, e->t->file->unk);
    }
    e->bytes = e->chars = e->fixed = 0;
}

static void break_word(struct encoding *e)
{
    if (e->chars)
        end_word(e);
}

/* Room for one more character. */
static void make_room(struct encoding *e)
{
    if (e->bytes > WORD_BYTES - 4)
        e->bytes = e->fixed = 0;
}

static uint32_t decode(const uint8_t *at, size_t length)
{
    switch (length) {
    case 1:
        return at[0];
    case 2:
        return (at[0] & 0x1Fu) << 6 | (at[1] & 0x3Fu);
    case 3:
        return (at[0] & 0x0Fu) << 12 | (at[1] & 0x3Fu) << 6 | (at[2] & 0x3Fu);
    default:
        return (at[0] & 0x07u) << 18 | (at[1] & 0x3Fu) << 12 |
               (at[2] & 0x3Fu) << 6 | (at[3] & 0x3Fu);
    }
}

/* Where a mark of class k belongs in the word: behind the last character that
 * is none, or is one of no higher class. A word that counts has at most
 * MOTE_WORD_MAX characters, so this is no more than so many steps. */
static uint32_t find_place(const struct encoding *e, unsigned k)
{
    uint32_t at = e->bytes;

    while (at > e->fixed) {
        uint32_t before = at - 1;
        while (is_inside(e->word[before]))
            before--;
        const unsigned other =
            mote_char_class(decode(e->word + before, at - before));
        if (other < MOTE_CHAR_ORDERED || other <= k)
            break;
        at = before;
    }
    return at;
}

static void put(struct encoding *e, uint32_t c, unsigned k)
{
    char encoded[4];

    make_room(e);
    const uint32_t n = (uint32_t)mote_utf8_encode(c, encoded);
    const uint32_t at =
        e->bare && k >= MOTE_CHAR_ORDERED ? find_place(e, k) : e->bytes;
    memmove(e->word + at + n, e->word + at, e->bytes - at);
    memcpy(e->word + at, encoded, n);
    e->bytes += n;
    e->chars++;
}

static void put_alone(struct encoding *e, uint32_t c)
{
    break_word(e);
    put(e, c, MOTE_CHAR_PLAIN);
    end_word(e);
}

/* Steps 1 to 3 of compress/FORMAT.md, "TEXT", for one character. */
static void take(struct encoding *e, uint32_t c)
{
    const unsigned k = mote_char_class(c);
    uint32_t made[4];

    if (k == MOTE_CHAR_DROP)
        return;
    if (k == MOTE_CHAR_SPACE) {
        break_word(e);
        return;
    }
    if (e->bare && k == MOTE_CHAR_STOP)
        e->fixed = e->bytes;
    if (e->bare && (k == MOTE_CHAR_MARK || k == MOTE_CHAR_STOP))
        return;
    const unsigned n = e->t->file->flags & MOTE_TEXT_LOWERCASE
                           ? mote_char_fold(c, e->bare, made)
                           : (made[0] = c, 1);
    if (k == MOTE_CHAR_CHINESE && e->chinese) {
        put_alone(e, made[0]);
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        const unsigned now = made[i] == c ? k : mote_char_class(made[i]);
        if (now == MOTE_CHAR_PUNCTUATION)
            put_alone(e, made[i]);
        else
            put(e, made[i], now);
    }
}

/* The added token that text begins with, 4 bytes and its text, or NULL. */
static const uint8_t *find_added(const struct mote_tokenizer *t,
                                 const uint8_t *text, size_t n)
{
    const uint8_t *at = t->added;

    for (uint32_t i = 0; i < t->file->added; i++, at += 4 + at[0])
        if (at[0] <= n && memcmp(at + 4, text, at[0]) == 0)
            return at;
    return NULL;
}

static bool begins_added(const struct mote_tokenizer *t, uint8_t byte)
{
    return t->begins[byte / 64] >> byte % 64 & 1;
}

/* Letters and digits, which is most of a text: each byte is one character that
 * goes into the word as t->plain has it. Returns the first that is not. */
static const uint8_t *take_plain(struct encoding *e, const uint8_t *at,
                                 const uint8_t *end)
{
    const uint8_t *plain = e->t->plain;
    const uint8_t *begin = at;

    make_room(e);
    uint8_t *to = e->word + e->bytes;
    if ((size_t)(end - at) > WORD_BYTES - e->bytes)
        end = at + (WORD_BYTES - e->bytes);
    for (; at < end && plain[*at]; at++)
        *to++ = plain[*at];
    e->bytes += (uint32_t)(at - begin);
    e->chars += (uint32_t)(at - begin);
    return at;
}

/* What is no letter or digit of ASCII. Returns what follows it. */
static const uint8_t *take_other(struct encoding *e, const uint8_t *at,
                                 const uint8_t *end)
{
    const size_t left = (size_t)(end - at);
    const uint8_t *added =
        begins_added(e->t, *at) ? find_added(e->t, at, left) : NULL;

    if (added) {
        break_word(e);
        add(e, added[1] | added[2] << 8 | added[3] << 16);
        return at + added[0];
    }
    if (*at == ' ') {
        break_word(e);
        return at + 1;
    }
    if (*at > ' ' && *at < 0x7F && !mote_is_alphanumeric(*at)) {
        put_alone(e, *at);
        return at + 1;
    }
    const size_t length = mote_utf8_sequence((const char *)at, left);
    if (length == 0) /* U+FFFD, which is left out */
        return at + 1;
    take(e, decode(at, length));
    return at + length;
}

static void run(struct encoding *e, struct mote_text text)
{
    const uint8_t *at = (const uint8_t *)text.at, *end = at + text.n;

    e->n = e->bytes = e->chars = e->fixed = 0;
    while (at < end && e->n <= e->most) {
        at = take_plain(e, at, end);
        if (at < end && !e->t->plain[*at])
            at = take_other(e, at, end);
    }
    break_word(e);
}

static void begin(struct encoding *e, const struct mote_tokenizer *t)
{
    e->t = t;
    e->chinese = t->file->flags & MOTE_TEXT_CHINESE;
    e->bare = t->file->flags & MOTE_TEXT_STRIP_ACCENTS;
}

/* The first `room` ids of text; returns how many were written. */
static uint32_t write_ids(struct encoding *e, struct mote_text text,
                          int32_t *ids, uint32_t room, bool *more)
{
    e->ids = ids;
    e->room = e->most = room;
    run(e, text);
    *more = e->n > room;
    return *more ? room : e->n;
}

uint32_t mote_tokenizer_encode(const struct mote_tokenizer *t,
                               struct mote_text text, int32_t *ids,
                               uint32_t cap, bool *truncated)
{
    struct encoding e;

    assert(cap >= 2);
    begin(&e, t);
    ids[0] = (int32_t)t->file->cls;
    const uint32_t n = write_ids(&e, text, ids + 1, cap - 2, truncated);
    ids[n + 1] = (int32_t)t->file->sep;
    return n + 2;
}

static uint32_t count_ids(struct encoding *e, struct mote_text text)
{
    e->room = 0;
    e->most = UINT32_MAX;
    run(e, text);
    return e->n;
}

/* compress/FORMAT.md, "TEXT", its last paragraph: what is kept of two texts
 * that have n[0] and n[1] ids. */
static void share(uint32_t n[2], uint32_t m)
{
    const unsigned longer = n[0] > n[1] ? 0 : 1;
    const uint32_t l = n[longer], s = n[!longer];

    if (l + s <= m)
        return;
    if (s <= m && m - s >= s) {
        n[longer] = m - s;
        return;
    }
    n[longer] = m - m / 2;
    n[!longer] = m / 2;
}

uint32_t mote_tokenizer_encode_pair(const struct mote_tokenizer *t,
                                    struct mote_text a, struct mote_text b,
                                    int32_t *ids, int32_t *types, uint32_t cap,
                                    bool *truncated)
{
    struct encoding e;
    bool more[2];
    uint32_t kept[2];

    assert(cap >= 3);
    begin(&e, t);
    kept[0] = count_ids(&e, a);
    kept[1] = count_ids(&e, b);
    share(kept, cap - 3);
    ids[0] = (int32_t)t->file->cls;
    const uint32_t first = write_ids(&e, a, ids + 1, kept[0], &more[0]) + 2;
    ids[first - 1] = (int32_t)t->file->sep;
    const uint32_t n =
        first + write_ids(&e, b, ids + first, kept[1], &more[1]) + 1;
    ids[n - 1] = (int32_t)t->file->sep;
    for (uint32_t i = 0; i < n; i++)
        types[i] = i >= first;
    *truncated = more[0] || more[1];
    return n;
}
