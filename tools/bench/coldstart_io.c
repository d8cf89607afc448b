/* tools/bench/coldstart_io.c - see tools/bench/coldstart_io.h */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/bench/coldstart_io.h"

double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

void pause_us(double us)
{
    const double end = now_us() + us;

    while (now_us() < end)
        sched_yield();
}

void say(const char *name, const char *measure, double value)
{
    printf("%s\t%s\t%.4f\n", name, measure, value);
}

void die(const char *what, int error)
{
    fprintf(stderr, "coldstart: %s: %s\n", what, strerror(error));
    exit(1);
}

void give_up(const char *name, const char *why)
{
    fflush(stdout);
    fprintf(stderr, "coldstart: %s %s\n", name, why);
    exit(3);
}

char *read_file(const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = NULL;
    size_t n = 0;

    if (!f || getdelim(&text, &n, '\0', f) < 0)
        die(path, errno);
    fclose(f);
    return text;
}

void write_file(const char *path, const char *text)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        die(path, errno);
    close(fd);
}
