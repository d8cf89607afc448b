/* compress/streams_bmi2.c - the same, with shifts by any register. */
#define MOTE_DEALT mote_streams_dealt_bmi2
#define MOTE_APART mote_streams_apart_bmi2
#include "compress/streams_loop.inc"
