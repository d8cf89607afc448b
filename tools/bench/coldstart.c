/*
 * tools/bench/coldstart.c - starts programs in turn and takes the time.
 *
 * in      a plan, one contestant a line, fields parted by tabs: name, folder,
 *         file with its event, file with the names of its files or "-", then
 *         settings (NAME=value), then the command
 * out     on standard output, fields parted by tabs, a sample a line:
 *           NAME  MEASURE  VALUE
 *         and of each contestant NAME reply TEXT, of -m also
 *           NAME  resident  FILE  FIRST-END...   pages in the page cache
 * how     this program is the Runtime API, stripped to its answers. It spawns
 *         the contestants in turn, each round in another order, so that a
 *         disturbance of the machine meets all of them; each start is a fresh
 *         process that answers one cold event, -w warm ones, and is then
 *         killed. Before each the first of the plan starts and does not count:
 *         nobody finds the processor's caches as an interpreter left them. A
 *         start that differs in its reply from the first one of its name ends
 *         the run
 * cores   this program stays on one. A contestant shares it, or may use all:
 *         whichever was faster in the rounds before those that count. A wake-up
 *         of another core costs more than a small program needs altogether,
 *         and programs with threads gain from a second
 * limits  spawn to next is not Lambda's init: placement, image loading and its
 *         accounting are not on this machine
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONTESTANTS_MAX 64
#define WORDS_MAX 32
#define CONNECTIONS_MAX 16
#define REQUEST_MAX (1 << 20)
#define TRIED 2            /* rounds on one core, and as many on all */
#define PATIENCE_MS 120000 /* for one request of a contestant */
#define PAGE 4096

struct contestant {
    const char *name, *folder, *files;
    char *event;               /* the whole answer to next */
    char *settings[WORDS_MAX]; /* the last two are NULL and the API's */
    char *command[WORDS_MAX];  /* ends with NULL */
    char *reply;               /* of its first start */
    double best_us[2];         /* on one core, on all */
    double spent_us;           /* of starts that count */
    int starts;                /* those */
    int cores;                 /* 0: one, 1: all */
};

struct connection {
    int fd;
    size_t used;
    char *in; /* [REQUEST_MAX + 1] */
};

static struct options {
    int runs, warm;
    double budget_s;   /* for all starts of one contestant */
    bool map;          /* say which pages its files have in memory */
    bool drop;         /* empty the page cache before each round */
    const char *group; /* a control group, joined after next */
    int counter;       /* of instructions, -1: not counted */
} options = {.runs = 100, .warm = 20, .budget_s = 1e9, .counter = -1};

static struct contestant contestants[CONTESTANTS_MAX];
static size_t count;
static struct connection connections[CONNECTIONS_MAX];
static int listener;
static cpu_set_t one_core, all_cores;

/* ------------------------------------------------------------------------
 * Small things
 */
static __attribute__((noreturn)) void die(const char *what)
{
    fprintf(stderr, "coldstart: %s: %s\n", what, strerror(errno));
    exit(1);
}

static __attribute__((noreturn)) void give_up(const struct contestant *c,
                                              const char *why)
{
    fflush(stdout);
    fprintf(stderr, "coldstart: %s %s\n", c->name, why);
    exit(3);
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void say(const struct contestant *c, const char *measure, double value)
{
    printf("%s\t%s\t%.4f\n", c->name, measure, value);
}

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = NULL;
    size_t n = 0;

    if (!f || getdelim(&text, &n, '\0', f) < 0)
        die(path);
    fclose(f);
    return text;
}

/* The text of a file in /proc or of a control group; empty when it is gone. */
static const char *peek(const char *path)
{
    static char text[8192];
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);

    text[n > 0 ? n : 0] = '\0';
    if (fd >= 0)
        close(fd);
    return text;
}

static void write_file(const char *path, const char *text)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        die(path);
    close(fd);
}

/* ------------------------------------------------------------------------
 * The Runtime API
 */
