/*
 * tools/bench/coldstart.c - how long programs take from spawn to first reply.
 *
 * in      contestants as NAME:KIND:PATH (KIND is self, floor or peer); ratios
 *         are taken against the first floor
 * out     a table, and with -j FILE the same as JSON
 * how     this program is the Runtime API, stripped to its answers. It spawns
 *         the contestants in turn, so that a disturbance of the machine meets
 *         all of them; each start is a fresh process that answers one cold and
 *         WARM warm events and is then killed. Everything is pinned to one
 *         core: a wake-up of another core costs more than what is measured
 * limits  spawn to next is not Lambda's init: placement, image loading and its
 *         accounting are not on this machine
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONTESTANTS_MAX 16
#define WARM 20    /* warm events of each start */
#define DROPPED 10 /* first starts, which fill caches */

enum measure { TO_NEXT, TO_REPLY, EVENT, MEASURES };

struct series {
    double *values;
    size_t n;
};

struct contestant {
    const char *name, *kind, *path;
    struct series series[MEASURES];
    long faults; /* of one start, the last */
};

static const char *const measure_names[MEASURES] = {
    "spawn_to_next_ms", "spawn_to_first_reply_ms", "event_to_reply_us"};

static __attribute__((noreturn)) void die(const char *what)
{
    fprintf(stderr, "coldstart: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int listen_somewhere(unsigned *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (void *)&at, sizeof at) || listen(fd, 8) ||
        getsockname(fd, (void *)&at, &n))
        die("listen");
    *port = ntohs(at.sin_port);
    return fd;
}

/* Reads one request, whole: head, and as much body as its length says. */
static void read_request(int fd, const char *who)
{
    static char in[65536];
    size_t used = 0;
    const char *end = NULL;

    for (;;) {
        const ssize_t n = recv(fd, in + used, sizeof in - 1 - used, 0);
        if (n <= 0) {
            fprintf(stderr, "coldstart: %s closed the connection\n", who);
            exit(1);
        }
        used += (size_t)n;
        in[used] = '\0';
        if (!end)
            end = strstr(in, "\r\n\r\n");
        if (!end)
            continue;
        const char *length = strcasestr(in, "\r\nContent-Length:");
        const size_t body =
            length && length < end ? strtoul(length + 17, NULL, 10) : 0;
        if (used >= (size_t)(end + 4 - in) + body)
            return;
    }
}

