/* core/function/source_beside.c - see core/function/source.h */
#define _GNU_SOURCE
#include "core/function/source.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#define NAME "model.mote"

/* The name of the file beside the executable, which the kernel has told us the
 * path of; false when that is too long. */
static bool path_beside(char *out, size_t cap)
{
    const struct mote_text self =
        mote_text_of((const char *)getauxval(AT_EXECFN));
    size_t folder = self.n;

    while (folder && self.at[folder - 1] != '/')
        folder--;
    if (folder + sizeof NAME > cap)
        return false;
    if (folder)
        memcpy(out, self.at, folder);
    memcpy(out + folder, NAME, sizeof NAME);
    return true;
}

static const _Alignas(MOTE_FILE_ALIGN) uint8_t nothing[1];

/* Maps the whole file; it is never unmapped. */
static enum mote_status map_file(const char *path, const void **bytes,
                                 size_t *n)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return MOTE_E_IO;
    const off_t end = lseek(fd, 0, SEEK_END);
    *n = end > 0 ? (size_t)end : 0;
    /* an empty file cannot be mapped, but is a bad model, not a missing one */
    *bytes = end ? mmap(NULL, *n, PROT_READ, MAP_PRIVATE, fd, 0) : nothing;
    close(fd);
    return *bytes == MAP_FAILED ? MOTE_E_IO : MOTE_OK;
}

/* In memory of its own, for the time that it takes. */
static enum mote_status check(const struct mote_model *model,
                              struct mote_where *where)
{
    const size_t bytes = model->header->request_arena;

    if (model->decoder_bytes == 0)
        return mote_model_check(model, NULL, where);
    void *arena = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (arena == MAP_FAILED)
        return MOTE_E_SPACE;
    const enum mote_status s = mote_model_check(model, arena, where);
    munmap(arena, bytes);
    return s;
}

enum mote_status mote_source_open(struct mote_model *model, bool verify,
                                  struct mote_where *where)
{
    const void *bytes;
    size_t n;
    char path[4096];

    (void)verify; /* it always is */
    where->field = MOTE_TEXT(NAME);
    where->expected = "a readable file beside the executable";
    if (!path_beside(path, sizeof path) ||
        map_file(path, &bytes, &n) != MOTE_OK)
        return MOTE_E_IO;
    const enum mote_status s = mote_model_open(model, bytes, n, where);
    if (n == 0)
        where->expected = "a .mote file, and not an empty one";
    return s == MOTE_OK ? check(model, where) : s;
}
