/*
 * tools/bench/kernels_models.c - whole models, ours against ONNX Runtime.
 *
 * in      a file of cases, one a line, fields separated by tabs:
 *           name, .mote file, extents of the symbols ("1,16"), sets of inputs,
 *           their file, tolerance, then peers as PRECISION=ONNX file, the
 *           exact one first
 * out     a table, and with -j FILE the same as JSON
 * how     one thread on one core. First all answers are compared with the
 *         exact peer's: largest difference as a part of its largest number.
 *         Then the contestants take turns, block by block, so that a
 *         disturbance meets all of them; every call takes the next of the sets
 *         of inputs, because one set alone trains branch predictor and caches.
 *         A figure is the median over blocks of the time of one call
 * limits  the machine's neighbours disturb: compare ratios, and the minimum
 */
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/bench/kernels_ours.h"

#define PEERS_MAX 2
#define BLOCKS_MAX 20000
#define BLOCK_US 100.0 /* of one contestant, before the next has its turn */
#define COMPARED 64    /* sets of inputs whose answers are compared */

struct contest {
    char *name, *mote, *extents, *inputs_path, *peer_kinds[PEERS_MAX];
    char *peer_paths[PEERS_MAX];
    size_t rows, peers;
    double tolerance;
};

/* Times of one call, a block each. */
struct series {
    double values[BLOCKS_MAX];
    size_t n, row, calls;
};

struct result {
    double p50, min, error;
};

static struct series series[1 + PEERS_MAX];
static struct ours ours;
static struct peer *peers[PEERS_MAX];
static uint8_t *inputs, *outputs;
static bool failed;