static unsigned listen_somewhere(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;

    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (void *)&at, sizeof at) ||
        listen(listener, 64) || getsockname(listener, (void *)&at, &n))
        die("listen");
    return ntohs(at.sin_port);
}

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

static void close_all(void)
{
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (connections[i].fd >= 0)
            close(connections[i].fd);
        connections[i].fd = -1;
    }
}

static void take_connection(void)
{
    const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC), on = 1;
    size_t i = 0;

    if (fd < 0)
        die("accept");
    while (i < CONNECTIONS_MAX && connections[i].fd >= 0)
        i++;
    if (i == CONNECTIONS_MAX) {
        errno = EMFILE;
        die("accept");
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections[i].fd = fd;
    connections[i].used = 0;
    connections[i].in[0] = '\0';
}

/* Whether a request is whole on the connection after bytes of it came. */
static bool receive(struct connection *k, char **body)
{
    const ssize_t n =
        recv(k->fd, k->in + k->used, REQUEST_MAX - k->used, MSG_DONTWAIT);

    if (n <= 0) {
        close(k->fd);
        k->fd = -1;
        return false;
    }
    k->used += (size_t)n;
    k->in[k->used] = '\0';
    *body = whole_request(k);
    return *body != NULL;
}

/* The next whole request on any connection, new ones taken in; its bytes stay
 * until the connection is answered. */
static struct connection *wait_request(const struct contestant *c, char **body)
{
    for (;;) {
        struct pollfd polled[CONNECTIONS_MAX + 1] = {
            {.fd = listener, .events = POLLIN}};
        for (size_t i = 0; i < CONNECTIONS_MAX; i++)
            polled[i + 1] =
                (struct pollfd){.fd = connections[i].fd, .events = POLLIN};
        const int n = poll(polled, CONNECTIONS_MAX + 1, PATIENCE_MS);
        if (n == 0)
            give_up(c, "sent no request for two minutes");
        if (n < 0 && errno == EINTR)
            give_up(c, "ended without a request");
        if (polled[0].revents)
            take_connection();
        for (size_t i = 0; i < CONNECTIONS_MAX; i++)
            if (polled[i + 1].revents && receive(connections + i, body))
                return connections + i;
    }
}

static void answer(struct connection *k, const char *text)
{
    k->used = 0;
    k->in[0] = '\0';
    if (send(k->fd, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
        die("send");
}

static struct connection *wait_next(const struct contestant *c)
{
    char *body;
    struct connection *k = wait_request(c, &body);

    if (!strstr(k->in, "/invocation/next"))
        give_up(c, k->in);
    return k;
}

/* One event; returns when its reply is here, and keeps or compares it. */
static struct connection *wait_reply(struct contestant *c, double *at)
{
    char *body;
    struct connection *k = wait_request(c, &body);

    *at = now_us();
    if (!strstr(k->in, "/response"))
        give_up(c, k->in);
    if (!c->reply)
        c->reply = strdup(body);
    if (strcmp(c->reply, body))
        give_up(c, "answered the same event in two ways");
    return k;
}

static struct connection *accepted(struct contestant *c, struct connection *k)
{
    answer(k, "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\n"
              "Content-Length: 0\r\n\r\n");
    return wait_next(c);
}

/* ------------------------------------------------------------------------
 * What /proc and the page cache tell
 */
static void say_process(const struct contestant *c, pid_t pid, const char *when)
{
    char path[64], measure[64];
    unsigned long minor, major;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    const char *text = strrchr(peek(path), ')');
    if (!text || sscanf(text, ") %*c %*d %*d %*d %*d %*d %*u %lu %*u %lu",
                        &minor, &major) != 2)
        return;
    snprintf(measure, sizeof measure, "page_faults%s", when);
    say(c, measure, (double)(minor + major));
}

static void say_memory(const struct contestant *c, pid_t pid)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/status", pid);
    const char *text = peek(path);
    const char *peak = strstr(text, "VmHWM:");
    const char *threads = strstr(text, "Threads:");
    if (peak)
        say(c, "peak_rss_kib", strtod(peak + 6, NULL));
    if (threads)
        say(c, "threads", strtod(threads + 8, NULL));
}

static long throttled_periods(void)
{
    char path[512];

    snprintf(path, sizeof path, "%s/cpu.stat", options.group);
    const char *text = strstr(peek(path), "nr_throttled");
    return text ? strtol(text + 12, NULL, 10) : 0;
}

/* Moves a process into the group, or out of it again: what its end costs would
 * be taken from the next one's share. */
static void move_to_group(pid_t pid, const char *up)
{
    char path[512], text[32];

    snprintf(path, sizeof path, "%s%s/cgroup.procs", options.group, up);
    snprintf(text, sizeof text, "%d\n", pid);
    write_file(path, text);
}

/* Calls a function for each file in a contestant's list that can be opened. */
static void each_file(const struct contestant *c,
                      void (*f)(const struct contestant *, const char *, int,
                                size_t))
{
    if (!strcmp(c->files, "-"))
        return;
    char *names = read_file(c->files), *rest = names, *name;
    while ((name = strsep(&rest, "\n")) && *name) {
        struct stat s;
        const int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOATIME);
        if (fd >= 0 && fstat(fd, &s) == 0 && S_ISREG(s.st_mode) && s.st_size)
            f(c, name, fd, (size_t)s.st_size);
        if (fd >= 0)
            close(fd);
    }
    free(names);
}

