/* core/kernel/dense_s8_dotprod.c - see core/kernel/dense_s8_sdot.h */
#include "core/kernel/dense_s8_sdot.h"

static void two_rows(const struct mote_s8_tile *t)
{
    sum_tile_sdot(t, 2, 2);
}

static void one_row(const struct mote_s8_tile *t)
{
    sum_tile_sdot(t, 1, 4);
}

void mote_dense_s8_dotprod(const struct mote_dense_s8 *d)
{
    static const struct mote_s8_version version = {
        .tiles = {{two_rows, 2, 2}, {one_row, 1, 4}},
        .finish = finish,
    };
    mote_dense_s8_tiled(d, &version);
}