static __attribute__((noreturn)) void die(const char *what, const char *why)
{
    fprintf(stderr, "kernels: %s: %s\n", what, why);
    exit(1);
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* ------------------------------------------------------------------------
 * Answers
 */
static void run(size_t who, size_t row)
{
    if (who == 0)
        ours_run(&ours, inputs + row * ours.in_bytes);
    else
        peer_run(peers[who - 1], row);
}

/* Answers of a contestant, one set behind the other. */
static uint8_t *answers_of(size_t who, size_t rows)
{
    uint8_t *all = calloc(rows, ours.out_bytes);

    for (size_t row = 0; row < rows; row++) {
        run(who, row);
        if (who == 0)
            ours_outputs(&ours, outputs);
        memcpy(all + row * ours.out_bytes, outputs, ours.out_bytes);
    }
    return all;
}

static double number_at(const uint8_t *bytes, uint8_t dtype, size_t i)
{
    switch (dtype) {
    case MOTE_F32:
        return (double)((const float *)bytes)[i];
    case MOTE_F64:
        return ((const double *)bytes)[i];
    case MOTE_S32:
        return ((const int32_t *)bytes)[i];
    case MOTE_S64:
        return (double)((const int64_t *)bytes)[i];
    }
    die("answers", "are of a type that is not compared");
}

/* Largest difference of the first outputs, relative to the largest number. */
static double error_of(const uint8_t *a, const uint8_t *exact, size_t rows)
{
    const struct tensor *t = ours.out;
    const size_t n = t->bytes / mote_dtype_bytes(t->dtype);
    double difference = 0, largest = 0;

    for (size_t row = 0; row < rows; row++) {
        const size_t at = row * ours.out_bytes;
        for (size_t i = 0; i < n; i++) {
            const double x = number_at(a + at, t->dtype, i);
            const double y = number_at(exact + at, t->dtype, i);
            difference = isfinite(x) ? fmax(difference, fabs(x - y)) : INFINITY;
            largest = fmax(largest, fabs(y));
        }
    }
    return difference / fmax(largest, 1e-30);
}

static void compare(const struct contest *c, struct result *results)
{
    const size_t rows = c->rows < COMPARED ? c->rows : COMPARED;
    uint8_t *all[1 + PEERS_MAX];

    for (size_t who = 0; who <= c->peers; who++)
        all[who] = answers_of(who, rows);
    for (size_t who = 0; who <= c->peers; who++)
        results[who].error = c->peers ? error_of(all[who], all[1], rows) : 0;
    for (size_t who = 0; who <= c->peers; who++)
        free(all[who]);
    if (results[0].error > c->tolerance) {
        printf("FAIL %s: answers differ by %.3g, expected at most %.3g\n",
               c->name, results[0].error, c->tolerance);
        failed = true;
    }
}

/* ------------------------------------------------------------------------
 * Times
 */
static double block(size_t who, size_t rows, size_t calls)
{
    struct series *s = series + who;
    const double began = now_us();

    for (size_t i = 0; i < calls; i++) {
        run(who, s->row);
        s->row = s->row + 1 == rows ? 0 : s->row + 1;
    }
    return (now_us() - began) / (double)calls;
}

/* How many calls fill a block; everything is warm after this. */
static size_t calls_of(size_t who, size_t rows)
{
    size_t calls = 1;

    for (int i = 0; i < 6; i++) {
        const double one = block(who, rows, calls);
        calls = (size_t)fmax(1, fmin(1e6, BLOCK_US / one));
    }
    return calls;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(const struct contest *c, double seconds,
                    struct result *results)
{
    for (size_t who = 0; who <= c->peers; who++) {
        series[who].n = series[who].row = 0;
        series[who].calls = calls_of(who, c->rows);
    }
    const double end = now_us() + seconds * 1e6;
    for (size_t n = 0; n < BLOCKS_MAX && (now_us() < end || n < 5); n++)
        for (size_t who = 0; who <= c->peers; who++)
            series[who].values[series[who].n++] =
                block(who, c->rows, series[who].calls);
    for (size_t who = 0; who <= c->peers; who++) {
        struct series *s = series + who;
        qsort(s->values, s->n, sizeof *s->values, by_value);
        results[who].p50 = s->values[s->n / 2];
        results[who].min = s->values[0];
    }
}

/* ------------------------------------------------------------------------
 * Cases
 */

/* Cuts a line at its tabs; how many fields there are. */
static size_t cut(char *line, char **fields, size_t most)
{
    size_t n = 0;

    line[strcspn(line, "\n")] = '\0';
    for (char *f = strtok(line, "\t"); f && n < most; f = strtok(NULL, "\t"))
        fields[n++] = f;
    return n;
}

static bool read_case(FILE *f, char *line, int size, struct contest *c)
{
    char *fields[6 + PEERS_MAX];

    do {
        if (!fgets(line, size, f))
            return false;
    } while (*line == '#' || *line == '\n');
    const size_t n = cut(line, fields, 6 + PEERS_MAX);
    if (n < 6)
        die("cases", "expected at least 6 fields in each line");
    *c = (struct contest){
        .name = fields[0],
        .mote = fields[1],
        .extents = fields[2],
        .rows = strtoul(fields[3], NULL, 10),
        .inputs_path = fields[4],
        .tolerance = atof(fields[5]),
        .peers = n - 6,
    };
    for (size_t i = 0; i < c->peers; i++) {
        c->peer_kinds[i] = fields[6 + i];
        c->peer_paths[i] = strchr(fields[6 + i], '=');
        if (!c->peer_paths[i])
            die(c->name, "expected a peer as PRECISION=FILE");
        *c->peer_paths[i]++ = '\0';
    }
    return true;
}

static void read_inputs(const struct contest *c)
{
    const size_t n = c->rows * ours.in_bytes;
    FILE *f = fopen(c->inputs_path, "rb");

    inputs = aligned_alloc(64, (n + 63) & ~(size_t)63);
    if (!f || fread(inputs, 1, n, f) != n || fgetc(f) != EOF)
        die(c->inputs_path, "is not the inputs of so many runs");
    fclose(f);
}

static void open_contestants(const struct contest *c)
{
    uint32_t extents[MOTE_SYMBOLS_MAX];
    size_t symbols = 0;

    for (char *at = c->extents; *at && symbols < MOTE_SYMBOLS_MAX;
         at += *at == ',')
        extents[symbols++] = (uint32_t)strtoul(at, &at, 10);
    ours_open(&ours, c->mote, extents, symbols);
    ours_check(&ours, c->mote);
    read_inputs(c);
    outputs = aligned_alloc(64, (ours.out_bytes + 63) & ~(size_t)63);
    for (size_t i = 0; i < c->peers; i++)
        peers[i] = peer_open(c->peer_paths[i], &ours.symbols, ours.in, ours.ins,
                             inputs, c->rows, ours.out, ours.outs, outputs);
}

static void close_contestants(const struct contest *c)
{
    for (size_t i = 0; i < c->peers; i++)
        peer_close(peers[i]);
    ours_close(&ours);
    free(inputs);
    free(outputs);
}

/* ------------------------------------------------------------------------
 * Report
 */
static size_t fastest_peer(const struct contest *c, const struct result *r)
{
    return c->peers > 1 && r[2].p50 < r[1].p50 ? 2 : 1;
}

static void print_row(const struct contest *c, const struct result *r)
{
    printf("%-26s %10.2f %10.2f %8.1e", c->name, r[0].p50, r[0].min,
           r[0].error);
    for (size_t i = 0; i < c->peers; i++) {
        printf("   %s %10.2f %10.2f", c->peer_kinds[i], r[1 + i].p50,
               r[1 + i].min);
        if (i) /* the first is what the others are compared with */
            printf(" %8.1e", r[1 + i].error);
    }
    if (c->peers)
        printf("   %6.2f x", r[fastest_peer(c, r)].p50 / r[0].p50);
    printf("\n");
    fflush(stdout);
}

static void write_row(FILE *f, const struct contest *c, const struct result *r,
                      bool first)
{
    const size_t best = c->peers ? fastest_peer(c, r) : 0;

    fprintf(f, "%s\n  {\"name\": \"%s\", \"ours_us\": %.4f, ", first ? "" : ",",
            c->name, r[0].p50);
    if (c->peers)
        fprintf(f, "\"peer_us\": %.4f, \"ratio\": %.3f, \"peer\": \"%s\", ",
                r[best].p50, r[best].p50 / r[0].p50, c->peer_kinds[best - 1]);
    fprintf(f, "\"ours_min_us\": %.4f, \"error\": %.3g, \"arena_bytes\": %llu",
            r[0].min, r[0].error,
            (unsigned long long)ours.model.header->request_arena);
    for (size_t i = 0; i < c->peers; i++)
        fprintf(f, ", \"%s_us\": %.4f, \"%s_min_us\": %.4f, \"%s_error\": %.3g",
                c->peer_kinds[i], r[1 + i].p50, c->peer_kinds[i], r[1 + i].min,
                c->peer_kinds[i], r[1 + i].error);
    fprintf(f, "}");
}

static void pin(int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set))
        die("pin", "no such core");
}

