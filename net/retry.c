/* net/retry.c - see net/retry.h */
#include "net/retry.h"
#include "net/stream.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

uint64_t mote_retry_bound_ms(unsigned tries)
{
    uint64_t bound = MOTE_RETRY_FIRST_MS;

    for (unsigned i = 1; i < tries && bound < MOTE_RETRY_BOUND_MS; i++)
        bound *= 2;
    return bound < MOTE_RETRY_BOUND_MS ? bound : MOTE_RETRY_BOUND_MS;
}

bool mote_retry_again(struct mote_retry *retry, uint64_t at_least_ms)
{
    uint32_t drawn = 0;

    if (++retry->tries >= MOTE_RETRY_TRIES)
        return false;
    (void)!getrandom(&drawn, sizeof drawn, 0);
    const uint64_t bound = mote_retry_bound_ms(retry->tries);
    const uint64_t pause = at_least_ms + (drawn * (bound + 1) >> 32);
    const uint64_t now = mote_now_ms();
    if (now >= retry->deadline_ms || pause >= retry->deadline_ms - now)
        return false;
    struct timespec left = {(time_t)(pause / 1000),
                            (long)(pause % 1000) * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
    return true;
}
