/*
 * test/core/test_golden.c - the golden files: taken or refused as they should
 * be, and answering what a reference outside the engine computed.
 *
 * in      test/golden/cases.tsv and rows.tsv, described in its generate.py;
 *         paths start at the working directory, the project's root
 * memory  every file lies aligned, its last 64 bytes before a guard page, and
 *         so does the arena it runs in
 */
#include "test/test.h"
#include "core/base/utf8.h"
#include "core/base/xxh64.h"
#include "core/model/plan.h"

#define FOLDER "test/golden/"
#define FILE_MAX 65536
#define FIELDS_MAX 48
#define LINES_MAX 2048

/* ------------------------------------------------------------------------
 * Files and tables
 */
static size_t read_file(const char *path, void *bytes, size_t cap)
{
    char name[256];
    snprintf(name, sizeof name, FOLDER "%s", path);
    FILE *file = fopen(name, "rb");

    EXPECT(file, "%s", name);
    if (!file)
        return 0;
    const size_t n = fread(bytes, 1, cap, file);
    EXPECT(n < cap, "%s: more than %zu bytes", name, cap);
    fclose(file);
    return n;
}

struct table {
    char text[1 << 20];
    size_t count;
    char *line[LINES_MAX][FIELDS_MAX]; /* NULL behind the last field */
};

/* A table of fields between tabs; lines of '#' are skipped. */
static void read_table(struct table *t, const char *path)
{
    const size_t n = read_file(path, t->text, sizeof t->text - 1);
    char *line = t->text;

    t->text[n] = '\0';
    t->count = 0;
    memset(t->line, 0, sizeof t->line);
    while (*line && t->count < LINES_MAX) {
        char *next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        for (size_t i = 0; *line != '#' && i < FIELDS_MAX - 1; i++) {
            t->line[t->count][i] = line;
            line += strcspn(line, "\t");
            if (!*line)
                break;
            *line++ = '\0';
        }
        t->count += t->line[t->count][0] != NULL;
        line = next;
    }
    EXPECT(t->count > 0 && t->count < LINES_MAX, "%s: %zu lines", path,
           t->count);
}

static struct table *cases_table(void)
{
    static struct table t;
    read_table(&t, "cases.tsv");
    return &t;
}

static struct table *rows_table(void)
{
    static struct table t;
    read_table(&t, "rows.tsv");
    return &t;
}

/* n bytes at an aligned place; what is left of the last 64 is not zero. */
static uint8_t *placed(const uint8_t *bytes, size_t n)
{
    static uint8_t room[FILE_MAX];
    const size_t size = (n + MOTE_FILE_ALIGN - 1) & ~(MOTE_FILE_ALIGN - 1ul);

    memset(room, 0xA5, size);
    memcpy(room, bytes, n);
    return (uint8_t *)guarded(room, size);
}

struct opened {
    uint8_t bytes[FILE_MAX]; /* as in the file */
    size_t n;
    struct mote_model model;
    struct mote_where where;
    enum mote_status status;
};

static void open_only(struct opened *o)
{
    o->where = (struct mote_where){.row = MOTE_NO_ROW};
    o->status =
        mote_model_open(&o->model, placed(o->bytes, o->n), o->n, &o->where);
}

/* The request arena; what it holds does not matter. */
static void *arena_for(const struct mote_model *m)
{
    static uint8_t room[FILE_MAX];

    EXPECT(m->header->request_arena <= sizeof room);
    return placed(room, m->header->request_arena);
}

static void open_bytes(struct opened *o)
{
    open_only(o);
    if (o->status == MOTE_OK)
        o->status = mote_model_check(
            &o->model, o->model.decoder_bytes ? arena_for(&o->model) : NULL,
            &o->where);
}

static void open_file(struct opened *o, const char *path)
{
    o->n = read_file(path, o->bytes, sizeof o->bytes);
    open_bytes(o);
}

static bool is_good(const char *path)
{
    return !strncmp(path, "good/", 5);
}

