/*
 * core/kernel/dense_s8_tiles.h - what the fast versions of dense_s8 share.
 *
 * A version is a few tiles, each the sums of a fixed number of rows and panels,
 * held in registers, and a way to finish them:
 *
 *                  panel 0          panel 1
 *                  8 columns of y   8 columns of y
 *     row 0 of q   sum[0][0..7]     sum[0][8..15]
 *     row 1 of q   sum[1][0..7]     sum[1][8..15]
 *
 * The sums pass through memory once, on the stack, and so tiles know nothing
 * of edges, scales or where y lies. Panels go outermost: each is read from far
 * away once, and again only for the next rows.
 */
#ifndef MOTE_KERNEL_DENSE_S8_TILES_H
#define MOTE_KERNEL_DENSE_S8_TILES_H

#include "core/kernel/dense.h"

/* Panels that rows pass over together: a multiple of every tile's. */
#define MOTE_S8_PANELS 4
/* The tallest tile's rows. */
#define MOTE_S8_ROWS 8

struct mote_s8_tile {
    const int8_t *q; /* rows q_stride apart; or a packed group of rows */
    size_t q_stride;
    size_t blocks;      /* of 8 columns, whole ones */
    const int8_t *last; /* [rows][8]: what is left, with zeros; or NULL */
    const int8_t *w[MOTE_S8_PANELS];
    size_t next; /* bytes from panels to those that will be read after them, to
                  * be fetched now: matrices come from far away, in pieces that
                  * are too short for a processor to see where they lead */
    const int32_t *start; /* [rows] that the sums start at */
    int32_t *sum;         /* [rows][panels of the tile][8] */
};

/* Sums of a tile, ready to be finished. */
struct mote_s8_strip {
    const int32_t *sum; /* [rows][n], sum_stride elements from row to row, and
                         * readable up to a multiple of 8 columns */
    size_t sum_stride, rows;
    const float *s;     /* [rows] */
    const float *c, *b; /* [n]; b or NULL */
    float *y;           /* [rows][n], y_stride elements from row to row */
    size_t y_stride, n;
    bool relu;
};

/*
 * Packed rows are what a tile reads in one load: `pack` writes to each block of
 * columns `packed` bytes for the rows of the first tile, with zeros beyond n.
 * It costs a store for every load that it saves, so it is done where rows meet
 * MOTE_S8_PANELS or more panels, and the group fits in the stack's share.
 */
struct mote_s8_version {
    struct {
        void (*sum)(const struct mote_s8_tile *t);
        uint8_t rows, panels;
    } tiles[4]; /* the tallest first, the last one of a single row */
    /* y[r][i] = relu(fma(sum[r][i], s[r] * c[i], b[i])) */
    void (*finish)(const struct mote_s8_strip *strip);
    /* y[i], likewise, of mote_requantize for i < n; t's arrays are moved */
    void (*finish_s8)(const int32_t *sum, const struct mote_requantize *t,
                      size_t n);
    /* what the sums of a row start at; NULL: zero */
    int32_t (*start)(const int8_t *q, size_t n);
    /* NULL: all tiles take plain rows; else the first takes only packed ones */
    void (*pack)(const int8_t *q, size_t q_stride, size_t n, int8_t *to);
    size_t packed;
};

void mote_dense_s8_tiled(const struct mote_dense_s8 *d,
                         const struct mote_s8_version *version);

#endif
