/* tools/bench/coldstart_process.c - see tools/bench/coldstart_process.h */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/bench/coldstart_io.h"
#include "tools/bench/coldstart_process.h"

#define PATH_BYTES 512
#define TOLD_BYTES 8192 /* of a file that the kernel writes when asked */

/* ------------------------------------------------------------------------
 * From its start to its end
 */
void cores_pin(struct cores *cores)
{
    sched_getaffinity(0, sizeof cores->all, &cores->all);
    CPU_ZERO(&cores->one);
    CPU_SET(sched_getcpu(), &cores->one);
    if (sched_setaffinity(0, sizeof cores->one, &cores->one))
        die("sched_setaffinity", errno);
}

pid_t process_spawn(const struct contestant *c, const struct cores *cores)
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
    if (c->all_cores)
        sched_setaffinity(0, sizeof cores->all, &cores->all);
    const int error = posix_spawn(&pid, c->command[0], &actions, &attributes,
                                  c->command, c->settings);
    if (error)
        die(c->command[0], error);
    if (c->all_cores)
        sched_setaffinity(0, sizeof cores->one, &cores->one);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return pid;
}

void process_end(pid_t pid)
{
    kill(-pid, SIGKILL); /* and what it started */
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* ------------------------------------------------------------------------
 * What /proc and its control group tell
 */

/* The beginning of such a file; empty when it is gone. */
static void peek(char text[TOLD_BYTES], const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t n = fd < 0 ? 0 : read(fd, text, TOLD_BYTES - 1);

    text[n > 0 ? n : 0] = '\0';
    if (fd >= 0)
        close(fd);
}

void process_say_faults(pid_t pid, const char *name, const char *measure)
{
    char path[PATH_BYTES], text[TOLD_BYTES];
    unsigned long minor, major;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    peek(text, path);
    const char *behind = strrchr(text, ')'); /* of its name */
    if (behind && sscanf(behind, ") %*c %*d %*d %*d %*d %*d %*u %lu %*u %lu",
                         &minor, &major) == 2)
        say(name, measure, (double)(minor + major));
}

void process_say_memory(pid_t pid, const char *name)
{
    char path[PATH_BYTES], text[TOLD_BYTES];

    snprintf(path, sizeof path, "/proc/%d/status", pid);
    peek(text, path);
    const char *peak = strstr(text, "VmHWM:");
    const char *threads = strstr(text, "Threads:");
    if (peak)
        say(name, "peak_rss_kib", strtod(peak + 6, NULL));
    if (threads)
        say(name, "threads", strtod(threads + 8, NULL));
}

void group_move(const char *group, const char *up, pid_t pid)
{
    char path[PATH_BYTES], text[32];

    snprintf(path, sizeof path, "%s%s/cgroup.procs", group, up);
    snprintf(text, sizeof text, "%d\n", pid);
    write_file(path, text);
}

long group_throttled(const char *group)
{
    char path[PATH_BYTES], text[TOLD_BYTES];

    snprintf(path, sizeof path, "%s/cpu.stat", group);
    peek(text, path);
    const char *times = strstr(text, "nr_throttled");
    return times ? strtol(times + 12, NULL, 10) : 0;
}

/* ------------------------------------------------------------------------
 * Instructions
 */
int counter_open(void)
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
        die("no counter of instructions here", errno);
    return fd;
}

double counter_read(int counter)
{
    uint64_t n = 0;

    if (counter >= 0 && read(counter, &n, sizeof n) < 0)
        die("the counter of instructions", errno);
    return (double)n;
}