/* ------------------------------------------------------------------------
 * Taken or refused
 */
static const char *status_name(enum mote_status status)
{
    switch (status) {
#define X(name, value, text)                                                   \
    case name:                                                                 \
        return #name;
        MOTE_STATUS_LIST(X)
#undef X
    }
    return "?";
}

enum { CASE_PATH, CASE_STATUS, CASE_FIELD };

static void expect_case(const struct opened *o, char *const *fields)
{
    const struct mote_text field = o->where.field;

    EXPECT(!strcmp(status_name(o->status), fields[CASE_STATUS]), "%s: %s",
           fields[CASE_PATH], status_name(o->status));
    if (o->status == MOTE_OK)
        return;
    EXPECT(field.n == strlen(fields[CASE_FIELD]) &&
               !memcmp(field.at, fields[CASE_FIELD], field.n),
           "%s: %.*s", fields[CASE_PATH], (int)field.n, field.at);
    EXPECT(o->where.expected, "%s", fields[CASE_PATH]);
}

static void opens_as_listed(void)
{
    static struct opened o;
    const struct table *t = cases_table();

    for (size_t i = 0; i < t->count; i++) {
        open_file(&o, t->line[i][CASE_PATH]);
        expect_case(&o, t->line[i]);
    }
}

/* Provenance that opening does not look at is read with care: all pieces of a
 * good file, of a bad one those before what is wrong. */
static void expect_pieces(const struct mote_model *m, const char *path)
{
    const struct mote_file_header *h = m->header;
    const uint8_t *from = m->bytes + h->provenance_offset;
    struct mote_provenance piece;
    size_t at = 0;

    while (mote_model_provenance(m, &at, &piece)) {
        const uint8_t *key = (const uint8_t *)piece.key.at;
        EXPECT(key > from && key + piece.key.n <= from + h->provenance_bytes,
               "%s", path);
        EXPECT(mote_utf8_valid(piece.key.at, piece.key.n) == piece.key.n, "%s",
               path);
    }
    EXPECT(!is_good(path) || !h->provenance_offset || at == h->provenance_bytes,
           "%s", path);
}

/* Of files that were checked when they were built, less is proven at start:
 * good ones open, and the others end in some status. */
static void opens_at_start(void)
{
    static struct opened o;
    const struct table *t = cases_table();

    for (size_t i = 0; i < t->count; i++) {
        open_file(&o, t->line[i][CASE_PATH]);
        open_only(&o);
        EXPECT(o.status == MOTE_OK || !is_good(t->line[i][CASE_PATH]), "%s",
               t->line[i][CASE_PATH]);
        if (o.status == MOTE_OK)
            expect_pieces(&o.model, t->line[i][CASE_PATH]);
    }
}

static void refuses_truncations(void)
{
    static struct opened o;
    const struct table *t = cases_table();

    for (size_t i = 0; i < t->count; i++) {
        const char *path = t->line[i][CASE_PATH];
        if (!is_good(path))
            continue;
        open_file(&o, path);
        while (o.n-- > 0) {
            open_bytes(&o);
            EXPECT(o.status == MOTE_E_FORMAT, "%s: %zu bytes", path, o.n);
        }
    }
}

/* Where the zeros behind the last byte begin. */
static size_t end_of(const struct mote_file_header *h)
{
    return h->content_bytes + (h->provenance_offset ? h->provenance_bytes : 0);
}

/* Cut, and the length and the header's hash made right again. */
static void refuses_signed_truncations(void)
{
    static struct opened o;
    const struct table *t = cases_table();

    for (size_t i = 0; i < t->count; i++) {
        const char *path = t->line[i][CASE_PATH];
        if (!is_good(path))
            continue;
        open_file(&o, path);
        struct mote_file_header h;
        memcpy(&h, o.bytes, sizeof h);
        const size_t end = end_of(&h);
        for (size_t n = sizeof h; n < o.n; n++) {
            const size_t whole = o.n;
            h.file_bytes = o.n = n;
            h.header_hash =
                mote_xxh64(&h, offsetof(struct mote_file_header, header_hash));
            memcpy(o.bytes, &h, sizeof h);
            open_bytes(&o);
            EXPECT((o.status == MOTE_OK) == (n >= end + MOTE_FILE_TAIL),
                   "%s: %zu bytes", path, n);
            o.n = whole;
        }
    }
}

