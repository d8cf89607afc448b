/* net/socket.c - see net/socket.h */
#define _GNU_SOURCE /* ppoll */
#include "net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum mote_status mote_socket_failure(void)
{
    switch (errno) {
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
        return MOTE_E_CLOSED;
    }
    return MOTE_E_IO;
}

/* The same descriptor where nobody takes it for a standard stream, in case one
 * of those was closed. The system call itself: the C library's fcntl brings
 * all of its commands along. */
static int above_streams(int fd)
{
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    const int moved =
        (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(fd);
    return moved;
}

int mote_socket_new(int family, int type)
{
    return above_streams(socket(family, type | SOCK_CLOEXEC, 0));
}

enum mote_status mote_socket_connect(int *fd,
                                     const struct mote_address *address)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(address->port)};
    const int on = 1, tries = 1; /* one more SYN, then give up */

    memcpy(&to.sin_addr, address->ip, sizeof address->ip);
    const int s = mote_socket_new(AF_INET, SOCK_STREAM);
    if (s < 0)
        return mote_socket_failure();
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(s, IPPROTO_TCP, TCP_SYNCNT, &tries, sizeof tries);
    while (connect(s, (const struct sockaddr *)&to, sizeof to) != 0) {
        if (errno == EINTR)
            continue;
        if (errno == EISCONN) /* an interrupted call went on by itself */
            break;
        const int why = errno;
        close(s);
        errno = why;
        return mote_socket_failure();
    }
    *fd = s;
    return MOTE_OK;
}

void mote_socket_skip(struct iovec *parts, size_t sent)
{
    for (int i = 0; i < 2; i++) {
        const size_t n = parts[i].iov_len < sent ? parts[i].iov_len : sent;
        parts[i].iov_base = (char *)parts[i].iov_base + n;
        parts[i].iov_len -= n;
        sent -= n;
    }
}

enum mote_status mote_socket_send(int fd, struct mote_text first,
                                  struct mote_text second)
{
    struct iovec parts[2] = {{(void *)first.at, first.n},
                             {(void *)second.at, second.n}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

    while (parts[0].iov_len + parts[1].iov_len) {
        const ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EINTR)
                continue;
            return mote_socket_failure();
        }
        mote_socket_skip(parts, (size_t)sent);
    }
    return MOTE_OK;
}

enum mote_status mote_socket_read(int fd, char *buffer, size_t n, size_t *got)
{
    for (;;) {
        const ssize_t r = recv(fd, buffer, n, 0);
        if (r > 0) {
            *got = (size_t)r;
            return MOTE_OK;
        }
        if (r == 0)
            return MOTE_E_CLOSED;
        if (errno != EINTR)
            return mote_socket_failure();
    }
}

enum mote_status mote_socket_wait(int fd, unsigned timeout_ms)
{
    const struct timespec timeout = {timeout_ms / 1000,
                                     (long)(timeout_ms % 1000) * 1000000};
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    sigset_t none;

    sigemptyset(&none);
    const int n = ppoll(&readable, 1,
                        timeout_ms == MOTE_FOREVER ? NULL : &timeout, &none);
    if (n >= 0)
        return n ? MOTE_OK : MOTE_E_AGAIN;
    /* bytes may have come with the signal, as after a freeze */
    return poll(&readable, 1, 0) > 0 ? MOTE_OK : MOTE_E_STOP;
}

void mote_socket_close(int fd)
{
    close(fd);
}
