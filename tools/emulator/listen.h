/*
 * tools/emulator/listen.h - a listening socket and what came through it.
 */
#ifndef EMU_LISTEN_H
#define EMU_LISTEN_H

#include "tools/emulator/conn.h"

#define EMU_CONNS_MAX 128 /* of one listener; more wait in the kernel */

struct emu_listener {
    struct emu_loop *loop;
    struct emu_watch watch;
    const struct emu_conn_calls *calls;
    void *owner;
    bool front; /* strangers call: patience is limited, half-closing is fine */
    struct emu_conn *conns;
    unsigned count;
};

/*
 * Listens on host (dotted IPv4) and port, 0 for any free one; loop, calls,
 * owner and front are set. Returns the port, or a negated errno.
 */
int emu_listen(struct emu_listener *l, const char *host, int port);

/* Accepts and takes everything that has arrived, see emu_conn_pump. */
void emu_listener_pump(struct emu_listener *l);

void emu_listener_close_conns(struct emu_listener *l);

/* Closes the connections and the socket, if it was ever opened. */
void emu_listener_close(struct emu_listener *l);

#endif
