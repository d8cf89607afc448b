/* test/fuzz/fuzz_blob.c - any bytes as a .mote file. Hashes are made to match,
 * or nothing behind them would ever be reached; what opens is run. */
#include "core/base/utf8.h"
#include "core/base/xxh64.h"
#include "core/function/describe.h"
#include "core/model/operator.h"
#include "core/model/tiles.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define ARENA_MAX (1 << 20)

static void fix_hashes(uint8_t *bytes, size_t n)
{
    struct mote_file_header *h = (void *)bytes;
    struct mote_file_section *s = (void *)(h + 1);
    uint8_t joined[64 + MOTE_SECTIONS_MAX * sizeof *s];

    if (n < sizeof *h || h->section_count > MOTE_SECTIONS_MAX ||
        n < sizeof *h + h->section_count * sizeof *s)
        return;
    for (uint32_t i = 0; i < h->section_count; i++)
        if (s[i].offset <= n && s[i].bytes <= n - s[i].offset)
            s[i].hash = mote_xxh64(bytes + s[i].offset, s[i].bytes);
    if (h->provenance_offset <= n &&
        h->provenance_bytes <= n - h->provenance_offset && h->provenance_offset)
        h->provenance_hash =
            mote_xxh64(bytes + h->provenance_offset, h->provenance_bytes);
    h->file_bytes = n;
    memcpy(joined, bytes, 64);
    memcpy(joined + 64, s, h->section_count * sizeof *s);
    h->content_hash = mote_xxh64(joined, 64 + h->section_count * sizeof *s);
    h->header_hash =
        mote_xxh64(h, offsetof(struct mote_file_header, header_hash));
}

/* Whether tables that lead somewhere are good: all that runs rely on and
 * opening does not look at. */
static bool contents_are_good(const struct mote_model *m, uint8_t *arena)
{
    for (uint32_t i = 0; i < m->plan_count; i++) {
        const struct mote_scope scope = {m, m->plans + i, i, arena};
        for (uint32_t at = 0; at < scope.plan->file->operators_bytes;) {
            const struct mote_operation op = mote_operation_at(scope.plan, at);
            if (!mote_operator_contents(&scope, &op))
                return false;
            at += op.file->bytes;
        }
    }
    return true;
}

/* A constant takes no room in a file and may be as large as it likes. */
static bool is_large(const struct mote_model *m)
{
    for (uint32_t i = 0; i < m->tensor_count; i++)
        if (m->tensors[i].decoded_bytes > 1 << 20)
            return true;
    return false;
}

static void run(const struct mote_model *m)
{
    static char text[1 << 20];
    struct mote_where where;
    struct mote_json_out o;
    const size_t arena_bytes = m->header->request_arena;

    mote_json_out_begin(&o, text, sizeof text);
    mote_describe(m, &o);
    if (arena_bytes > ARENA_MAX || mote_model_batch(m) > 64 || is_large(m))
        return;
    uint8_t *arena = aligned_alloc(64, arena_bytes + 64);
    memset(arena, 0, arena_bytes);
    struct mote_run r = mote_run_of(m, arena, mote_model_batch(m));
    mote_plan_run(&r, &where);
    if (mote_kept_bytes(m)) { /* again, and from copies if all decoded */
        void *kept = calloc(1, mote_kept_bytes(m) + 64);
        r.kept = mote_kept_begin(m, kept);
        mote_plan_run(&r, &where);
        mote_plan_run(&r, &where);
        free(kept);
    }
    for (uint32_t i = 0; i < r.plan->file->outputs; i++)
        (void)*(volatile uint8_t *)mote_run_output(&r, i);
    free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct mote_model m;
    struct mote_where where = {0};

    if (n > 1 << 16)
        return 0;
    uint8_t *copy = aligned_alloc(64, (n + 64) / 64 * 64);
    /* the copy ends where the file does, so that ASan sees one byte too far */
    uint8_t *bytes = copy;
    memcpy(bytes, data, n);
    fix_hashes(bytes, n);
    if (mote_model_open(&m, bytes, n, &where) == MOTE_OK) {
        struct mote_provenance piece;
        for (size_t at = 0; mote_model_provenance(&m, &at, &piece);)
            if (mote_utf8_valid(piece.key.at, piece.key.n) != piece.key.n)
                abort();
        const size_t arena_bytes = m.header->request_arena;
        uint8_t *arena = NULL;
        if (m.decoder_bytes && arena_bytes <= ARENA_MAX)
            arena = aligned_alloc(64, arena_bytes + 64);
        if (arena || !m.decoder_bytes) {
            if (contents_are_good(&m, arena))
                run(&m);
            (void)mote_model_check(&m, arena, &where);
        }
        free(arena);
    } else if (!where.expected)
        abort();
    free(copy);
    return 0;
}