static void forget_file(const struct contestant *c, const char *name, int fd,
                        size_t size)
{
    (void)c, (void)name, (void)size;
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

static void say_resident(const struct contestant *c, const char *name, int fd,
                         size_t size)
{
    const size_t pages = (size + PAGE - 1) / PAGE;
    void *at = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    unsigned char *in = malloc(pages);

    if (at == MAP_FAILED || !in || mincore(at, size, in))
        die(name);
    printf("%s\tresident\t%s", c->name, name);
    for (size_t i = 0; i < pages; i++) {
        if (!(in[i] & 1))
            continue;
        size_t end = i;
        while (end < pages && (in[end] & 1))
            end++;
        printf("\t%zu-%zu", i, end);
        i = end;
    }
    printf("\n");
    free(in);
    munmap(at, size);
}

/* Counts the instructions of what this process starts, outside the kernel and
 * from execve on. */
static int open_counter(void)
{
    struct perf_event_attr counted = {
        .type = PERF_TYPE_HARDWARE,
        .size = sizeof counted,
        .config = PERF_COUNT_HW_INSTRUCTIONS,
        .disabled = 1,
        .inherit = 1,
        .enable_on_exec = 1,
        .exclude_kernel = 1,
        .exclude_hv = 1,
    };
    const int fd = (int)syscall(SYS_perf_event_open, &counted, 0, -1, -1,
                                PERF_FLAG_FD_CLOEXEC);

    if (fd < 0)
        die("no counter of instructions here");
    return fd;
}

static double read_counter(void)
{
    uint64_t n = 0;

    if (options.counter >= 0 && read(options.counter, &n, sizeof n) < 0)
        die("the counter of instructions");
    return (double)n;
}

/* ------------------------------------------------------------------------
 * One start
 */
static pid_t spawn(struct contestant *c, int cores)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    pid_t pid;

    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addchdir_np(&actions, c->folder);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    if (cores)
        sched_setaffinity(0, sizeof all_cores, &all_cores);
    errno = posix_spawn(&pid, c->command[0], &actions, &attributes, c->command,
                        c->settings);
    if (errno)
        die(c->command[0]);
    if (cores)
        sched_setaffinity(0, sizeof one_core, &one_core);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return pid;
}

static void end(pid_t pid)
{
    kill(-pid, SIGKILL); /* and what it started */
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    close_all();
}

