/*
 * tools/bench/coldstart_plan.h - who starts, and how.
 */
#ifndef TOOLS_BENCH_COLDSTART_PLAN_H
#define TOOLS_BENCH_COLDSTART_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#define PLAN_CONTESTANTS 64
#define PLAN_WORDS 32 /* of a command or of settings, a NULL included */

struct contestant {
    /* as the plan has it */
    const char *name, *folder;
    const char *files;          /* the file with their names, or "-" */
    char *event;                /* see api_event */
    char *settings[PLAN_WORDS]; /* the API's is the last; ends with NULL */
    char *command[PLAN_WORDS];  /* ends with NULL */
    /* as it did up to now */
    char *reply;       /* of its first start, NULL before */
    bool all_cores;    /* that it may use; else one */
    double best_us[2]; /* on one core, on all */
    double spent_us;   /* of starts that count */
    int starts;        /* those */
};

struct plan {
    struct contestant contestants[PLAN_CONTESTANTS];
    size_t count;
};

/*
 * Reads the file of a plan, laid out as tools/bench/coldstart.c says, and the
 * events that it names; it ends at an empty line.
 *
 * p       zeroed; with what it points to it stays until the program ends
 * api     the setting that tells a contestant where the Runtime API is; kept
 * errors  dies when a file cannot be read, there are too many contestants or
 *         words in a line, or a line has no command
 */
void plan_read(struct plan *p, const char *path, char *api);

#endif
