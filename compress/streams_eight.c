/* compress/streams_eight.c - the inner loop, eight streams at once. */
#define MOTE_DEALT mote_streams_dealt_eight
#define MOTE_APART mote_streams_apart_eight
#include "compress/streams_loop.inc"
