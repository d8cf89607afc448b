/*
 * net/socket.h - the few system calls that the clients need, with one meaning
 * of failure: MOTE_E_CLOSED when the peer is gone, MOTE_E_IO for the rest.
 */
#ifndef MOTE_NET_SOCKET_H
#define MOTE_NET_SOCKET_H

#include "net/address.h"

struct iovec;

/* What errno means: MOTE_E_CLOSED or MOTE_E_IO. */
enum mote_status mote_socket_failure(void);

/* A socket, closed on exec, never one of the standard streams; below 0: see
 * errno. */
int mote_socket_new(int family, int type);

/* Moves two parts past what was sent of them. */
void mote_socket_skip(struct iovec *parts, size_t sent);

/*
 * Connects over TCP, Nagle's delay off; blocks for three seconds at most when
 * nobody answers. *fd is set on MOTE_OK only.
 *
 * errors  MOTE_E_CLOSED  refused; MOTE_E_IO  see errno
 */
enum mote_status mote_socket_connect(int *fd,
                                     const struct mote_address *address);

/* Sends both texts, in one call when the kernel takes them whole; retried
 * after interruptions, never a SIGPIPE. */
enum mote_status mote_socket_send(int fd, struct mote_text first,
                                  struct mote_text second);

/* Reads at least one byte and at most n into buffer; retried after
 * interruptions. MOTE_E_CLOSED at the end of the stream or after a reset. */
enum mote_status mote_socket_read(int fd, char *buffer, size_t n, size_t *got);

/*
 * Waits until a read would not, or for a signal: it lets in those that the
 * caller has blocked, so that none is missed between looking and waiting, and
 * bytes that have come go before it.
 *
 * fd          -1: only waits for the time, or a signal
 * timeout_ms  MOTE_FOREVER, or below
 * errors      MOTE_E_STOP   a signal was handled, and there are no bytes
 *             MOTE_E_AGAIN  the time is over
 */
#define MOTE_FOREVER UINT32_MAX
enum mote_status mote_socket_wait(int fd, unsigned timeout_ms);

void mote_socket_close(int fd);

#endif
