/*
 * tools/bench/kernels_peer.h - ONNX Runtime through its C interface, from the
 * shared library that its Python package carries.
 *
 * One thread, all of its optimizations, inputs and outputs in memory of ours
 * and bound beforehand, so that a run costs what it must.
 */
#ifndef TOOLS_BENCH_KERNELS_PEER_H
#define TOOLS_BENCH_KERNELS_PEER_H

#include <stddef.h>
#include <stdint.h>

#define PEER_TENSORS 4
#define PEER_SYMBOLS 8

/* A dense tensor; dtype as in a .mote file (enum mote_dtype). */
struct tensor {
    uint8_t dtype, rank;
    int64_t dims[4];
    size_t bytes; /* of one row of the bench: all of the tensor */
};

/* What the names in dims stand for in all runs of a session. */
struct symbols {
    size_t n;
    char names[PEER_SYMBOLS][32];
    uint32_t extents[PEER_SYMBOLS];
};

struct peer;

/* Opens the library; ends the program with a message when it cannot. */
void peer_library(const char *path);
const char *peer_version(void);

/*
 * A session of the ONNX file at path, for `rows` sets of inputs that lie one
 * behind the other, each input after the one before it, and one set of
 * outputs at `out`. The memory outlives the session.
 */
struct peer *peer_open(const char *path, const struct symbols *symbols,
                       const struct tensor *in, size_t ins, uint8_t *inputs,
                       size_t rows, const struct tensor *out, size_t outs,
                       uint8_t *outputs);

/* Runs set number `row`. */
void peer_run(struct peer *p, size_t row);

void peer_close(struct peer *p);

#endif
