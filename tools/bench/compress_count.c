/*
 * tools/bench/compress_count.c - decodes weights so many times and does nothing
 * else: what a decoded byte costs is the difference between two counts of
 * instructions.
 *
 * Usage: compress-count MODE BITS RUNS   of CODED_WEIGHTS bytes, Laplace 384;
 * of BYTES elements of 16 bits
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compress/decode.h"
#include "compress/encode.h"
#include "tools/bench/compress_data.h"

#define CODED_WEIGHTS (3 * 16384)

int main(int argc, char **argv)
{
    static float x[CODED_WEIGHTS];
    static int8_t w[CODED_WEIGHTS];
    static uint8_t data[2 * CODED_WEIGHTS], out[CODED_WEIGHTS];
    static struct mote_decode_table table;
    static uint8_t room[MOTE_CODING_BLOCK_MAX];
    uint64_t state = 1, counts[MOTE_ENCODE_SYMBOLS] = {0}, checksums[4];
    uint8_t lengths[2 * MOTE_CODING_TABLE];
    uint32_t index[5];

    if (argc != 4) {
        fputs("usage: compress-count MODE BITS RUNS\n", stderr);
        return 2;
    }
    const bool planes = atoi(argv[1]) == MOTE_CODING_BYTES;
    const struct mote_coding_shape shape = {
        (uint8_t)atoi(argv[1]), (uint8_t)atoi(argv[2]),
        planes ? 2 : 1,         false,
        MOTE_CODING_BLOCK_MAX,  0,
        CODED_WEIGHTS};
    struct mote_encoded to = {data, 0, index, checksums};
    struct mote_coded coded = {.data = data,
                               .index = index,
                               .checksums = checksums,
                               .streams = mote_streams_select(0)};
    for (size_t i = 0; i < CODED_WEIGHTS; i++)
        x[i] = (float)draw(LAPLACE, &state);
    if (planes)
        for (size_t i = 0; i < CODED_WEIGHTS / 2; i++) {
            const int16_t element = (int16_t)lrintf(200 * x[i]);
            memcpy(w + 2 * i, &element, sizeof element);
        }
    else
        quantize_rows(x, w, CODED_WEIGHTS, 384, shape.bits);
    if (mote_coding_set(&coded.coding, &shape))
        return 1;
    mote_encode_count(&coded.coding, w, counts);
    if (planes)
        mote_encode_tables(&coded.coding, w, lengths);
    else if (mote_coding_has_codes(&coded.coding))
        mote_encode_lengths(counts, lengths);
    if (mote_encode(&coded.coding, w, lengths, &to) != MOTE_OK)
        return 1;
    coded.data_bytes = to.data_bytes;
    if (mote_coding_has_codes(&coded.coding) && !planes &&
        mote_decode_table(&table, lengths) != MOTE_OK)
        return 1;
    for (int run = atoi(argv[3]); planes && run > 0; run--)
        if (mote_decode_bytes(&coded, lengths, &table, room, out) != MOTE_OK)
            return 1;
    for (int run = atoi(argv[3]); !planes && run > 0; run--)
        for (uint32_t i = 0; i < coded.coding.blocks; i++)
            if (mote_decode_block(&coded, &table, i, out) != MOTE_OK)
                return 1;
    return 0;
}
