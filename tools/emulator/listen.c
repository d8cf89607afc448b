/* tools/emulator/listen.c - see tools/emulator/listen.h */
#include "tools/emulator/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static bool accept_one(struct emu_listener *l)
{
    const int on = 1;
    const int fd =
        accept4(l->watch.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0)
        return false;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    emu_conn_open(l, fd);
    if (l->count == EMU_CONNS_MAX) /* emu_conn_close wakes it up again */
        emu_watch_for(l->loop, &l->watch, 0);
    return true;
}

static void ready(struct emu_watch *watch, uint32_t events)
{
    (void)events;
    accept_one(watch->owner);
}

static int bound_port(int fd)
{
    struct sockaddr_in name;
    socklen_t size = sizeof name;

    if (getsockname(fd, (struct sockaddr *)&name, &size))
        return -errno;
    return ntohs(name.sin_port);
}

static int bind_to(int fd, const char *host, int port)
{
    struct sockaddr_in name = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)port)};
    const int on = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (inet_pton(AF_INET, host, &name.sin_addr) != 1)
        return -EINVAL;
    if (bind(fd, (struct sockaddr *)&name, sizeof name) ||
        listen(fd, SOMAXCONN))
        return -errno;
    return bound_port(fd);
}

int emu_listen(struct emu_listener *l, const char *host, int port)
{
    const int fd =
        socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    l->watch = (struct emu_watch){.fd = fd, .ready = ready, .owner = l};
    const int bound = fd < 0 ? -errno : bind_to(fd, host, port);
    if (bound < 0)
        emu_listener_close(l);
    else
        emu_watch_for(l->loop, &l->watch, EPOLLIN);
    return bound;
}

void emu_listener_pump(struct emu_listener *l)
{
    struct emu_conn *next;

    while (l->count < EMU_CONNS_MAX && accept_one(l))
        ;
    for (struct emu_conn *c = l->conns; c; c = next) {
        next = c->next;
        emu_conn_pump(c);
    }
}

void emu_listener_close_conns(struct emu_listener *l)
{
    while (l->conns)
        emu_conn_close(l->conns);
}

void emu_listener_close(struct emu_listener *l)
{
    if (!l->loop)
        return;
    emu_listener_close_conns(l);
    emu_watch_close(l->loop, &l->watch);
    l->loop = NULL;
}
