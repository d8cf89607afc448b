/*
 * tools/bench/coldstart_pages.h - the page cache: emptied, and what is in it.
 *
 * A list is a file with names of files, one a line, up to an empty one; "-" is
 * none. Files that cannot be opened, are empty or not regular are left out.
 */
#ifndef TOOLS_BENCH_COLDSTART_PAGES_H
#define TOOLS_BENCH_COLDSTART_PAGES_H

/* Writes back what has to be and empties all of it; dies without the right. */
void pages_drop(void);

/* Has the kernel forget the files of a list, as far as no one maps them. Dies
 * when the list cannot be read. */
void pages_forget(const char *list);

/* Prints of each file of a list which of its pages are in memory, one line as
 * tools/bench/coldstart.c has it, for the contestant of that name. Dies when
 * the list cannot be read, or a file of it not be mapped. */
void pages_say(const char *list, const char *name);

#endif
