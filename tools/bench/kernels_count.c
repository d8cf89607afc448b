/*
 * tools/bench/kernels_count.c - runs the first plan of a .mote file so many
 * times and does nothing else: what one run costs is the difference between
 * two counts of instructions.
 *
 * Usage: bench-count FILE EXTENTS RUNS
 */
#include <stdio.h>
#include <stdlib.h>

#include "tools/bench/kernels_ours.h"

/* Inputs whose numbers differ, and are indices of every table. */
static uint8_t *some_inputs(const struct ours *o)
{
    uint8_t *inputs = calloc(1, o->in_bytes), *at = inputs;

    for (size_t i = 0; i < o->ins; at += o->in[i++].bytes)
        for (size_t k = 0; k < o->in[i].bytes / 4; k++)
            if (o->in[i].dtype == MOTE_F32)
                ((float *)at)[k] = (float)(k % 61) * 0.05f - 1.5f;
            else if (o->in[i].dtype == MOTE_S32)
                ((int32_t *)at)[k] = (int32_t)(k % 61);
    return inputs;
}

int main(int argc, char **argv)
{
    static struct ours ours;
    uint32_t extents[MOTE_SYMBOLS_MAX];
    size_t symbols = 0;

    if (argc != 4) {
        fputs("usage: bench-count FILE EXTENTS RUNS\n", stderr);
        return 2;
    }
    for (char *at = argv[2]; *at && symbols < MOTE_SYMBOLS_MAX;
         at += *at == ',')
        extents[symbols++] = (uint32_t)strtoul(at, &at, 10);
    ours_open(&ours, argv[1], extents, symbols);
    const uint8_t *inputs = some_inputs(&ours);
    for (int i = atoi(argv[3]); i > 0; i--)
        ours_run(&ours, inputs);
    return 0;
}
