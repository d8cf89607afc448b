/*
 * net/socket.h - the few system calls that the clients need, with one meaning
 * of failure: MOTE_E_CLOSED when the peer is gone, MOTE_E_IO for the rest.
 */
#ifndef MOTE_NET_SOCKET_H
#define MOTE_NET_SOCKET_H

#include "net/address.h"

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

/* Whether a read would give bytes at once. A signal handler may ask. */
bool mote_socket_has_bytes(int fd);

void mote_socket_close(int fd);

#endif
