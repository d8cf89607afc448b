/* tools/bench/coldstart_api.c - see tools/bench/coldstart_api.h */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/bench/coldstart_api.h"
#include "tools/bench/coldstart_io.h"

#define PATIENCE_S 120 /* for one request */

/* ------------------------------------------------------------------------
 * Requests
 */
static const char *header(const char *head, const char *end, const char *name)
{
    const char *at = strcasestr(head, name);
    return at && at < end ? at + strlen(name) : NULL;
}

/* Takes the chunks of a body apart, in place; its bytes, or -1 while some are
 * missing. Nothing is changed before all are there. */
static long join_chunks(char *body)
{
    const char *at = body;
    long n = 0;

    for (int pass = 0; pass < 2; pass++) {
        at = body;
        n = 0;
        for (;;) {
            char *end;
            const unsigned long size = strtoul(at, &end, 16);
            const char *line = strstr(at, "\r\n");
            if (end == at || !line)
                return -1;
            if (size == 0 && !strstr(line, "\r\n\r\n"))
                return -1;
            if (size == 0)
                break;
            if (strnlen(line + 2, size + 2) < size + 2)
                return -1;
            at = line + 2 + size + 2;
            if (pass)
                memmove(body + n, line + 2, size);
            n += (long)size;
        }
    }
    return n;
}

/* The body of a request that is here whole, ended with a zero; or NULL. */
static char *whole_request(struct connection *k)
{
    char *end = strstr(k->in, "\r\n\r\n");

    if (!end)
        return NULL;
    const char *length = header(k->in, end, "\r\nContent-Length:");
    char *body = end + 4;
    long n = length ? strtol(length, NULL, 10) : 0;
    if (header(k->in, end, "\r\nTransfer-Encoding: chunked"))
        n = join_chunks(body);
    else if (k->used < (size_t)(body - k->in) + (size_t)n)
        n = -1;
    if (n < 0 && header(k->in, end, "\r\nExpect: 100-continue") && *body == 0)
        send(k->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL);
    if (n < 0)
        return NULL;
    body[n] = '\0';
    return body;
}

/* ------------------------------------------------------------------------
 * Connections
 */
static void take_connection(struct api *a)
{
    const int fd = accept4(a->listener, NULL, NULL, SOCK_CLOEXEC), on = 1;
    struct connection *k = a->connections;

    if (fd < 0)
        die("accept", errno);
    while (k < a->connections + API_CONNECTIONS && k->fd >= 0)
        k++;
    if (k == a->connections + API_CONNECTIONS)
        die("accept", EMFILE);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    k->fd = fd;
    k->used = 0;
    k->in[0] = '\0';
}

/* The body of the request that is whole after bytes of it came, or NULL. */
static char *receive(struct connection *k)
{
    const ssize_t n =
        recv(k->fd, k->in + k->used, API_REQUEST_MAX - k->used, MSG_DONTWAIT);

    if (n <= 0) {
        close(k->fd);
        k->fd = -1;
        return NULL;
    }
    k->used += (size_t)n;
    k->in[k->used] = '\0';
    return whole_request(k);
}

/* The body of the next whole request on any connection, new ones taken in; its
 * bytes stay until it is answered. */
static const char *wait_request(struct api *a, const char *name)
{
    for (;;) {
        struct pollfd polled[API_CONNECTIONS + 1] = {
            {.fd = a->listener, .events = POLLIN}};
        for (size_t i = 0; i < API_CONNECTIONS; i++)
            polled[i + 1] =
                (struct pollfd){.fd = a->connections[i].fd, .events = POLLIN};
        const struct timespec patience = {.tv_sec = PATIENCE_S};
        const int n = ppoll(polled, API_CONNECTIONS + 1, &patience, &a->before);
        if (n == 0)
            give_up(name, "sent no request for two minutes");
        if (n < 0 && errno == EINTR)
            give_up(name, "ended without a request");
        if (polled[0].revents)
            take_connection(a);
        for (size_t i = 0; i < API_CONNECTIONS; i++) {
            struct connection *k = a->connections + i;
            const char *body = polled[i + 1].revents ? receive(k) : NULL;
            if (!body)
                continue;
            a->asked = k;
            return body;
        }
    }
}

static void answer(struct connection *k, const char *text)
{
    k->used = 0;
    k->in[0] = '\0';
    if (send(k->fd, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
        die("send", errno);
}

/* ------------------------------------------------------------------------
 * The API
 */
static void ended(int signal)
{
    (void)signal; /* so that ppoll returns */
}

void api_open(struct api *a)
{
    const struct sigaction catch = {.sa_handler = ended};
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;

    for (size_t i = 0; i < API_CONNECTIONS; i++) {
        a->connections[i].fd = -1;
        a->connections[i].in = malloc(API_REQUEST_MAX + 1);
        if (!a->connections[i].in)
            die("memory", errno);
    }
    a->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (a->listener < 0 || bind(a->listener, (void *)&at, sizeof at) ||
        listen(a->listener, 64) || getsockname(a->listener, (void *)&at, &n))
        die("listen", errno);
    snprintf(a->setting, sizeof a->setting,
             "AWS_LAMBDA_RUNTIME_API=127.0.0.1:%u", ntohs(at.sin_port));
    sigaction(SIGCHLD, &catch, NULL);
    sigemptyset(&a->child);
    sigaddset(&a->child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &a->child, &a->before); /* but while it waits */
}

char *api_event(const char *event)
{
    char *text;

    if (asprintf(
            &text,
            "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: "
            "8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n"
            "Lambda-Runtime-Deadline-Ms: 4102444800000\r\n"
            "Lambda-Runtime-Invoked-Function-Arn: "
            "arn:aws:lambda:eu-west-1:012345678912:function:bench\r\n"
            "Lambda-Runtime-Trace-Id: Root=1-5bef4de7-"
            "ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0\r\n"
            "Content-Type: application/json\r\n"
            "Content-Length: %zu\r\n\r\n%s",
            strlen(event), event) < 0)
        die("memory", errno);
    return text;
}

void api_wait_next(struct api *a, const char *name)
{
    wait_request(a, name);
    if (!strstr(a->asked->in, "/invocation/next"))
        give_up(name, a->asked->in);
}

void api_send_event(struct api *a, const char *event)
{
    answer(a->asked, event);
}

const char *api_wait_reply(struct api *a, const char *name, double *at)
{
    const char *body = wait_request(a, name);

    *at = now_us();
    if (!strstr(a->asked->in, "/response"))
        give_up(name, a->asked->in);
    return body;
}

void api_accept(struct api *a, const char *name)
{
    answer(a->asked, "HTTP/1.1 202 Accepted\r\n"
                     "Content-Type: application/json\r\n"
                     "Content-Length: 0\r\n\r\n");
    api_wait_next(a, name);
}

void api_close(struct api *a)
{
    for (size_t i = 0; i < API_CONNECTIONS; i++) {
        if (a->connections[i].fd >= 0)
            close(a->connections[i].fd);
        a->connections[i].fd = -1;
    }
    sigtimedwait(&a->child, NULL, &(struct timespec){0});
}
