/* test/core/test_base.c - the small parts of core/base. */
#include "test/test.h"
#include "core/base/arena.h"
#include "core/base/base64.h"
#include "core/base/cpu.h"
#include "core/base/cursor.h"
#include "core/base/utf8.h"
#include "core/base/xxh64.h"

static void arena_lends(void)
{
    _Alignas(64) static uint8_t memory[4096];
    struct mote_arena a;

    mote_arena_init(&a, memory, sizeof memory);
    uint8_t *first = mote_arena_take(&a, 1, 1);
    const size_t saved = a.used;
    uint8_t *second = mote_arena_take(&a, 100, 64);
    EXPECT(first == memory);
    EXPECT(second && (uintptr_t)second % 64 == 0 && second > first);
    memset(second, 1, 100);
    EXPECT(mote_arena_take(&a, sizeof memory, 1) == NULL);
    EXPECT(mote_arena_take(&a, SIZE_MAX, 4096) == NULL);
    mote_arena_rewind(&a, saved);
    EXPECT(a.used == saved && a.peak >= 101);
    EXPECT(mote_arena_take(&a, 100, 64) == second);
}

/* Every capacity: a loan fits exactly when its bytes and padding do. */
static void arena_at_every_capacity(void)
{
    _Alignas(64) static uint8_t memory[256];
    for (size_t cap = 0; cap <= sizeof memory; cap++)
        for (size_t n = 0; n <= cap + 1; n++) {
            struct mote_arena a;
            mote_arena_init(&a, memory, cap);
            EXPECT((mote_arena_take(&a, n, 16) != NULL) == (n <= cap));
        }
    struct mote_arena none;
    mote_arena_init(&none, NULL, 0);
    EXPECT(mote_arena_take(&none, 1, 1) == NULL);
}

static void cursor_stops_at_the_end(void)
{
    static const uint8_t bytes[] = {1,  2,  3,  4, 5, 6, 7, 8, 9, 10,   11,  12,
                                    13, 14, 15, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F};
    for (size_t n = 0; n <= sizeof bytes; n++) {
        struct mote_cursor c = mote_cursor_over(guarded(bytes, n), n);
        const uint64_t a = mote_cursor_u8(&c), b = mote_cursor_u16(&c);
        const uint64_t d = mote_cursor_u32(&c), e = mote_cursor_u64(&c);
        const double f = mote_cursor_f64(&c);
        EXPECT(a == (n >= 1 ? 1 : 0) && b == (n >= 3 ? 0x302 : 0));
        EXPECT(d == (n >= 7 ? 0x7060504u : 0));
        EXPECT(e == (n >= 15 ? 0x0F0E0D0C0B0A0908u : 0));
        EXPECT(f == (n >= 23 ? 1.0 : 0.0));
        EXPECT(c.ok == (n >= 23));
    }
    struct mote_cursor c = mote_cursor_over(bytes, 4);
    EXPECT(!mote_cursor_take(&c, 5) && !c.ok);
    EXPECT(mote_cursor_u8(&c) == 0); /* and it stays so */
    EXPECT(!mote_cursor_take(&c, SIZE_MAX));
}

/* Against the definition: a code point's own encoding is the only sequence. */
static void utf8_all_code_points(void)
{
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        char bytes[4];
        if (c >= 0xD800 && c <= 0xDFFF)
            continue;
        const size_t n = mote_utf8_encode(c, bytes);
        EXPECT(n == (c < 0x80 ? 1u : c < 0x800 ? 2u : c < 0x10000 ? 3u : 4u));
        EXPECT(mote_utf8_sequence(bytes, 4) == n, "U+%X", c);
        EXPECT(n == 1 || mote_utf8_sequence(bytes, n - 1) == 0, "U+%X", c);
    }
}

static void utf8_all_sequences(void)
{
    /* count the valid ones of each length; the rest must be refused */
    size_t count[5] = {0};
    for (uint32_t i = 0; i < 1u << 24; i++) {
        const char bytes[4] = {(char)(i >> 16), (char)(i >> 8), (char)i,
                               (char)0x80};
        count[mote_utf8_sequence(bytes, 4)] += 1;
    }
    EXPECT(count[1] == 128u << 16, "%zu", count[1]);
    EXPECT(count[2] == 30u * 64 << 8, "%zu", count[2]);
    EXPECT(count[3] == (15u * 64 + 32 - 32) * 64, "%zu", count[3]);
    EXPECT(count[4] == (3u * 64 + 48 + 16) * 64, "%zu", count[4]);
    EXPECT(mote_utf8_valid("ab\xC3\xA9\xFFz", 6) == 4);
    EXPECT(mote_utf8_valid("", 0) == 0);
}

