/* net/stream.c - see net/stream.h */
#define _GNU_SOURCE /* MSG_NOSIGNAL, SOCK_CLOEXEC */
#include "net/stream.h"
#include "net/socket.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static uint64_t clock_ms(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t mote_now_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

uint64_t mote_deadline_of(uint64_t unix_ms, uint64_t spare_ms)
{
    const uint64_t until = clock_ms(CLOCK_REALTIME) + spare_ms;

    return unix_ms > until ? mote_now_ms() + (unix_ms - until) : 1;
}

/* For poll: what is left of the time, -1 for ever. */
static int left_ms(uint64_t deadline_ms)
{
    if (deadline_ms == 0)
        return -1;
    const uint64_t now = mote_now_ms();
    if (now >= deadline_ms)
        return 0;
    return deadline_ms - now > INT_MAX ? INT_MAX : (int)(deadline_ms - now);
}

enum mote_status mote_stream_fd_wait(int fd, bool writing, uint64_t deadline_ms)
{
    struct pollfd p = {.fd = fd, .events = writing ? POLLOUT : POLLIN};

    for (;;) {
        const int timeout = left_ms(deadline_ms);
        const int n = poll(&p, 1, timeout);
        if (n > 0)
            return MOTE_OK; /* an error shows at the read or write */
        if (n == 0 && left_ms(deadline_ms) == 0)
            return MOTE_E_TIMEOUT;
        if (n < 0 && errno != EINTR)
            return MOTE_E_IO;
    }
}

/* After a call that did not go through: waits, or says why it never will. */
static enum mote_status wait_or_fail(int fd, bool writing, uint64_t deadline_ms)
{
    switch (errno) {
    case EINTR:
        return MOTE_OK;
    case EAGAIN:
        return mote_stream_fd_wait(fd, writing, deadline_ms);
    }
    return mote_socket_failure();
}

enum mote_status mote_stream_connect(int *fd, const struct mote_endpoint *to,
                                     uint64_t deadline_ms)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET,
                             .sin_port = htons(to->port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                              .sin6_port = htons(to->port)};
    const int on = 1;
    int why;
    socklen_t size = sizeof why;

    memcpy(&v4.sin_addr, to->ip, sizeof v4.sin_addr);
    memcpy(&v6.sin6_addr, to->ip, sizeof v6.sin6_addr);
    const int s = mote_socket_new(to->v6 ? AF_INET6 : AF_INET,
                                  SOCK_STREAM | SOCK_NONBLOCK);
    if (s < 0)
        return mote_socket_failure();
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    enum mote_status status = MOTE_OK;
    if (to->v6 ? connect(s, (const struct sockaddr *)&v6, sizeof v6)
               : connect(s, (const struct sockaddr *)&v4, sizeof v4)) {
        /* an interrupted call goes on by itself, as one that does not block */
        if (errno == EINPROGRESS || errno == EINTR)
            status = mote_stream_fd_wait(s, true, deadline_ms);
        else
            status = mote_socket_failure();
        if (status == MOTE_OK) {
            getsockopt(s, SOL_SOCKET, SO_ERROR, &why, &size);
            errno = why;
            status = why ? mote_socket_failure() : MOTE_OK;
        }
    }
    if (status == MOTE_OK) {
        *fd = s;
        return MOTE_OK;
    }
    why = errno;
    close(s);
    errno = why;
    return status;
}

enum mote_status mote_stream_fd_read(int fd, uint64_t deadline_ms, char *into,
                                     size_t cap, size_t *got)
{
    for (;;) {
        const ssize_t n = recv(fd, into, cap, 0);
        if (n >= 0) {
            *got = (size_t)n;
            return MOTE_OK;
        }
        const enum mote_status s = wait_or_fail(fd, false, deadline_ms);
        if (s != MOTE_OK)
            return s;
    }
}

enum mote_status mote_stream_fd_write(int fd, uint64_t deadline_ms,
                                      struct mote_text head,
                                      struct mote_text body)
{
    struct iovec parts[2] = {{(void *)head.at, head.n},
                             {(void *)body.at, body.n}};
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

    while (parts[0].iov_len + parts[1].iov_len) {
        const ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
        if (sent < 0) {
            const enum mote_status s = wait_or_fail(fd, true, deadline_ms);
            if (s != MOTE_OK)
                return s;
            continue;
        }
        mote_socket_skip(parts, (size_t)sent);
    }
    return MOTE_OK;
}

bool mote_stream_fd_idle(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

static enum mote_status plain_read(struct mote_stream *s, char *into,
                                   size_t cap, size_t *got)
{
    return mote_stream_fd_read(s->fd, s->deadline_ms, into, cap, got);
}

static enum mote_status
plain_write(struct mote_stream *s, struct mote_text head, struct mote_text body)
{
    return mote_stream_fd_write(s->fd, s->deadline_ms, head, body);
}

static void plain_close(struct mote_stream *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

static bool plain_idle(const struct mote_stream *s)
{
    return mote_stream_fd_idle(s->fd);
}

const struct mote_stream_kind mote_stream_plain = {plain_read, plain_write,
                                                   plain_close, plain_idle};
