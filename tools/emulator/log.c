/* tools/emulator/log.c - see tools/emulator/log.h */
#include "tools/emulator/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/emulator/invocation.h"

#define TAIL_MAX 4096
#define LINE_MAX_BYTES (256 * 1024) /* a longer line is cut in two */
#define READ_BYTES 65536

/* Blocking on purpose: who reads our stdout slowly slows us down, and no line
 * is lost or mixed up. */
static void write_all(int fd, struct mote_text text)
{
    while (fd >= 0 && text.n) {
        const ssize_t n = write(fd, text.at, text.n);
        if (n < 0 && errno != EINTR)
            return;
        if (n > 0) {
            text.at += n;
            text.n -= (size_t)n;
        }
    }
}

static void keep_tail(struct emu_invocation *v, struct mote_text text)
{
    if (!v)
        return;
    emu_buffer_add(&v->tail, text);
    if (v->tail.n > 4 * TAIL_MAX)
        emu_buffer_drop(&v->tail, v->tail.n - TAIL_MAX);
}

struct mote_text emu_log_tail(const struct emu_invocation *v)
{
    const size_t n = v->tail.n < TAIL_MAX ? v->tail.n : TAIL_MAX;
    return (struct mote_text){v->tail.at + v->tail.n - n, n};
}

void emu_log_print(struct emu_log *log, struct emu_invocation *v,
                   const char *format, ...)
{
    char line[1024];
    va_list args;

    if (log->quiet)
        return;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line - 1, format, args);
    va_end(args);
    if (n > (int)sizeof line - 2)
        n = (int)sizeof line - 2;
    line[n++] = '\n';
    keep_tail(v, (struct mote_text){line, (size_t)n});
    write_all(log->fd, (struct mote_text){line, (size_t)n});
}

void emu_log_start(struct emu_log *log, struct emu_invocation *v)
{
    emu_log_print(log, v, "START RequestId: %s Version: $LATEST", v->id);
}

void emu_log_report(struct emu_log *log, struct emu_invocation *v,
                    int64_t ended_us, int64_t memory_mb, int64_t peak_mb)
{
    const int64_t us = v->started_us ? ended_us - v->started_us : 0;
    const int64_t billed_ms = (us + v->init_us + 999) / 1000;
    char init[48] = "";

    if (v->init_us)
        snprintf(init, sizeof init, "\tInit Duration: %.2f ms",
                 (double)v->init_us / 1000);
    emu_log_print(log, v, "END RequestId: %s", v->id);
    emu_log_print(log, v,
                  "REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: "
                  "%lld ms\tMemory Size: %lld MB\tMax Memory Used: %lld MB%s",
                  v->id, (double)us / 1000, (long long)billed_ms,
                  (long long)memory_mb, (long long)peak_mb, init);
}

/* ---- the functions' lines ----------------------------------------------- */

/* Prints the first n bytes that are pending: whole lines. */
static void print_pending(struct emu_lines *lines, size_t n)
{
    const struct mote_text text = {lines->pending.at, n};

    keep_tail(*lines->of, text);
    write_all(lines->log->fd, text);
    emu_buffer_drop(&lines->pending, n);
}

static void end_line(struct emu_lines *lines)
{
    emu_buffer_add(&lines->pending, MOTE_TEXT("\n"));
    print_pending(lines, lines->pending.n);
}

/* Returns whether something was read. */
static bool take(struct emu_lines *lines)
{
    char *at = emu_buffer_room(&lines->pending, READ_BYTES);
    const ssize_t n = read(lines->watch.fd, at, READ_BYTES);

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        emu_watch_close(lines->loop, &lines->watch);
    if (n <= 0)
        return false;
    lines->pending.n += (size_t)n;
    const char *end = memrchr(at, '\n', (size_t)n);
    if (end)
        print_pending(lines, (size_t)(end + 1 - lines->pending.at));
    if (lines->pending.n >= LINE_MAX_BYTES)
        end_line(lines);
    return true;
}

static void ready(struct emu_watch *watch, uint32_t events)
{
    (void)events;
    take(watch->owner);
}

void emu_lines_open(struct emu_lines *lines, int fd)
{
    lines->watch = (struct emu_watch){.fd = fd, .ready = ready, .owner = lines};
    emu_watch_for(lines->loop, &lines->watch, EPOLLIN);
}

void emu_lines_drain(struct emu_lines *lines)
{
    /* a pipe holds 64 KiB; who keeps writing meanwhile must not hold us */
    for (int turns = 0; turns < 4 && lines->watch.fd >= 0; turns++)
        if (!take(lines))
            break;
    if (lines->pending.n)
        end_line(lines);
}

void emu_lines_close(struct emu_lines *lines)
{
    if (!lines->loop)
        return;
    emu_lines_drain(lines);
    emu_watch_close(lines->loop, &lines->watch);
    emu_buffer_free(&lines->pending);
}
