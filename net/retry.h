/*
 * net/retry.h - how often, and after what pause, a request is made again.
 *
 * Full jitter: a pause is drawn evenly from 0 to a bound that doubles with each
 * try, so that many clients of one broken server do not come back together.
 *
 * source  AWS Architecture Blog, "Exponential Backoff And Jitter"
 */
#ifndef MOTE_NET_RETRY_H
#define MOTE_NET_RETRY_H

#include "core/base/text.h"

#define MOTE_RETRY_TRIES 6       /* of one request, the first included */
#define MOTE_RETRY_FIRST_MS 100  /* bound of the first pause           */
#define MOTE_RETRY_BOUND_MS 5000 /* of any pause                       */

struct mote_retry {
    uint64_t deadline_ms; /* of mote_now_ms(): no try begins after it */
    unsigned tries;       /* made so far                              */
};

/* Bound of the pause after that many tries, in milliseconds. */
uint64_t mote_retry_bound_ms(unsigned tries);

/*
 * After a failed try: pauses and says that another may be made; false when
 * enough were made, or the pause would not leave time for one.
 *
 * at_least_ms  what the server asked for (Retry-After), or 0
 */
bool mote_retry_again(struct mote_retry *retry, uint64_t at_least_ms);

#endif
