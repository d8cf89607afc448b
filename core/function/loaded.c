/* core/function/loaded.c - see core/function/loaded.h */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "core/function/loaded.h"
#include "core/base/url.h"
#include "core/function/failure.h"

#include <sys/mman.h>

/* A file on its way. */
struct arriving {
    const struct mote_load *load;
    struct mote_loaded *to;
    size_t n;            /* bytes that came                       */
    const char *refused; /* why it was not taken, or NULL         */
};

static void *map(size_t n)
{
    void *at = mmap(NULL, n ? n : 1, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

void mote_unload(struct mote_loaded *loaded)
{
    if (loaded->file)
        munmap(loaded->file, loaded->file_bytes);
    if (loaded->arena)
        munmap(loaded->arena, loaded->arena_bytes);
    memset(loaded, 0, sizeof *loaded);
}

/* bytes 0: the server does not say, and so there is room for the most. */
static enum mote_status begin(void *context, uint64_t bytes)
{
    struct arriving *a = context;

    mote_unload(a->to);
    a->n = 0;
    if (bytes > a->load->max) {
        a->refused = "a smaller file, or a larger MOTE_MODEL_MAX";
        return MOTE_E_SPACE;
    }
    a->to->file_bytes = bytes ? bytes : a->load->max;
    a->to->file = map(a->to->file_bytes);
    if (a->to->file)
        return MOTE_OK;
    a->refused = "more memory for the model's file";
    return MOTE_E_SPACE;
}

static enum mote_status take(void *context, struct mote_text run)
{
    struct arriving *a = context;

    if (run.n > a->to->file_bytes - a->n) {
        a->refused = "as many bytes as the server announced";
        return MOTE_E_SPACE;
    }
    memcpy(a->to->file + a->n, run.at, run.n);
    a->n += run.n;
    return MOTE_OK;
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
    enum mote_status s =
        mote_model_open(&to->model, to->file, to->file_bytes, where);
    if (s != MOTE_OK)
        return s;
    to->arena_bytes = to->model.header->request_arena;
    to->arena_bytes = to->arena_bytes ? to->arena_bytes : 1;
    to->arena = map(to->arena_bytes);
    if (!to->arena) {
        where->field = MOTE_TEXT("");
        where->expected = "more memory for the model's arena";
        return MOTE_E_SPACE;
    }
    mote_model_use_cpu(&to->model, load->cpu);
    return mote_model_check(&to->model, to->arena, where);
}

/* Gives back what the file did not need of the room for it. */
static void shrink(struct mote_loaded *to, size_t n)
{
    const size_t page = MOTE_FILE_PAGE, kept = (n + page - 1) / page * page;

    if (kept && kept < to->file_bytes) {
        munmap(to->file + kept, to->file_bytes - kept);
        to->file_bytes = kept;
    }
}

enum mote_status mote_load(const struct mote_load *load,
                           const struct mote_loaded *old,
                           struct mote_loaded *to,
                           struct mote_outside_answer *answer)
{
    struct arriving arriving = {.load = load, .to = to};
    const struct mote_outside_request request = {
        .url = load->url,
        .environment = load->environment,
        .deadline_ms = load->deadline_ms,
        .limit = load->max,
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
    if (s == MOTE_E_SPACE && !arriving.refused)
        arriving.refused = "a smaller file, or a larger MOTE_MODEL_MAX";
    if (arriving.refused) {
        where.expected = arriving.refused;
        s = refuse(answer, load->url, s, &where);
    } else if (s == MOTE_OK) {
        const size_t room = to->file_bytes;
        to->file_bytes = arriving.n;
        s = to->file ? prove(load, to, &where) : MOTE_E_FORMAT;
        to->file_bytes = room;
        if (!to->file)
            where.expected = "a .mote file, and not an empty one";
        if (s != MOTE_OK)
            refuse(answer, load->url, s, &where);
        shrink(to, arriving.n);
    }
    if (s != MOTE_OK) {
        mote_unload(to);
        return s;
    }
    memcpy(to->etag, answer->etag, answer->etag_bytes);
    to->etag_bytes = answer->etag_bytes;
    return MOTE_OK;
}
