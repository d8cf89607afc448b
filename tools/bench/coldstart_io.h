/*
 * tools/bench/coldstart_io.h - what all files of the driver read the time and
 * whole files with, print with and end with.
 */
#ifndef TOOLS_BENCH_COLDSTART_IO_H
#define TOOLS_BENCH_COLDSTART_IO_H

/* Microseconds on a clock that only goes forward. */
double now_us(void);

/* Lets others run for so long, but no core fall asleep. */
void pause_us(double us);

/* Prints a sample, "NAME <tab> MEASURE <tab> VALUE", name being a
 * contestant's. */
void say(const char *name, const char *measure, double value);

/* Ends the program with status 1: what failed, and its errno. */
__attribute__((noreturn)) void die(const char *what, int error);

/* Ends the program with status 3, because the contestant of that name does
 * not do what it should; the samples up to here are printed. */
__attribute__((noreturn)) void give_up(const char *name, const char *why);

/* The text of a file that is not empty, ended with a zero, the caller's to
 * free; dies with its path when it cannot be read. */
char *read_file(const char *path);

/* Writes text into a file that is there; dies with its path when it cannot. */
void write_file(const char *path, const char *text);

#endif