static double start_once(struct contestant *c, int cores, bool counts, bool map)
{
    const double counted = read_counter(), began = now_us();
    const pid_t pid = spawn(c, cores);
    struct connection *k = wait_next(c);
    const double next = now_us();
    long throttled = 0;
    double reply;

    if (counts)
        say_process(c, pid, "_before_next");
    if (options.counter >= 0)
        say(c, "instructions_before_next", read_counter() - counted);
    if (options.group) {
        throttled = throttled_periods();
        move_to_group(pid, "");
    }
    const double event = now_us();
    answer(k, c->event);
    k = wait_reply(c, &reply);
    const double took = next - began + reply - event;
    if (counts) {
        say(c, "spawn_to_next_ms", (next - began) / 1e3);
        say(c, "spawn_to_first_reply_ms", took / 1e3);
        say(c, "first_event_to_reply_us", reply - event);
        say_process(c, pid, "");
    }
    if (options.group && counts)
        say(c, "throttled_periods", (double)(throttled_periods() - throttled));
    if (map)
        each_file(c, say_resident);
    k = accepted(c, k);
    for (int i = 0; counts && i < options.warm; i++) {
        const double sent = now_us();
        answer(k, c->event);
        k = wait_reply(c, &reply);
        say(c, "event_to_reply_us", reply - sent);
        k = accepted(c, k);
    }
    if (counts)
        say_memory(c, pid);
    if (options.group)
        move_to_group(pid, "/..");
    end(pid);
    if (counts) {
        c->spent_us += now_us() - began;
        c->starts++;
    }
    return took;
}

/* ------------------------------------------------------------------------
 * All of them
 */

/* Each on one core and on all, in turn; sets cores. */
static void try_cores(void)
{
    for (int round = 0; round < 2 * TRIED; round++)
        for (size_t i = 0; i < count; i++) {
            struct contestant *c = contestants + i;
            const int cores = round & 1;
            const double took = start_once(c, cores, false, false);
            if (round < 2 || took < c->best_us[cores])
                c->best_us[cores] = took;
        }
    for (size_t i = 0; i < count; i++) {
        struct contestant *c = contestants + i;
        c->cores = c->best_us[1] < c->best_us[0];
        say(c, "all_cores", c->cores);
    }
}

/* Whether it has used its share of the time that has passed: slow ones start in
 * fewer rounds, evenly, and each starts at least once. */
static bool over_budget(const struct contestant *c, int round)
{
    const double share = options.budget_s * 1e6 * (round + 1) / options.runs;
    return c->starts > 0 && c->spent_us > share;
}

static void sleep_ms(long ms)
{
    const struct timespec t = {.tv_nsec = ms * 1000000};
    nanosleep(&t, NULL);
}

/* Another order, the same ones in every run. */
static void shuffle(struct contestant **order)
{
    static uint32_t state = 20261128;

    for (size_t i = count - 1; i > 0; i--) {
        state = state * 1664525 + 1013904223; /* Numerical Recipes' */
        const size_t j = (size_t)(((uint64_t)state * (i + 1)) >> 32);
        struct contestant *c = order[i];
        order[i] = order[j];
        order[j] = c;
    }
}

static void run_round(struct contestant **order, int round)
{
    if (options.drop) {
        sync();
        write_file("/proc/sys/vm/drop_caches", "3");
    }
    for (size_t i = 0; i < count; i++) {
        struct contestant *c = order[i];
        if (over_budget(c, round))
            continue;
        if (options.group)
            sleep_ms(30); /* a fresh period, with its whole share */
        else if (count > 1)
            start_once(contestants, contestants->cores, false, false);
        const double began = now_us();
        if (options.map)
            each_file(c, forget_file);
        c->spent_us += now_us() - began;
        start_once(c, c->cores, true, options.map && c->starts == 0);
    }
}

