/* tools/bench/coldstart_pages.c - see tools/bench/coldstart_pages.h */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/bench/coldstart_io.h"
#include "tools/bench/coldstart_pages.h"

#define PAGE 4096

struct file {
    const char *path;
    int fd;
    size_t bytes;
};

/* The names of a list, to be taken by next_file and freed. */
static char *names_of(const char *list)
{
    return strcmp(list, "-") ? read_file(list) : NULL;
}

/* Opens the next file that can be, or returns false at the end of the names. */
static bool next_file(struct file *f, char **names)
{
    struct stat s;

    while ((f->path = strsep(names, "\n")) && *f->path) {
        f->fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOATIME);
        if (f->fd < 0)
            continue;
        if (fstat(f->fd, &s) == 0 && S_ISREG(s.st_mode) && s.st_size) {
            f->bytes = (size_t)s.st_size;
            return true;
        }
        close(f->fd);
    }
    return false;
}

void pages_drop(void)
{
    sync();
    write_file("/proc/sys/vm/drop_caches", "3");
}

void pages_forget(const char *list)
{
    char *names = names_of(list), *rest = names;
    struct file f;

    while (next_file(&f, &rest)) {
        posix_fadvise(f.fd, 0, 0, POSIX_FADV_DONTNEED);
        close(f.fd);
    }
    free(names);
}

static void say_file(const struct file *f, const char *name)
{
    const size_t pages = (f->bytes + PAGE - 1) / PAGE;
    void *at = mmap(NULL, f->bytes, PROT_READ, MAP_SHARED, f->fd, 0);
    unsigned char *in = malloc(pages);

    if (at == MAP_FAILED || !in || mincore(at, f->bytes, in))
        die(f->path, errno);
    printf("%s\tresident\t%s", name, f->path);
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
    munmap(at, f->bytes);
}

void pages_say(const char *list, const char *name)
{
    char *names = names_of(list), *rest = names;
    struct file f;

    while (next_file(&f, &rest)) {
        say_file(&f, name);
        close(f.fd);
    }
    free(names);
}
