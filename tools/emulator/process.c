/* tools/emulator/process.c - see tools/emulator/process.h */
#include "tools/emulator/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/emulator/buffer.h"
#include "tools/emulator/clock.h"
#include "tools/emulator/ids.h"

extern char **environ;

/* ---- its environment ---------------------------------------------------- */

#define OWN_VARIABLES 16

/* NAME=VALUE texts, one for each name, and a NULL behind them. */
struct environment {
    char **at;
    size_t n;
};

/* Takes over `variable`, in place of an earlier one of that name. */
static void put(struct environment *e, char *variable)
{
    const size_t name = strcspn(variable, "=") + 1;

    for (size_t i = 0; i < e->n; i++) {
        if (strncmp(e->at[i], variable, name) == 0) {
            free(e->at[i]);
            e->at[i] = variable;
            return;
        }
    }
    e->at[e->n++] = variable;
}

__attribute__((format(printf, 2, 3))) static void
put_printed(struct environment *e, const char *format, ...)
{
    va_list args;
    char *variable;

    va_start(args, format);
    if (vasprintf(&variable, format, args) < 0)
        abort();
    va_end(args);
    put(e, variable);
}

static void put_lambdas(struct environment *e, const struct emu_options *o)
{
    char path[PATH_MAX], day[EMU_TIME_CHARS], stream[33], **last = o->command;

    if (!realpath(o->command[0], path))
        snprintf(path, sizeof path, "/var/task/bootstrap");
    *strrchr(path, '/') = 0;
    while (last[1])
        last++;
    emu_hex_make(stream, 32);
    emu_time_write(day, EMU_TIME_STREAM, emu_wall_ms());
    put_printed(e, "AWS_LAMBDA_FUNCTION_NAME=%s", o->function_name);
    put_printed(e, "AWS_LAMBDA_FUNCTION_VERSION=$LATEST");
    put_printed(e, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=%lld",
                (long long)o->memory_mb);
    put_printed(e, "AWS_LAMBDA_INITIALIZATION_TYPE=on-demand");
    put_printed(e, "AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/%s",
                o->function_name);
    put_printed(e, "AWS_LAMBDA_LOG_STREAM_NAME=%s/[$LATEST]%s", day, stream);
    if (last != o->command) /* as AWS's own emulator has it */
        put_printed(e, "_HANDLER=%s", *last);
    put_printed(e, "AWS_REGION=%s", o->region);
    put_printed(e, "AWS_DEFAULT_REGION=%s", o->region);
    put_printed(e, "LAMBDA_TASK_ROOT=%s", path[0] ? path : "/");
    put_printed(e, "LANG=en_US.UTF-8");
    put_printed(e, "PATH=/usr/local/bin:/usr/bin:/bin:/opt/bin");
    put_printed(e, "TZ=:UTC");
}

/* Later ones win: the emulator's own, Lambda's, those of --env. */
static struct environment environment_of(const struct emu_options *o,
                                         int api_port)
{
    size_t inherited = 0;

    while (o->inherit_env && environ[inherited])
        inherited++;
    struct environment e = {
        emu_alloc((inherited + OWN_VARIABLES + o->env_count + 1) *
                  sizeof(char *)),
        0};
    for (size_t i = 0; i < inherited; i++)
        put_printed(&e, "%s", environ[i]);
    if (!o->clear_env)
        put_lambdas(&e, o);
    put_printed(&e, "AWS_LAMBDA_RUNTIME_API=127.0.0.1:%d", api_port);
    for (unsigned i = 0; i < o->env_count; i++)
        put_printed(&e, "%s", o->env[i]);
    return e;
}

static void environment_free(struct environment *e)
{
    for (size_t i = 0; i < e->n; i++)
        free(e->at[i]);
    free(e->at);
}

/* ---- its start ---------------------------------------------------------- */

/* What the new process writes into our memory before it execs. */
struct birth {
    volatile int64_t exec_us;
    volatile int error; /* 0, or why it could not */
};

__attribute__((noreturn)) static void become(char **command, char **env,
                                             int log_fd, pid_t parent,
                                             struct birth *birth)
{
    sigset_t none;
    const int null = open("/dev/null", O_RDONLY);

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before the line above */
        _exit(127);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    dup2(null, STDIN_FILENO);
    dup2(log_fd, STDOUT_FILENO);
    dup2(log_fd, STDERR_FILENO);
    if (null > STDERR_FILENO)
        close(null);
    birth->exec_us = emu_now_us();
    execve(command[0], command, env);
    birth->error = errno;
    _exit(127);
}

/* vfork: no page tables are copied, which a benchmark would see as time of
 * the function, and it returns when the exec has succeeded or not. */
__attribute__((noinline)) static pid_t spawn(char **command, char **env,
                                             int log_fd, struct birth *birth)
{
    const pid_t parent = getpid();
    const pid_t pid = vfork();

    if (pid == 0)
        become(command, env, log_fd, parent, birth);
    return pid;
}

int emu_process_start(struct emu_process *p, const struct emu_options *options,
                      int api_port)
{
    struct birth birth = {0, 0};
    int ends[2];

    if (pipe2(ends, O_CLOEXEC))
        return errno;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    struct environment e = environment_of(options, api_port);
    const pid_t pid = spawn(options->command, e.at, ends[1], &birth);
    int error = pid < 0 ? errno : birth.error;
    environment_free(&e);
    close(ends[1]);
    if (error) {
        close(ends[0]);
        if (pid > 0)
            waitpid(pid, NULL, 0);
        return error;
    }
    *p = (struct emu_process){pid, birth.exec_us, ends[0]};
    return 0;
}

void emu_process_signal(const struct emu_process *p, int signal)
{
    if (p->pid > 0 && kill(-p->pid, signal))
        kill(p->pid, signal); /* it has left its group */
}

int64_t emu_process_peak_mb(const struct emu_process *p)
{
    char path[32], line[128];
    long long kb = 0;

    snprintf(path, sizeof path, "/proc/%d/status", (int)p->pid);
    FILE *status = fopen(path, "re");
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "VmHWM: %lld", &kb) == 1)
            break;
    if (status)
        fclose(status);
    return (kb + 1023) / 1024;
}
