/*
 * test/core/test_pages.c - a reply reads of cola's table of words the rows of
 * its tokens, and no other page.
 *
 * How much of a file is resident cannot show that: Linux maps what lies around
 * a fault as well. So the pages of the table are without access here, and each
 * gets it at the first fault, which is noted.
 */
#include "test/test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "core/function/handle.h"
#include "core/model/coded.h"

#define PAGE ((uintptr_t)4096)
#define PAGES_MAX 4096
#define TOKENS_MAX 128

static struct {
    struct mote_model model;
    struct mote_function function;
    struct mote_coded coded; /* the table                          */
    uintptr_t first;         /* of its pages; those at both ends   */
    size_t pages;            /*   have bytes of other things       */
    bool read[PAGES_MAX];
    uint8_t scratch[4096];
    char event[4096], reply[4096];
} t;

/* Where the rows of a text's tokens are: on these pages at least, and on no
 * others but for what a decoder may read beside a row. */
struct pages {
    bool needed[PAGES_MAX], allowed[PAGES_MAX];
};

static void on_fault(int number, siginfo_t *info, void *context)
{
    const size_t page = ((uintptr_t)info->si_addr - t.first) / PAGE;

    (void)context;
    if (page >= t.pages ||
        mprotect((void *)(t.first + page * PAGE), PAGE, PROT_READ)) {
        signal(number, SIG_DFL); /* and the same again ends the test */
        return;
    }
    t.read[page] = true;
}

/* The table that has a row for each id of the tokenizer. */
static const struct mote_file_tensor *find_table(void)
{
    const struct mote_model *m = &t.model;

    for (uint32_t i = 0; i < m->tensor_count; i++)
        if (m->tensors[i].rank == 2 &&
            m->tensors[i].dims[0] == m->tokenizer.file->ids)
            return m->tensors + i;
    return NULL;
}

/* As one that is part of the executable: only what start proves is proven. */
static bool open_model(const char *path)
{
    struct mote_where where = {.row = MOTE_NO_ROW};
    struct stat file;
    const int fd = open(path, O_RDONLY);

    if (fd < 0 || fstat(fd, &file))
        return false;
    const void *bytes =
        mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (bytes == MAP_FAILED ||
        mote_model_open(&t.model, bytes, (size_t)file.st_size, &where))
        return false;
    const struct mote_file_tensor *table = find_table();
    if (!table || !mote_coded_by_rows(table) ||
        mote_coded_of(&t.model, table, &t.coded) || !t.coded.index)
        return false;
    t.first = ((uintptr_t)t.coded.data + PAGE - 1) / PAGE * PAGE;
    t.pages = ((uintptr_t)t.coded.data + t.coded.data_bytes - t.first) / PAGE;
    void *arena =
        mmap(NULL, t.model.header->request_arena, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    t.function = (struct mote_function){.model = &t.model, .arena = arena};
    mote_arena_init(&t.function.scratch, t.scratch, sizeof t.scratch);
    return t.pages <= PAGES_MAX && arena != MAP_FAILED;
}

static void mark(bool *pages, const uint8_t *from, const uint8_t *end)
{
    for (uintptr_t at = (uintptr_t)from; at < (uintptr_t)end; at++)
        if (at >= t.first && at < t.first + t.pages * PAGE)
            pages[(at - t.first) / PAGE] = true;
}

/* A row: where it ends and the one before, where the group does, and its bytes
 * (compress/FORMAT.md, "Coded tensors"). */
static void mark_row(struct pages *p, uint32_t row)
{
    const struct mote_coding *c = &t.coded.coding;
    const uint32_t group = row / c->group_rows, j = row % c->group_rows;
    const uint32_t rows = mote_coding_block(c, group).rows;
    const uint8_t *ends = t.coded.data + t.coded.index[group];
    const uint8_t *bytes = ends + 2 * (size_t)rows;
    uint16_t from = 0, end;

    if (j)
        memcpy(&from, ends + 2 * (j - 1), sizeof from);
    memcpy(&end, ends + 2 * j, sizeof end);
    mark(p->needed, ends + 2 * (j ? j - 1 : 0), ends + 2 * (j + 1));
    mark(p->needed, bytes - 2, bytes);
    mark(p->needed, bytes + from, bytes + end);
    mark(p->allowed, bytes + from - MOTE_DECODE_PAD,
         bytes + end + MOTE_DECODE_PAD);
}

static void tokens_of(const char *text, struct pages *p)
{
    int32_t ids[TOKENS_MAX];
    bool truncated;
    const uint32_t n = mote_tokenizer_encode(
        &t.model.tokenizer, (struct mote_text){text, strlen(text)}, ids,
        TOKENS_MAX, &truncated);

    memset(p, 0, sizeof *p);
    for (uint32_t i = 0; i < n; i++)
        mark_row(p, (uint32_t)ids[i]);
    for (size_t i = 0; i < t.pages; i++)
        p->allowed[i] |= p->needed[i];
}

/* Pages read for a reply to the text. */
static size_t reply(const char *text)
{
    struct mote_failure failure;
    struct mote_json_out out;
    size_t count = 0;
    const size_t n = (size_t)snprintf(t.event, sizeof t.event,
                                      "{\"sentence\": \"%s\"}", text);

    memset(t.read, 0, sizeof t.read);
    EXPECT(mprotect((void *)t.first, t.pages * PAGE, PROT_NONE) == 0);
    mote_json_out_begin(&out, t.reply, sizeof t.reply);
    EXPECT(mote_handle(&t.function, (struct mote_text){t.event, n}, &out,
                       &failure));
    for (size_t i = 0; i < t.pages; i++)
        count += t.read[i];
    return count;
}

static void test_rows_of_other_tokens_are_not_touched(void)
{
    static const char *const texts[] = {
        "The cat sat on the mat.",
        "Who did you say that the committee of experts had not heard of it?",
        "zyzzyva QQQ 3.14159 \xE7\x8C\xAB caf\xC3\xA9",
        "a",
        "",
    };
    static struct pages p;
    const struct sigaction action = {.sa_sigaction = on_fault,
                                     .sa_flags = SA_SIGINFO};

    if (!open_model("models/cola/cola.mote")) {
        EXPECT(false, "models/cola/cola.mote to be opened");
        return;
    }
    sigaction(SIGSEGV, &action, NULL);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        tokens_of(texts[i], &p);
        const size_t count = reply(texts[i]);
        printf("  %zu of %zu pages of the table for \"%s\"\n", count, t.pages,
               texts[i]);
        EXPECT(count > 0 && count < t.pages / 10, "%zu", count);
        for (size_t k = 0; k < t.pages; k++)
            EXPECT((!p.needed[k] || t.read[k]) && (!t.read[k] || p.allowed[k]),
                   "page %zu, \"%s\"", k, texts[i]);
    }
    signal(SIGSEGV, SIG_DFL);
}

static const struct test_case cases[] = {
    {"rows of other tokens are not touched",
     test_rows_of_other_tokens_are_not_touched},
};
TEST_MAIN(cases)
