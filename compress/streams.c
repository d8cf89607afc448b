/* compress/streams.c - picks a version: see compress/streams.h */
#include "compress/streams.h"

const struct mote_streams mote_streams_all[MOTE_STREAMS_VERSIONS] = {
#define MOTE_STREAMS_VERSION(isa, needs) {#isa, mote_streams_take_##isa, needs},
#include "compress/streams.inc"
#undef MOTE_STREAMS_VERSION
};

const struct mote_streams *mote_streams_select(uint32_t cpu)
{
    const struct mote_streams *s = mote_streams_all;

    while (s->needs & ~cpu)
        s++; /* ends at the last, which needs nothing */
    return s;
}