/* Whether the engine takes this file, which it should not: see cases.tsv. */
static bool takes(const char *bad)
{
    static struct opened o;
    open_file(&o, bad);
    return o.status == MOTE_OK;
}

/* Whether nothing covers this byte, for want of a check in the engine. */
static bool is_uncovered(const struct mote_model *m, size_t at)
{
    const struct mote_file_section *s = (const void *)(m->header + 1);
    const struct mote_file_section *last = s + m->header->section_count - 1;
    const bool in_last = at >= last->offset && at - last->offset < last->bytes;

    if (in_last)
        return last->type >= MOTE_SECTION_TYPES &&
               takes("bad/section_table_unknown_damaged.mote");
    return at >= last->offset && at < m->header->content_bytes &&
           takes("bad/tail_padding.mote");
}

/* Every bit is covered by a hash, or must be 0: none changes unseen. */
static void refuses_flips_of(const char *path)
{
    static struct opened o, whole;

    open_file(&o, path);
    whole = o;
    EXPECT(whole.status == MOTE_OK, "%s", path);
    for (size_t bit = 0; bit < 8 * o.n; bit++) {
        o.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        open_bytes(&o);
        o.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (o.status != MOTE_OK)
            continue;
        open_bytes(&whole);
        EXPECT(is_uncovered(&whole.model, bit / 8), "%s: byte %zu", path,
               bit / 8);
    }
}

/* The smallest; of all, the longer test. */
static void refuses_flips(void)
{
    const struct table *t = cases_table();

    for (size_t i = 0; i < test_count(1, t->count); i++)
        if (is_good(t->line[i][CASE_PATH]))
            refuses_flips_of(t->line[i][CASE_PATH]);
}

/* Whether a run of whatever opens at start ends in a status that it may end in;
 * its inputs are zeros. */
static enum mote_status run_zeros(const struct mote_model *m)
{
    static uint8_t room[FILE_MAX];
    struct mote_where where = {.row = MOTE_NO_ROW};
    void *arena = placed(room, m->header->request_arena);

    memset(arena, 0, m->header->request_arena);
    const struct mote_run run = mote_run_of(m, arena, 1);
    const enum mote_status s = mote_plan_run(&run, &where);
    EXPECT(s == MOTE_OK || s == MOTE_E_RANGE ||
           (s == MOTE_E_DAMAGED && where.expected));
    return s;
}

/* Coded data are not looked at when a file opens: what is wrong with them, the
 * decoder finds, or the answer is wrong, and no memory is touched but its own.
 */
static void runs_damaged_weights(void)
{
    static struct opened o;
    const struct table *t = cases_table();
    size_t found = 0, wrong = 0;

    for (size_t i = 0; i < t->count; i++) {
        if (!strstr(t->line[i][CASE_PATH], "bad/data_coded"))
            continue;
        open_file(&o, t->line[i][CASE_PATH]);
        open_only(&o);
        EXPECT(o.status == MOTE_OK, "%s", t->line[i][CASE_PATH]);
        if (o.status != MOTE_OK)
            continue;
        const enum mote_status s = run_zeros(&o.model);
        found += s == MOTE_E_DAMAGED;
        wrong += s != MOTE_E_DAMAGED;
    }
    EXPECT(found > 0 && wrong > 0);
}

