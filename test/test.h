/*
 * test/test.h - the harness of the C tests: checks, guard pages, one count.
 *
 * A test program lists its cases in one table and ends in TEST_MAIN. Its last
 * line is "N passed, N failed, N skipped"; test/run.sh adds those up.
 */
#ifndef MOTE_TEST_H
#define MOTE_TEST_H

#define _GNU_SOURCE
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct test_case {
    const char *name;
    void (*run)(void);
};

static struct {
    const char *name;        /* of the case that runs   */
    unsigned failed, shown;  /* checks in this case     */
    const char *skip_reason; /* set by SKIP             */
} test_state;

/* Fails the running case, goes on with it, and says where and why. */
#define EXPECT(condition, ...)                                                 \
    ((condition) ? (void)0                                                     \
                 : test_fail(__FILE__, __LINE__, #condition, " " __VA_ARGS__))

/* Ends the running case as skipped; the reason is printed. */
#define SKIP(reason)                                                           \
    do {                                                                       \
        test_state.skip_reason = (reason);                                     \
        return;                                                                \
    } while (0)

__attribute__((format(printf, 4, 5), unused)) static void
test_fail(const char *file, int line, const char *what, const char *format, ...)
{
    va_list args;

    test_state.failed++;
    if (test_state.shown++ >= 10) /* the first ones tell enough */
        return;
    printf("  %s:%d: %s: expected %s", file, line, test_state.name, what);
    if (format[1]) {
        printf(" |");
        va_start(args, format);
        vprintf(format, args);
        va_end(args);
    }
    printf("\n");
}

/*
 * A copy of n bytes that ends right before a page without access, so that
 * reading one byte too many stops the test. Valid until the fourth call from
 * here. n is at most 16 MiB.
 */
__attribute__((unused)) static char *guarded(const void *bytes, size_t n)
{
    static struct {
        char *base;
        size_t size;
    } slots[4];
    static unsigned next;
    const size_t page = 4096, size = (n + page - 1) / page * page + page;
    const unsigned slot = next++ % 4;

    if (slots[slot].size < size) {
        if (slots[slot].base)
            munmap(slots[slot].base, slots[slot].size);
        slots[slot].base = mmap(NULL, size, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        slots[slot].size = size;
        if (slots[slot].base == MAP_FAILED ||
            mprotect(slots[slot].base + size - page, page, PROT_NONE))
            abort();
    }
    char *at = slots[slot].base + slots[slot].size - page - n;
    if (n)
        memcpy(at, bytes, n);
    return at;
}

/* xorshift64*: the same numbers on every machine. */
__attribute__((unused)) static uint64_t test_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1Du;
}

/* Work that "make test-long" multiplies: MOTE_TEST_LONG=1 in its environment.
 */
__attribute__((unused)) static uint64_t test_count(uint64_t quick,
                                                   uint64_t full)
{
    const char *set = getenv("MOTE_TEST_LONG");
    return set && *set == '1' ? full : quick;
}

__attribute__((unused)) static int test_main(const struct test_case *cases,
                                             size_t n)
{
    unsigned passed = 0, failed = 0, skipped = 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < n; i++) {
        test_state.name = cases[i].name;
        test_state.failed = test_state.shown = 0;
        test_state.skip_reason = NULL;
        cases[i].run();
        if (test_state.failed) {
            printf("FAIL %s: %u checks\n", cases[i].name, test_state.failed);
            failed++;
        } else if (test_state.skip_reason) {
            printf("SKIP %s: %s\n", cases[i].name, test_state.skip_reason);
            skipped++;
        } else {
            passed++;
        }
    }
    printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
    return failed != 0;
}

#define TEST_MAIN(cases)                                                       \
    int main(void)                                                             \
    {                                                                          \
        return test_main(cases, sizeof(cases) / sizeof(cases)[0]);             \
    }

#endif