static void base64_decodes(void)
{
    static const struct {
        const char *text, *bytes;
        size_t n;
    } good[] = {
        {"", "", 0},
        {"Zg==", "f", 1},
        {"Zg", "f", 1},
        {"Zm8=", "fo", 2},
        {"Zm8", "fo", 2},
        {"Zm9v", "foo", 3},
        {"Zm9vYg==", "foob", 4},
        {"+/+/", "\xFB\xFF\xBF", 3},
        {"WzUuMSwzLjUsMS40LDAuMl0=", "[5.1,3.5,1.4,0.2]", 17},
    };
    static const struct {
        const char *text;
        size_t offset;
    } bad[] = {
        {"Z", 1},     {"Zm9vY", 5}, {"Zg=", 2},      {"Zg===", 2}, {"====", 0},
        {"Zm9\n", 3}, {"Zm 9", 2},  {"Z-==", 1},     {"Zm_=", 2},  {"Zh==", 1},
        {"Zm9=", 2},  {"=Zg=", 0},  {"Zg==Zg==", 2},
    };
    struct mote_where where = {0};
    char out[64];
    size_t n;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const size_t length = strlen(good[i].text);
        char *text = guarded(good[i].text, length);
        EXPECT(mote_base64_decode(out, &n, (struct mote_text){text, length},
                                  &where) == MOTE_OK,
               "%s", good[i].text);
        EXPECT(n == good[i].n && !memcmp(out, good[i].bytes, n), "%s",
               good[i].text);
        /* and in place */
        EXPECT(mote_base64_decode(text, &n, (struct mote_text){text, length},
                                  &where) == MOTE_OK);
        EXPECT(n == good[i].n && !memcmp(text, good[i].bytes, n));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const size_t length = strlen(bad[i].text);
        EXPECT(mote_base64_decode(
                   out, &n,
                   (struct mote_text){guarded(bad[i].text, length), length},
                   &where) == MOTE_E_FORMAT,
               "%s", bad[i].text);
        EXPECT(where.offset == bad[i].offset, "%s: %zu", bad[i].text,
               where.offset);
    }
}

/* Vectors of the specification's test suite: its generator's bytes. */
static void xxh64_vectors(void)
{
    static const struct {
        size_t n;
        uint64_t hash;
    } vectors[] = {
        {0, 0xEF46DB3751D8E999},   {1, 0xE934A84ADB052768},
        {4, 0x9136A0DCA57457EE},   {14, 0x8282DCC4994E35C8},
        {222, 0xB641AE8CB691C174},
    };
    uint8_t bytes[222];
    uint64_t generator = 2654435761u;

    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(generator >> 56);
        generator *= 11400714785074694797u;
    }
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const uint64_t hash =
            mote_xxh64(guarded(bytes, vectors[i].n), vectors[i].n);
        EXPECT(hash == vectors[i].hash, "%zu: %llx", vectors[i].n,
               (unsigned long long)hash);
    }
    EXPECT(mote_xxh64(NULL, 0) == vectors[0].hash);
}

static void cpu_flags(void)
{
    const uint32_t flags = mote_cpu_flags(0, 0);
#if defined(__x86_64__)
    EXPECT(!(flags & MOTE_CPU_AVX2) == !__builtin_cpu_supports("avx2") ||
           !__builtin_cpu_supports("fma"));
    EXPECT(!(flags & MOTE_CPU_AVX512_VNNI) ==
               !(__builtin_cpu_supports("avx512vnni") &&
                 __builtin_cpu_supports("avx512vl")),
           "%x", flags);
    EXPECT(!(flags & (MOTE_CPU_AVX_VNNI | MOTE_CPU_AVX512)) ||
           flags & MOTE_CPU_AVX2);
#else
    EXPECT(flags == 0);
    EXPECT(mote_cpu_flags(1ul << 20, 0) == MOTE_CPU_DOTPROD);
    EXPECT(mote_cpu_flags(1ul << 20, 1ul << 13) ==
           (MOTE_CPU_DOTPROD | MOTE_CPU_I8MM));
#endif
}

static void status_texts(void)
{
#define X(name, value, text)                                                   \
    EXPECT(!strcmp(mote_status_text(name), text) &&                            \
           strchr(text, ':') != (name == MOTE_OK ? text : NULL));
    MOTE_STATUS_LIST(X)
#undef X
}

static const struct test_case cases[] = {
    {"arena lends and takes back", arena_lends},
    {"arena at every capacity", arena_at_every_capacity},
    {"cursor stops at the end", cursor_stops_at_the_end},
    {"utf-8: all code points", utf8_all_code_points},
    {"utf-8: all sequences", utf8_all_sequences},
    {"base64", base64_decodes},
    {"xxh64 vectors", xxh64_vectors},
    {"cpu flags", cpu_flags},
    {"status texts", status_texts},
};
TEST_MAIN(cases)
