/*
 * tools/emulator/log.h - what is printed: the functions' own lines, and
 * Lambda's START, END and REPORT around them.
 *
 * Every line goes to stdout as a whole, and into the tail of the invocation
 * that it belongs to, which a caller may ask for.
 */
#ifndef EMU_LOG_H
#define EMU_LOG_H

#include "tools/emulator/loop.h"

struct emu_invocation;

struct emu_log {
    int fd;     /* -1: printed nowhere                             */
    bool quiet; /* only the functions' lines, in the tails as well */
};

/* Prints one line of our own; v may be NULL. */
__attribute__((format(printf, 3, 4))) void
emu_log_print(struct emu_log *log, struct emu_invocation *v, const char *format,
              ...);

void emu_log_start(struct emu_log *log, struct emu_invocation *v);

/* END and REPORT, for an attempt that ended at ended_us. */
void emu_log_report(struct emu_log *log, struct emu_invocation *v,
                    int64_t ended_us, int64_t memory_mb, int64_t peak_mb);

/* The last 4 KB of v's log, all that Lambda gives to a caller. */
struct mote_text emu_log_tail(const struct emu_invocation *v);

/* The pipe that is a process's stdout and stderr. */
struct emu_lines {
    struct emu_loop *loop;
    struct emu_log *log;
    struct emu_invocation **of; /* whose lines these are; *of may be NULL */
    struct emu_watch watch;
    struct emu_buffer pending; /* a line without its end yet */
};

/* Reads from fd, which does not block, from now on. */
void emu_lines_open(struct emu_lines *lines, int fd);

/* Reads what has been printed up to now; a line without an end is ended. */
void emu_lines_drain(struct emu_lines *lines);

void emu_lines_close(struct emu_lines *lines);

#endif