static void send_all(int fd, const char *text)
{
    if (send(fd, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
        die("send");
}

static void add(struct series *s, double value)
{
    s->values[s->n++] = value;
}

/* One event to an idle process; microseconds until its reply is here. */
static double answer_event(int fd, const char *event, const char *who)
{
    const double began = now_us();

    send_all(fd, event);
    read_request(fd, who);
    const double took = now_us() - began;
    send_all(fd, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
    read_request(fd, who); /* the next next */
    return took;
}

static void start_once(struct contestant *c, int listener, char **environment,
                       const char *event, int keep)
{
    char *arguments[] = {(char *)c->path, NULL};
    posix_spawn_file_actions_t actions;
    struct rusage usage;
    pid_t pid;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    const double began = now_us();
    errno = posix_spawn(&pid, c->path, &actions, NULL, arguments, environment);
    if (errno)
        die(c->path);
    const int fd = accept(listener, NULL, NULL);
    if (fd < 0)
        die("accept");
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    read_request(fd, c->name);
    const double next = now_us() - began;
    send_all(fd, event);
    read_request(fd, c->name);
    const double reply = now_us() - began;
    send_all(fd, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
    read_request(fd, c->name);
    if (keep) {
        add(&c->series[TO_NEXT], next / 1e3);
        add(&c->series[TO_REPLY], reply / 1e3);
        for (int i = 0; i < WARM; i++)
            add(&c->series[EVENT], answer_event(fd, event, c->name));
    }
    kill(pid, SIGKILL);
    wait4(pid, NULL, 0, &usage);
    c->faults = usage.ru_minflt + usage.ru_majflt;
    close(fd);
    posix_spawn_file_actions_destroy(&actions);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorted values only. */
static double percentile(const struct series *s, double p)
{
    return s->values[(size_t)(p * (double)(s->n - 1) + 0.5)];
}

static void print_table(struct contestant *c, size_t count, int runs)
{
    const struct contestant *floor = NULL;

    for (size_t i = 0; i < count && !floor; i++)
        if (!strcmp(c[i].kind, "floor"))
            floor = c + i;
    printf(
        "%d starts each, in turn, on one core; medians (99th percentile)\n\n",
        runs);
    printf("%-16s %-6s %22s %22s %20s %7s\n", "", "", "spawn to next, ms",
           "to first reply, ms", "event to reply, us", "faults");
    for (size_t i = 0; i < count; i++) {
        printf("%-16s %-6s", c[i].name, c[i].kind);
        for (int m = 0; m < MEASURES; m++) {
            const struct series *s = &c[i].series[m];
            printf(m == EVENT ? "  %9.1f (%6.1f)" : "   %9.3f (%6.3f)",
                   percentile(s, 0.5), percentile(s, 0.99));
        }
        printf(" %7ld\n", c[i].faults);
    }
    for (size_t i = 0; floor && i < count; i++) {
        if (c + i == floor)
            continue;
        printf("\n%s against %s: to next %.2f x, to first reply %.2f x",
               c[i].name, floor->name,
               percentile(&c[i].series[TO_NEXT], 0.5) /
                   percentile(&floor->series[TO_NEXT], 0.5),
               percentile(&c[i].series[TO_REPLY], 0.5) /
                   percentile(&floor->series[TO_REPLY], 0.5));
    }
    printf("\n");
}

static void write_json(const char *path, struct contestant *c, size_t count,
                       int runs)
{
    FILE *f = fopen(path, "w");

    if (!f)
        die(path);
    fprintf(f, "{\"runs\": %d, \"rows\": [", runs);
    for (size_t i = 0; i < count; i++) {
        fprintf(f, "%s\n  {\"name\": \"%s\", \"kind\": \"%s\"", i ? "," : "",
                c[i].name, c[i].kind);
        for (int m = 0; m < MEASURES; m++) {
            const struct series *s = &c[i].series[m];
            fprintf(f,
                    ",\n   \"%s\": {\"p50\": %.4f, \"p90\": %.4f, "
                    "\"p99\": %.4f, \"min\": %.4f}",
                    measure_names[m], percentile(s, 0.5), percentile(s, 0.9),
                    percentile(s, 0.99), s->values[0]);
        }
        fprintf(f, ",\n   \"page_faults\": %ld}", c[i].faults);
    }
    fprintf(f, "\n]}\n");
    if (fclose(f))
        die(path);
}

static void pin(void)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(sched_getcpu(), &set);
    if (sched_setaffinity(0, sizeof set, &set))
        fprintf(stderr, "coldstart: not pinned to a core: %s\n",
                strerror(errno));
}

/* "NAME:KIND:PATH"; names and kinds go into JSON as they are. */
static struct contestant read_contestant(char *text, int runs)
{
    struct contestant c = {.name = strtok(text, ":"),
                           .kind = strtok(NULL, ":"),
                           .path = strtok(NULL, "")};

    if (!c.name || !c.kind || !c.path || access(c.path, X_OK) ||
        strpbrk(c.name, "\"\\") || strpbrk(c.kind, "\"\\")) {
        fprintf(stderr,
                "coldstart: expected NAME:KIND:PATH of a program, got %s\n",
                c.path ? c.path : text);
        exit(2);
    }
    for (int m = 0; m < MEASURES; m++)
        c.series[m].values =
            malloc(sizeof(double) * (size_t)runs * (m == EVENT ? WARM : 1));
    return c;
}

int main(int argc, char **argv)
{
    static struct contestant contestants[CONTESTANTS_MAX];
    static char event[4096], api[64];
    const char *json = NULL, *data = "[5.7,2.8,4.5,1.3]";
    int runs = 500, option;
    size_t count = 0;
    unsigned port;

    while ((option = getopt(argc, argv, "n:j:d:")) != -1) {
        if (option == 'n')
            runs = atoi(optarg);
        else if (option == 'j')
            json = optarg;
        else if (option == 'd')
            data = optarg;
        else
            return 2;
    }
    if (optind == argc || argc - optind > CONTESTANTS_MAX || runs < 1) {
        fprintf(stderr, "usage: coldstart [-n RUNS] [-j FILE.json] [-d EVENT] "
                        "NAME:self|floor|peer:PATH...\n");
        return 2;
    }
    for (; optind < argc; optind++)
        contestants[count++] = read_contestant(argv[optind], runs);
    snprintf(event, sizeof event,
             "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: "
             "8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n"
             "Lambda-Runtime-Deadline-Ms: 4102444800000\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             strlen(data), data);
    pin();
    const int listener = listen_somewhere(&port);
    snprintf(api, sizeof api, "AWS_LAMBDA_RUNTIME_API=127.0.0.1:%u", port);
    char *environment[] = {api, NULL};

    for (int run = -DROPPED; run < runs; run++)
        for (size_t i = 0; i < count; i++)
            start_once(contestants + i, listener, environment, event, run >= 0);
    for (size_t i = 0; i < count; i++)
        for (int m = 0; m < MEASURES; m++)
            qsort(contestants[i].series[m].values, contestants[i].series[m].n,
                  sizeof(double), by_value);
    print_table(contestants, count, runs);
    if (json)
        write_json(json, contestants, count, runs);
    return 0;
}
