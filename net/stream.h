/*
 * net/stream.h - a connection that bytes go through: a socket, or TLS over one.
 *
 * Whoever speaks a protocol over it reads, writes and closes by its kind, and
 * sets the moment at which every wait in it ends. All memory is the caller's.
 */
#ifndef MOTE_NET_STREAM_H
#define MOTE_NET_STREAM_H

#include "core/base/status.h"

struct mote_stream;

struct mote_stream_kind {
    /*
     * Reads what is there: at least one byte, at most cap (>= 1) of them.
     *
     * *got    0 is an orderly end
     * errors  MOTE_E_CLOSED   the peer ended it otherwise (a reset; TLS without
     *                         close-notify)
     *         MOTE_E_TIMEOUT  past stream->deadline_ms
     *         MOTE_E_IO       see errno
     */
    enum mote_status (*read)(struct mote_stream *s, char *into, size_t cap,
                             size_t *got);
    /* Writes head, then body, all of it or fails; errors as above. */
    enum mote_status (*write)(struct mote_stream *s, struct mote_text head,
                              struct mote_text body);
    /* Ends the connection, fd becomes -1 (TLS: close-notify first). Without
     * effect when there is none. */
    void (*close)(struct mote_stream *s);
    /* Whether it is still good for a request: nothing has arrived on it,
     * neither an end nor a byte that nobody asked for. */
    bool (*idle)(const struct mote_stream *s);
};

struct mote_stream {
    const struct mote_stream_kind *kind;
    int fd;               /* not blocking; -1: not connected                 */
    uint64_t deadline_ms; /* of mote_now_ms(); 0: none. Waits in it end then */
};

/* The bare socket. */
extern const struct mote_stream_kind mote_stream_plain;

/* CLOCK_MONOTONIC in milliseconds, which deadlines are told in. */
uint64_t mote_now_ms(void);

/* The same moment as a Unix time in milliseconds, spare_ms earlier: what an
 * invocation's deadline leaves for waiting. At least 1. */
uint64_t mote_deadline_of(uint64_t unix_ms, uint64_t spare_ms);

/* An address of the Internet. */
struct mote_endpoint {
    uint8_t ip[16]; /* network order; the first 4 bytes when v6 is false */
    bool v6;
    uint16_t port;
};

/*
 * Connects over TCP, Nagle's delay off. *fd is not blocking, and set on
 * MOTE_OK only.
 *
 * errors  MOTE_E_CLOSED   refused
 *         MOTE_E_TIMEOUT  past the deadline (0: none)
 *         MOTE_E_IO       see errno
 */
enum mote_status mote_stream_connect(int *fd, const struct mote_endpoint *to,
                                     uint64_t deadline_ms);

/*
 * What kinds are made of: reads and writes of a socket that does not block,
 * with the meaning that struct mote_stream_kind gives them.
 */
enum mote_status mote_stream_fd_read(int fd, uint64_t deadline_ms, char *into,
                                     size_t cap, size_t *got);
enum mote_status mote_stream_fd_write(int fd, uint64_t deadline_ms,
                                      struct mote_text head,
                                      struct mote_text body);

/* Waits until fd can be read (or written), or the deadline (0: none). errors
 * MOTE_E_TIMEOUT, MOTE_E_IO. */
enum mote_status mote_stream_fd_wait(int fd, bool writing,
                                     uint64_t deadline_ms);

/* Whether nothing waits on the socket, neither bytes nor an end. */
bool mote_stream_fd_idle(int fd);

#endif
