/*
 * tools/bench/kernels_ours.h - a plan of a .mote file, as the function runs it.
 */
#ifndef TOOLS_BENCH_KERNELS_OURS_H
#define TOOLS_BENCH_KERNELS_OURS_H

#include "core/model/plan.h"
#include "tools/bench/kernels_peer.h"

struct ours {
    struct mote_model model;
    struct mote_run run;
    void *bytes;
    struct symbols symbols;
    size_t ins, outs;
    struct tensor in[PEER_TENSORS], out[PEER_TENSORS];
    size_t in_bytes, out_bytes; /* of all of them together */
};

/* Opens the file at path and makes its first plan ready to run; the symbols are
 * as large as extents say. Ends the program with a message when it cannot. */
void ours_open(struct ours *o, const char *path, const uint32_t *extents,
               size_t symbols);

/* The checks that take a pass over all of the file. */
void ours_check(const struct ours *o, const char *path);

/* Runs the plan on one set of inputs, copied from where they lie one behind
 * the other; the outputs stay in the arena. */
void ours_run(struct ours *o, const uint8_t *inputs);

/* Copies the outputs of the last run, one behind the other. */
void ours_outputs(const struct ours *o, uint8_t *outputs);

/* Prints what share of a run each operator takes, by opcode, summed over
 * `runs` runs on one set of inputs. */
void ours_profile(struct ours *o, const uint8_t *inputs, int runs);

void ours_close(struct ours *o);

#endif