/* Every byte of a coded file's weights changed, one by one. */
static void runs_every_damaged_byte(void)
{
    static struct opened o;

    o.n = read_file("good/coded_dense.mote", o.bytes, sizeof o.bytes);
    open_only(&o);
    EXPECT(o.status == MOTE_OK);
    const struct mote_file_section data = *o.model.sections[MOTE_SECTION_DATA];
    const size_t step = test_count(17, 1);
    for (size_t at = data.offset; at < data.offset + data.bytes; at += step)
        for (unsigned bits = 1; bits < 256; bits = bits * 16 + 15) {
            o.bytes[at] ^= (uint8_t)bits;
            open_only(&o); /* only the hash of DATA, which is not looked at */
            EXPECT(o.status == MOTE_OK);
            run_zeros(&o.model);
            o.bytes[at] ^= (uint8_t)bits;
        }
}

/* ------------------------------------------------------------------------
 * Answers
 */
enum { ROW_PATH, ROW_KIND, ROW_INPUTS, ROW_OUTPUTS };

/* The ids of a text, as many as there are. */
static void put_ids(struct mote_run *run, const char *text)
{
    const uint32_t tokens = mote_model_tokens(run->model);
    int32_t *ids = mote_run_value(run, 0);
    char *end = (char *)text;
    uint32_t n = 0;

    for (; *end && n < run->model->symbols[tokens].maximum; n++)
        ids[n] = (int32_t)strtod(end, &end);
    EXPECT(n > 0 && !*end, "%s", text);
    run->extents[tokens] = n;
}

/* Puts the features of a row in the arena, as row `row` of the batch. */
static void put_row(struct mote_run *run, uint32_t row, const char *text)
{
    const struct mote_model *m = run->model;

    if (mote_is_text(m->features)) {
        put_ids(run, text);
        return;
    }
    for (uint32_t i = 0; i < m->feature_count; i++) {
        const struct mote_file_feature *f = m->features + i;
        const uint32_t columns = run->plan->values[f->value].dims[1];
        const size_t element = (size_t)row * columns + f->column;
        char *end;
        const double x = strtod(text, &end);
        EXPECT(end != text);
        text = end;
        if (f->dtype == MOTE_F64)
            ((double *)mote_run_value(run, f->value))[element] = x;
        else
            ((float *)mote_run_value(run, f->value))[element] = (float)x;
    }
}

/* Equal to the bit; of a NaN only that it is one, as its bits differ between
 * machines. */
static bool is_same(const void *outputs, uint8_t dtype, size_t i, double x)
{
    switch (dtype) {
    case MOTE_S8:
        return ((const int8_t *)outputs)[i] == x;
    case MOTE_U8:
    case MOTE_BOOL:
        return ((const uint8_t *)outputs)[i] == x;
    case MOTE_S16:
        return ((const int16_t *)outputs)[i] == x;
    case MOTE_S32:
        return ((const int32_t *)outputs)[i] == x;
    case MOTE_S64:
        return (double)((const int64_t *)outputs)[i] == x;
    }
    const double got = dtype == MOTE_F64 ? ((const double *)outputs)[i]
                                         : ((const float *)outputs)[i];
    return x != x ? got != got : !memcmp(&got, &x, sizeof x);
}

/* Elements of an output: all of it, or when it has a batch those of a row. */
static uint32_t elements_of(const struct mote_file_value *v, bool has_batch)
{
    uint32_t product = 1;
    for (uint32_t i = has_batch; i < v->rank; i++)
        product *= v->dims[i];
    return product;
}

static void expect_row(const struct mote_run *run, uint32_t row,
                       char *const *fields, unsigned fill)
{
    for (uint32_t o = 0; o < run->plan->file->outputs; o++) {
        const struct mote_file_value *v =
            run->plan->values + run->plan->outputs[o];
        const bool has_batch = v->rank && v->dims[0] == MOTE_DIM_SYMBOL;
        const uint32_t n = elements_of(v, has_batch);
        const size_t first = has_batch ? (size_t)row * n : 0;
        char *text = fields[ROW_OUTPUTS + o];
        for (uint32_t i = 0; text && i < n; i++) {
            const double x = strtod(text, &text);
            EXPECT(is_same(mote_run_output(run, o), v->dtype, first + i, x),
                   "%s: arena of %02x, row %u, output %u, element %u: not %a",
                   fields[ROW_PATH], fill, row, o, i, x);
        }
        EXPECT(text && !*text, "%s: output %u", fields[ROW_PATH], o);
    }
}

