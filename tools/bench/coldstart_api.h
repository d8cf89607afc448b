/*
 * tools/bench/coldstart_api.h - the Runtime API, stripped to its answers.
 *
 * One contestant runs at a time and is served over all connections that it
 * makes. A start goes
 *
 *   api_wait_next, then as often as there are events
 *       api_send_event, api_wait_reply, api_accept
 *   api_close
 *
 * Requests are trusted to be HTTP/1.1: found are the blank line, the length or
 * the chunks, and the path. A waiting call gives up on the contestant, by its
 * name, when its process ends, when nothing whole comes for two minutes, and
 * when the request is another than the one awaited.
 */
#ifndef TOOLS_BENCH_COLDSTART_API_H
#define TOOLS_BENCH_COLDSTART_API_H

#include <signal.h>
#include <stddef.h>

#define API_CONNECTIONS 16        /* at a time */
#define API_REQUEST_MAX (1 << 20) /* bytes, head included */

struct connection {
    int fd; /* -1: none */
    size_t used;
    char *in; /* [API_REQUEST_MAX + 1], ended with a zero */
};

struct api {
    int listener;
    struct connection connections[API_CONNECTIONS];
    struct connection *asked; /* has the last request, not answered yet */
    char setting[64];         /* NAME=value, for a contestant's environment */
    sigset_t child, before;   /* SIGCHLD; what was blocked beforehand */
};

/* Listens on a free port of 127.0.0.1, and has the end of a child interrupt
 * what waits; dies when it cannot. */
void api_open(struct api *a);

/* The whole answer to next with that event, the caller's to free. */
char *api_event(const char *event);

/* Waits until the contestant asks for an event. */
void api_wait_next(struct api *a, const char *name);

/* Answers next; `event` is what api_event gave. Dies when it cannot be sent. */
void api_send_event(struct api *a, const char *event);

/* Waits for the reply: its text, until api_accept, and in *at when it was here
 * whole, as now_us has it. */
const char *api_wait_reply(struct api *a, const char *name, double *at);

/* Answers the reply and waits for the next next. */
void api_accept(struct api *a, const char *name);

/* Closes all connections, when the contestant has been waited for; that it
 * ended does not disturb the next one. */
void api_close(struct api *a);

#endif
