/*
 * net/tls_aes_crypto.c - AES in counter mode with ARMv8's AES instructions.
 *
 * in      a key of 16, 24 or 32 bytes; 12 bytes of iv, a counter, data
 * out     data, encrypted where it lies; the counter after it
 * cost    1.7 instructions a byte: eight blocks go side by side, so that no
 *         round waits for the one before
 * source  FIPS 197; see net/tls_ciphers.h
 */
#include <arm_neon.h>

#include "core/base/assert.h"
#include "net/tls_ciphers.h"

#define ROUNDS_MAX 14
#define BLOCK 16
#define SIDE_BY_SIDE 8

struct keys {
    const br_block_ctr_class *vtable;
    uint8_t round[ROUNDS_MAX + 1][BLOCK];
    unsigned rounds;
};

/* BearSSL keeps our context where it would keep its own. */
_Static_assert(sizeof(struct keys) <= sizeof(br_aes_gen_ctr_keys),
               "keys fit into BearSSL's context");

/* SubWord of FIPS 197, 5.2. In all four columns the same word: shifting rows
 * then moves nothing. */
static uint32_t substitute(uint32_t word)
{
    const uint8x16_t columns = vreinterpretq_u8_u32(vdupq_n_u32(word));
    return vgetq_lane_u32(
        vreinterpretq_u32_u8(vaeseq_u8(columns, vdupq_n_u8(0))), 0);
}

/* Words are little-endian here, so the round constant is in the low byte and
 * RotWord turns to the right. */
static void init(const br_block_ctr_class **ctx, const void *key, size_t n)
{
    struct keys *keys = (struct keys *)ctx;
    const size_t words = n / 4;
    uint32_t w[(ROUNDS_MAX + 1) * 4], constant = 1;

    assert(n == 16 || n == 24 || n == 32);
    keys->vtable = &mote_aes_ctr_armv8;
    keys->rounds = (unsigned)words + 6;
    memcpy(w, key, n);
    for (size_t i = words; i < (keys->rounds + 1) * 4; i++) {
        uint32_t next = w[i - 1];
        if (i % words == 0) {
            next = substitute(next >> 8 | next << 24) ^ constant;
            constant = constant << 1 ^ (constant >> 7) * 0x11B;
        } else if (words > 6 && i % words == 4) {
            next = substitute(next);
        }
        w[i] = w[i - words] ^ next;
    }
    memcpy(keys->round, w, (keys->rounds + 1) * BLOCK);
}

static uint8x16_t counter_block(uint32x4_t iv, uint32_t counter)
{
    return vreinterpretq_u8_u32(
        vsetq_lane_u32(__builtin_bswap32(counter), iv, 3));
}

static uint8x16_t key_of(const struct keys *keys, unsigned round)
{
    return vld1q_u8(keys->round[round]);
}

/* Blocks are single variables: an array of them would live in memory. */
#define EACH(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)

static void eight_blocks(const struct keys *keys, uint32x4_t iv,
                         uint32_t counter, uint8_t *data)
{
    const unsigned last = keys->rounds;
#define BEGIN(i) uint8x16_t b##i = counter_block(iv, counter + i);
#define ROUND(i) b##i = vaesmcq_u8(vaeseq_u8(b##i, key));
#define LAST(i)                                                                \
    b##i = veorq_u8(vaeseq_u8(b##i, key), end);                                \
    vst1q_u8(data + BLOCK * i, veorq_u8(b##i, vld1q_u8(data + BLOCK * i)));
    EACH(BEGIN)
    for (unsigned r = 0; r < last - 1; r++) {
        const uint8x16_t key = key_of(keys, r);
        EACH(ROUND)
    }
    const uint8x16_t key = key_of(keys, last - 1), end = key_of(keys, last);
    EACH(LAST)
#undef BEGIN
#undef ROUND
#undef LAST
}

static uint8x16_t one_block(const struct keys *keys, uint8x16_t block)
{
    for (unsigned r = 0; r < keys->rounds - 1; r++)
        block = vaesmcq_u8(vaeseq_u8(block, key_of(keys, r)));
    return veorq_u8(vaeseq_u8(block, key_of(keys, keys->rounds - 1)),
                    key_of(keys, keys->rounds));
}

static uint32_t run(const br_block_ctr_class *const *ctx, const void *iv_bytes,
                    uint32_t counter, void *bytes, size_t n)
{
    const struct keys *keys = (const struct keys *)ctx;
    uint8_t *data = bytes, block[BLOCK] = {0};

    memcpy(block, iv_bytes, 12);
    const uint32x4_t iv = vreinterpretq_u32_u8(vld1q_u8(block));
    for (; n >= SIDE_BY_SIDE * BLOCK; n -= SIDE_BY_SIDE * BLOCK) {
        eight_blocks(keys, iv, counter, data);
        counter += SIDE_BY_SIDE;
        data += SIDE_BY_SIDE * BLOCK;
    }
    for (; n >= BLOCK; n -= BLOCK) {
        const uint8x16_t stream = one_block(keys, counter_block(iv, counter++));
        vst1q_u8(data, veorq_u8(stream, vld1q_u8(data)));
        data += BLOCK;
    }
    if (n > 0) /* a part of a block, which BearSSL's own do not count either */
        vst1q_u8(block, one_block(keys, counter_block(iv, counter)));
    for (size_t i = 0; i < n; i++)
        data[i] ^= block[i];
    return counter;
}

const br_block_ctr_class mote_aes_ctr_armv8 = {
    .context_size = sizeof(struct keys),
    .block_size = BLOCK,
    .log_block_size = 4,
    .init = init,
    .run = run,
};