struct options {
    const char *library, *cases, *json, *only;
    double seconds;
    int cpu, profile;
};

static struct options read_options(int argc, char **argv)
{
    struct options o = {.seconds = 1, .cpu = sched_getcpu()};

    for (int i = 1; i + 1 < argc; i += 2)
        switch (argv[i][0] == '-' ? argv[i][1] : 0) {
        case 'l':
            o.library = argv[i + 1];
            break;
        case 'c':
            o.cases = argv[i + 1];
            break;
        case 'j':
            o.json = argv[i + 1];
            break;
        case 'o':
            o.only = argv[i + 1];
            break;
        case 's':
            o.seconds = atof(argv[i + 1]);
            break;
        case 'v':
            o.profile = atoi(argv[i + 1]);
            break;
        case 'p':
            o.cpu = atoi(argv[i + 1]);
            break;
        }
    if (!o.library || !o.cases) {
        fputs("usage: kernels_models -l LIBRARY -c CASES [-j JSON] [-s SECONDS]"
              " [-p CPU] [-o PART OF A NAME] [-v RUNS TO PROFILE]\n",
              stderr);
        exit(2);
    }
    return o;
}

int main(int argc, char **argv)
{
    const struct options o = read_options(argc, argv);
    static char line[4096];
    struct result results[1 + PEERS_MAX];
    struct contest c;
    bool first = true;
    FILE *cases = fopen(o.cases, "r"), *json = NULL;

    if (!cases)
        die(o.cases, "cannot be read");
    if (o.json && !(json = fopen(o.json, "w")))
        die(o.json, "cannot be written");
    pin(o.cpu);
    peer_library(o.library);
    printf("ours, then ONNX Runtime %s: microseconds a call, p50 and min, and "
           "the error of the answers against float32\n",
           peer_version());
    if (json)
        fprintf(json, "{\"peer\": \"ONNX Runtime %s\", \"rows\": [",
                peer_version());
    while (read_case(cases, line, sizeof line, &c)) {
        if (o.only && !strstr(c.name, o.only))
            continue;
        open_contestants(&c);
        compare(&c, results);
        measure(&c, o.seconds, results);
        print_row(&c, results);
        if (o.profile)
            ours_profile(&ours, inputs, o.profile);
        if (json)
            write_row(json, &c, results, first);
        first = false;
        close_contestants(&c);
    }
    if (json) {
        fprintf(json, "\n]}\n");
        fclose(json);
    }
    fclose(cases);
    return failed;
}