static void run_all(void)
{
    struct contestant *order[CONTESTANTS_MAX];

    for (size_t i = 0; i < count; i++)
        order[i] = contestants + i;
    for (int round = 0; round < options.runs; round++) {
        shuffle(order);
        run_round(order, round);
    }
}

/* ------------------------------------------------------------------------
 * The plan
 */
static char *as_answer(const char *event)
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
        die("memory");
    return text;
}

static void read_contestant(char *line, char *api)
{
    struct contestant *c = contestants + count++;
    char *fields[4], *word;
    size_t settings = 0, words = 0;

    for (size_t i = 0; i < 4; i++)
        fields[i] = strsep(&line, "\t");
    while ((word = strsep(&line, "\t"))) {
        if (settings + 2 == WORDS_MAX || words + 1 == WORDS_MAX) {
            errno = E2BIG;
            die(fields[0]);
        }
        if (!words && strchr(word, '='))
            c->settings[settings++] = word;
        else
            c->command[words++] = word;
    }
    if (!words) {
        errno = EINVAL;
        die("a line of the plan");
    }
    c->settings[settings] = api;
    c->name = fields[0];
    c->folder = fields[1];
    char *event = read_file(fields[2]);
    c->event = as_answer(event);
    free(event);
    c->files = fields[3];
}

static void pin(void)
{
    sched_getaffinity(0, sizeof all_cores, &all_cores);
    CPU_ZERO(&one_core);
    CPU_SET(sched_getcpu(), &one_core);
    if (sched_setaffinity(0, sizeof one_core, &one_core))
        die("sched_setaffinity");
}

static void ended(int signal)
{
    (void)signal; /* so that poll returns */
}

static void prepare(const char *path)
{
    static char api[64];
    char *plan = read_file(path), *line;
    const struct sigaction catch = {.sa_handler = ended};

    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        connections[i].fd = -1;
        connections[i].in = malloc(REQUEST_MAX + 1);
    }
    snprintf(api, sizeof api, "AWS_LAMBDA_RUNTIME_API=127.0.0.1:%u",
             listen_somewhere());
    while ((line = strsep(&plan, "\n")) && *line) {
        if (count == CONTESTANTS_MAX) {
            errno = E2BIG;
            die(path);
        }
        read_contestant(line, api);
    }
    pin();
    sigaction(SIGCHLD, &catch, NULL);
}

int main(int argc, char **argv)
{
    int option;
    bool simple = false;

    while ((option = getopt(argc, argv, "n:w:b:g:imds")) != -1) {
        if (option == 'n')
            options.runs = atoi(optarg);
        else if (option == 'w')
            options.warm = atoi(optarg);
        else if (option == 'b')
            options.budget_s = atof(optarg);
        else if (option == 'g')
            options.group = optarg;
        else if (option == 'i')
            options.counter = open_counter();
        else if (option == 'm')
            options.map = true;
        else if (option == 'd')
            options.drop = true;
        else if (option == 's')
            simple = true;
        else
            return 2;
    }
    if (optind == argc && options.counter >= 0)
        return 0; /* asked whether they can be counted */
    if (optind + 1 != argc || options.runs < 1) {
        fprintf(
            stderr,
            "usage: coldstart [-n RUNS] [-w WARM] [-b SECONDS] [-g GROUP] "
            "[-i] [-m] [-d] [-s] PLAN\n"
            "  -b  for all starts of one contestant; slow ones start less\n"
            "  -g  a control group to put it in when it has asked for next\n"
            "  -i  count instructions; without a plan, say if it can be\n"
            "  -m  forget its files before a start, tell what it read\n"
            "  -d  empty the page cache before a round\n"
            "  -s  no rounds that do not count, one core\n");
        return 2;
    }
    prepare(argv[optind]);
    if (!simple)
        try_cores();
    run_all();
    for (size_t i = 0; i < count; i++)
        printf("%s\treply\t%s\n", contestants[i].name, contestants[i].reply);
    return fflush(stdout) ? 1 : 0;
}
