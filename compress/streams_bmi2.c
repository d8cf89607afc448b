/*
 * compress/streams_bmi2.c - the same, with shifts by any register, and masks
 * that leave the window as it is: `andn`, which compilers take when what is to
 * be cleared is in a register. They must not know what is in it, or they mask
 * a copy by a constant. There are registers for the windows and no more: where
 * streams are is needed once a round, and stays in memory.
 */
#include <stdint.h>

static inline void hide(uint64_t *x)
{
    __asm__("" : "+r"(*x));
}

#define MASKS uint64_t others = ~(uint64_t)MOTE_STREAMS_MASK;
#define MASKED(window) (hide(&others), (window) & ~others)
#define AT(s) streams[s].at
#define OPEN_AT(s)
#define CLOSE_AT(s)
#define MOTE_TAKE mote_streams_take_bmi2
#include "compress/streams_loop.inc"
