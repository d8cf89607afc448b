/* net/tls_secure.c - see net/tls_secure.h */
#include "net/tls_secure.h"

/* The stream is the first member of its struct mote_tls. */
static enum mote_status connect_tls(struct mote_stream *stream, int fd,
                                    struct mote_text host, uint64_t deadline_ms,
                                    struct mote_text *message)
{
    return mote_tls_connect((struct mote_tls *)stream, fd, host, deadline_ms,
                            message);
}

struct mote_secure mote_tls_secure(struct mote_tls *tls)
{
    return (struct mote_secure){&tls->stream, connect_tls};
}
