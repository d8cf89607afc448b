/*
 * tools/bench/coldstart_process.h - a process, its cores and control group,
 * and what the kernel counts of it.
 */
#ifndef TOOLS_BENCH_COLDSTART_PROCESS_H
#define TOOLS_BENCH_COLDSTART_PROCESS_H

#include <sched.h>
#include <sys/types.h>

#include "tools/bench/coldstart_plan.h"

struct cores {
    cpu_set_t one, all;
};

/* Keeps this program on the core where it is; all are those that it had. Dies
 * when it cannot. */
void cores_pin(struct cores *cores);

/*
 * Starts a contestant in its folder, with its settings as all of its
 * environment, on the cores that it may use and in a process group of its own.
 * It reads nothing (/dev/null) and is not heard. Dies with its command when it
 * cannot be started.
 */
pid_t process_spawn(const struct contestant *c, const struct cores *cores);

/* Kills a process and what it has started, and waits until it is gone. */
void process_end(pid_t pid);

/* Prints its page faults up to now as `measure` of the contestant of that name;
 * nothing when the process is gone. */
void process_say_faults(pid_t pid, const char *name, const char *measure);

/* Prints the most memory that it has used and its threads, in the same way. */
void process_say_memory(pid_t pid, const char *name);

/*
 * Moves a process into a control group, or with up "/.." into the one above
 * it: what its end costs would be taken from the next one's share. Dies when
 * it cannot.
 */
void group_move(const char *group, const char *up, pid_t pid);

/* How often the group has been stopped up to now; 0 where that is not told. */
long group_throttled(const char *group);

/* A counter of instructions of what this process starts from now on, outside
 * the kernel and from execve on. Dies where a machine has none. */
int counter_open(void);

/* Its count up to now, or 0 of the counter -1. */
double counter_read(int counter);

#endif