/* Answers rows of one batch, whatever the arena held before. */
static void expect_batch(const struct mote_model *m, void *arena,
                         char *(*lines)[FIELDS_MAX], uint32_t rows)
{
    static const unsigned fills[] = {0x00, 0xFF, 0xA5};
    struct mote_where where = {.row = MOTE_NO_ROW};

    for (size_t i = 0; i < sizeof fills / sizeof *fills; i++) {
        struct mote_run run = mote_run_of(m, arena, rows);
        memset(arena, (int)fills[i], m->header->request_arena);
        for (uint32_t r = 0; r < rows; r++)
            put_row(&run, r, lines[r][ROW_INPUTS]);
        EXPECT(mote_plan_run(&run, &where) == MOTE_OK, "%s",
               lines[0][ROW_PATH]);
        for (uint32_t r = 0; r < rows; r++)
            expect_row(&run, r, lines[r], fills[i]);
    }
}

/* A row without an answer, behind one that has one. */
static void expect_refused(const struct mote_model *m, void *arena,
                           char *const *good, char *const *refused)
{
    struct mote_run run = mote_run_of(m, arena, 2);
    struct mote_where where = {.row = MOTE_NO_ROW};

    put_row(&run, 0, good[ROW_INPUTS]);
    put_row(&run, 1, refused[ROW_INPUTS]);
    EXPECT(mote_plan_run(&run, &where) == MOTE_E_RANGE && where.row == 1,
           "%s: %s", refused[ROW_PATH], refused[ROW_INPUTS]);
}

/* How many lines from `at` on are of one file and kind. */
static size_t alike(const struct table *t, size_t at)
{
    size_t n = 1;
    while (at + n < t->count &&
           !strcmp(t->line[at][ROW_PATH], t->line[at + n][ROW_PATH]) &&
           !strcmp(t->line[at][ROW_KIND], t->line[at + n][ROW_KIND]))
        n++;
    return n;
}

/* With the kernels that need no more than cpu. */
static void answers_rows_with(uint32_t cpu)
{
    static struct opened o;
    struct table *t = rows_table();

    for (size_t at = 0, n; at < t->count; at += n) {
        const bool refused = !strcmp(t->line[at][ROW_KIND], "refused");
        n = alike(t, at);
        open_file(&o, t->line[at][ROW_PATH]);
        EXPECT(o.status == MOTE_OK, "%s", t->line[at][ROW_PATH]);
        if (o.status != MOTE_OK)
            continue;
        mote_model_use_cpu(&o.model, cpu);
        void *arena = arena_for(&o.model);
        const size_t batch = refused ? 1 : mote_model_batch(&o.model);
        for (size_t i = 0; i < n; i += batch)
            if (refused) /* the line before is a good one of the same file */
                expect_refused(&o.model, arena, t->line[at - 1],
                               t->line[at + i]);
            else
                expect_batch(&o.model, arena, t->line + at + i,
                             (uint32_t)(n - i < batch ? n - i : batch));
    }
}

static void answers_rows(void)
{
    answers_rows_with(0);
}

static void answers_rows_with_this_cpu(void)
{
    answers_rows_with(mote_cpu_flags(0, 0));
}

static const struct test_case cases[] = {
    {"taken and refused as listed", opens_as_listed},
    {"less is checked at start", opens_at_start},
    {"every truncation", refuses_truncations},
    {"every truncation, signed again", refuses_signed_truncations},
    {"every bit flipped", refuses_flips},
    {"damaged weights at run time", runs_damaged_weights},
    {"any damaged weight", runs_every_damaged_byte},
    {"answers, whatever the arena held", answers_rows},
    {"the same with this processor's kernels", answers_rows_with_this_cpu},
};
TEST_MAIN(cases)
