/*
 * test/fuzz/fuzz_decode.c - any bytes as a coded tensor: 8 bytes of shape, an
 * index of u16, a code table, data.
 *
 * Every version says the same of it. What they take, the encoder makes again
 * to the byte, since there is one form only (but for weights that fill up to
 * eight, of which the decoder knows nothing).
 */
#include "test/compress/coded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct input {
    uint8_t mode, bits, flags, element_bytes;
    uint16_t block_bytes, decoded_bytes;
};

static struct mote_coding_shape shape_of(const struct input *in)
{
    const uint32_t block = in->block_bytes % 1025, panel = in->bits / 16 * 64;
    struct mote_coding_shape s = {
        .mode = in->mode % 6,
        .bits = in->bits % 16,
        .element_bytes = (uint8_t)(1 << in->element_bytes % 4),
        .panels = in->flags & 1,
        .block_bytes = block,
    };

    s.unit_bytes = s.panels ? panel + 64 : in->flags & 2 ? block : 0;
    const uint64_t whole = s.unit_bytes ? s.unit_bytes : s.element_bytes;
    s.decoded_bytes = in->decoded_bytes % 4097 / whole * whole;
    return s;
}

static uint32_t *index_of(const struct mote_coding *c, const uint8_t **data,
                          size_t *n)
{
    uint32_t *index = calloc(c->blocks + 1, sizeof *index);

    for (uint32_t i = 1; i <= c->blocks && *n >= 2; i++, *data += 2, *n -= 2)
        index[i] = (*data)[0] + 256u * (*data)[1];
    return index;
}

/* Encodes what came out; it must be what went in. */
static void again(const struct coded_tensor *t, const uint8_t *raw)
{
    const struct mote_coding *c = &t->coded.coding;
    struct mote_encoded to = {
        .data = malloc(mote_encode_bound(c) + 1),
        .index = malloc((c->blocks + 1) * sizeof *to.index),
        .checksums = malloc(mote_coding_checksums(c) * sizeof *to.checksums),
    };

    if (mote_encode(c, raw, t->table, &to) != MOTE_OK ||
        to.data_bytes != t->coded.data_bytes ||
        memcmp(to.data, t->coded.data, to.data_bytes))
        abort();
    free(to.data);
    free(to.index);
    free(to.checksums);
}

static void decode(const struct coded_tensor *t)
{
    static struct mote_decode_table table;
    const struct mote_coding *c = &t->coded.coding;
    struct mote_coded coded = t->coded;
    uint8_t *out[2] = {malloc(c->decoded_bytes), malloc(c->decoded_bytes)};
    enum mote_status status[2];

    if (mote_coding_has_codes(c) &&
        mote_decode_table(&table, t->table) != MOTE_OK)
        goto done;
    for (int i = 0; i < 2; i++) {
        coded.streams = mote_streams_select(i ? 0 : mote_cpu_flags(0, 0));
        status[i] = coded_all(&coded, &table, out[i]);
    }
    if (status[0] != status[1] ||
        (status[0] == MOTE_OK && memcmp(out[0], out[1], c->decoded_bytes)))
        abort();
    if (status[0] == MOTE_OK &&
        (c->mode == MOTE_CODING_HUF8 || c->mode == MOTE_CODING_CONST ||
         (c->decoded_bytes % 8 == 0 && c->piece_bytes % 8 == 0)))
        again(t, out[0]);
done:
    free(out[0]);
    free(out[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct coded_tensor t = {0};
    struct mote_coding *c = &t.coded.coding;
    struct input in;

    if (n < sizeof in)
        return 0;
    memcpy(&in, data, sizeof in);
    data += sizeof in, n -= sizeof in;
    t.shape = shape_of(&in);
    if (mote_coding_set(c, &t.shape))
        return 0;
    if (mote_coding_has_codes(c)) {
        t.to.index = index_of(c, &data, &n);
        if (n >= MOTE_CODING_TABLE) {
            t.table = copy_of(data, MOTE_CODING_TABLE, 0);
            data += MOTE_CODING_TABLE, n -= MOTE_CODING_TABLE;
        } else
            t.table = calloc(1, MOTE_CODING_TABLE);
    }
    t.to.data = copy_of(data, n, MOTE_DECODE_PAD);
    t.to.checksums = calloc(mote_coding_checksums(c), sizeof(uint64_t));
    t.coded.data = t.to.data;
    t.coded.data_bytes = n;
    t.coded.index = t.to.index;
    t.coded.checksums = t.to.checksums;
    if (!mote_decode_open(&t.coded)) {
        for (uint32_t i = 0; i < c->blocks; i++)
            (void)mote_decode_verify(&t.coded, i);
        decode(&t);
    }
    coded_free(&t);
    return 0;
}
