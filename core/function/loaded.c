/* core/function/loaded.c - see core/function/loaded.h */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "core/function/loaded.h"
#include "core/base/url.h"
#include "core/function/failure.h"

#include <sys/mman.h>

#define FIRST (1u << 20) /* bytes of a mapping when no length is announced */

/* A file on its way. */
struct arriving {
    const struct mote_load *load;
    struct mote_loaded *to;
    uint64_t announced;  /* bytes of it, 0: the server does not say */
    size_t n;            /* bytes that came                         */
    const char *refused; /* why it was not taken, or NULL           */
};

static const char too_large[] = "a smaller model, or a larger MOTE_MODEL_MAX";

static enum mote_status refuse_size(struct arriving *a, const char *why)
{
    a->refused = why;
    return MOTE_E_SPACE;
}

void mote_unload(struct mote_loaded *loaded)
{
    if (loaded->file)
        munmap(loaded->file, loaded->mapped);
    memset(loaded, 0, sizeof *loaded);
}

/* The mapping as large as it has to be, what is in it kept. */
static enum mote_status resize(struct arriving *a, uint64_t bytes)
{
    struct mote_loaded *to = a->to;

    if (bytes > a->load->max || bytes > SIZE_MAX)
        return refuse_size(a, too_large);
    void *at = to->file ? mremap(to->file, to->mapped, bytes, MREMAP_MAYMOVE)
                        : mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return refuse_size(a, "more memory for the model");
    to->file = at;
    to->mapped = bytes;
    return MOTE_OK;
}

/* Room for a file of so many bytes, whose header is there, and behind it, on a
 * page of its own, for the arena that the header asks for. */
static enum mote_status make_room(struct arriving *a, uint64_t file_bytes)
{
    const struct mote_file_header *header = (const void *)a->to->file;
    const uint64_t max = a->load->max, page = MOTE_FILE_PAGE;
    const uint64_t from = (file_bytes + page - 1) / page * page;
    const uint64_t arena = header->request_arena;

    if (from > max || arena > max - from)
        return refuse_size(a, too_large);
    a->to->file_bytes = file_bytes;
    a->to->arena_at = from;
    return resize(a, from + (arena ? arena : 1));
}

static enum mote_status begin(void *context, uint64_t bytes)
{
    struct arriving *a = context;

    mote_unload(a->to);
    a->n = 0;
    a->announced = bytes;
    return resize(a, bytes                  ? bytes
                     : a->load->max < FIRST ? a->load->max
                                            : FIRST);
}

/* Of a length that is not announced the mapping doubles. */
static enum mote_status take(void *context, struct mote_text run)
{
    struct arriving *a = context;
    const uint64_t max = a->load->max;
    const size_t had = a->n;
    enum mote_status s = MOTE_OK;

    if (a->announced && run.n > a->announced - a->n)
        return refuse_size(a, "as many bytes as the server announced");
    while (s == MOTE_OK && run.n > a->to->mapped - a->n)
        s = a->to->mapped == max      ? refuse_size(a, too_large)
            : a->to->mapped > max / 2 ? resize(a, max)
                                      : resize(a, 2 * (uint64_t)a->to->mapped);
    if (s != MOTE_OK)
        return s;
    memcpy(a->to->file + a->n, run.at, run.n);
    a->n += run.n;
    return a->announced && had < sizeof(struct mote_file_header) &&
                   a->n >= sizeof(struct mote_file_header)
               ? make_room(a, a->announced)
               : MOTE_OK;
}

/* "URL: expected ..." and what the model's reader says, in answer->words. */
static enum mote_status refuse(struct mote_outside_answer *answer,
                               struct mote_text url, enum mote_status s,
                               const struct mote_where *where)
{
    struct mote_failure failure;
    char text[MOTE_FAILURE_TEXT];
    const size_t cap = sizeof answer->words;

    mote_failure_input(&failure, MOTE_E_SCHEMA, where);
    const struct mote_text why = mote_failure_message(&failure, true, text);
    const struct mote_text shown = mote_url_shown(url);
    size_t n = shown.n < cap / 2 ? shown.n : cap / 2;
    memcpy(answer->words, shown.at, n);
    memcpy(answer->words + n, ": ", 2);
    n += 2;
    const size_t more = why.n < cap - n ? why.n : cap - n;
    memcpy(answer->words + n, why.at, more);
    answer->message = (struct mote_text){answer->words, n + more};
    return s;
}

static bool is_pinned(const struct mote_load *load,
                      const struct mote_loaded *to)
{
    char hex[64];

    if (!load->sha256.n)
        return true;
    mote_outside_sha256(
        (struct mote_text){(const char *)to->file, to->file_bytes}, hex);
    return mote_text_equal_nocase((struct mote_text){hex, sizeof hex},
                                  load->sha256);
}

static enum mote_status prove(const struct mote_load *load,
                              struct mote_loaded *to, struct mote_where *where)
{
    if (!is_pinned(load, to)) {
        where->expected = "bytes with the SHA-256 that MOTE_MODEL_SHA256 has";
        return MOTE_E_DAMAGED;
    }
    const enum mote_status s =
        mote_model_open(&to->model, to->file, to->file_bytes, where);
    if (s != MOTE_OK)
        return s;
    to->arena = to->file + to->arena_at;
    mote_model_use_cpu(&to->model, load->cpu);
    return mote_model_check(&to->model, to->arena, where);
}

/* Whether a proven file is the one that is there: both headers have the hash of
 * what is behind them. */
static bool is_same(const struct mote_loaded *a, const struct mote_loaded *b)
{
    return a->file && a->file_bytes == b->file_bytes &&
           memcmp(a->file, b->file, sizeof(struct mote_file_header)) == 0;
}

enum mote_status mote_load(const struct mote_load *load,
                           struct mote_loaded *old, struct mote_loaded *to,
                           struct mote_outside_answer *answer)
{
    struct arriving arriving = {.load = load, .to = to};
    const struct mote_outside_request request = {
        .url = load->url,
        .environment = load->environment,
        .deadline_ms = load->deadline_ms,
        .limit = load->max,
        .match = load->etag,
        .version = load->version,
        .unless = old ? (struct mote_text){old->etag, old->etag_bytes}
                      : MOTE_TEXT(""),
        .context = &arriving,
        .begin = begin,
        .take = take,
    };
    struct mote_where where = {.row = MOTE_NO_ROW};
    enum mote_status s = mote_outside_get(&request, answer);

    if (s == MOTE_OK && answer->unchanged)
        return MOTE_OK;
    if (s == MOTE_OK && arriving.n < sizeof(struct mote_file_header)) {
        where.expected = "a .mote file";
        s = MOTE_E_FORMAT;
    } else if (s == MOTE_OK) {
        if (!arriving.announced)
            s = make_room(&arriving, arriving.n);
        if (s == MOTE_OK)
            s = prove(load, to, &where);
    } else if (s == MOTE_E_SPACE && !arriving.refused) {
        arriving.refused = too_large;
    }
    if (arriving.refused)
        where.expected = arriving.refused;
    if (s != MOTE_OK) {
        if (where.expected)
            refuse(answer, load->url, s, &where);
        mote_unload(to);
        return s;
    }
    const bool same = old && is_same(old, to);
    struct mote_loaded *now = same ? old : to;
    memcpy(now->etag, answer->etag, answer->etag_bytes);
    now->etag_bytes = answer->etag_bytes;
    if (same)
        mote_unload(to);
    return MOTE_OK;
}
