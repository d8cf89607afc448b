/* compress/streams_eight.c - the inner loop, eight streams at once. */
#define MOTE_TAKE mote_streams_take_eight
#include "compress/streams_loop.inc"
