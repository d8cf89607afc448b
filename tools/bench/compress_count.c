/*
 * tools/bench/compress_count.c - decodes weights so many times and does nothing
 * else: what a decoded byte costs is the difference between two counts of
 * instructions.
 *
 * Usage: compress-count MODE BITS RUNS   of CODED_WEIGHTS bytes, Laplace 384
 */
#include <stdio.h>
#include <stdlib.h>

#include "compress/decode.h"
#include "compress/encode.h"
#include "tools/bench/compress_data.h"

#define CODED_WEIGHTS (3 * 16384)

int main(int argc, char **argv)
{
    static float x[CODED_WEIGHTS];
    static int8_t w[CODED_WEIGHTS];
    static uint8_t data[2 * CODED_WEIGHTS], out[MOTE_CODING_BLOCK_MAX];
    static struct mote_decode_table table;
    uint64_t state = 1, counts[MOTE_ENCODE_SYMBOLS] = {0}, checksums[3];
    uint8_t lengths[MOTE_CODING_TABLE];
    uint32_t index[4];

    if (argc != 4) {
        fputs("usage: compress-count MODE BITS RUNS\n", stderr);
        return 2;
    }
    const struct mote_coding_shape shape = {(uint8_t)atoi(argv[1]),
                                            (uint8_t)atoi(argv[2]),
                                            1,
                                            false,
                                            MOTE_CODING_BLOCK_MAX,
                                            0,
                                            CODED_WEIGHTS};
    struct mote_encoded to = {data, 0, index, checksums};
    struct mote_coded coded = {.data = data,
                               .index = index,
                               .checksums = checksums,
                               .streams = mote_streams_select(0)};
    for (size_t i = 0; i < CODED_WEIGHTS; i++)
        x[i] = (float)draw(LAPLACE, &state);
    quantize_rows(x, w, CODED_WEIGHTS, 384, shape.bits);
    if (mote_coding_set(&coded.coding, &shape))
        return 1;
    mote_encode_count(&coded.coding, w, counts);
    if (mote_coding_has_codes(&coded.coding))
        mote_encode_lengths(counts, lengths);
    if (mote_encode(&coded.coding, w, lengths, &to) != MOTE_OK)
        return 1;
    coded.data_bytes = to.data_bytes;
    if (mote_coding_has_codes(&coded.coding) &&
        mote_decode_table(&table, lengths) != MOTE_OK)
        return 1;
    for (int run = atoi(argv[3]); run > 0; run--)
        for (uint32_t i = 0; i < coded.coding.blocks; i++)
            if (mote_decode_block(&coded, &table, i, out) != MOTE_OK)
                return 1;
    return 0;
}
