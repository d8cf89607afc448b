/* tools/bench/coldstart_plan.c - see tools/bench/coldstart_plan.h */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bench/coldstart_api.h"
#include "tools/bench/coldstart_io.h"
#include "tools/bench/coldstart_plan.h"

static void read_contestant(struct contestant *c, char *line, char *api)
{
    char *fields[4], *word;
    size_t settings = 0, words = 0;

    for (size_t i = 0; i < 4; i++)
        fields[i] = strsep(&line, "\t");
    while ((word = strsep(&line, "\t"))) {
        if (settings + 2 == PLAN_WORDS || words + 1 == PLAN_WORDS)
            die(fields[0], E2BIG);
        if (!words && strchr(word, '='))
            c->settings[settings++] = word;
        else
            c->command[words++] = word;
    }
    if (!words)
        die("a line of the plan", EINVAL);
    c->settings[settings] = api;
    c->name = fields[0];
    c->folder = fields[1];
    char *event = read_file(fields[2]);
    c->event = api_event(event);
    free(event);
    c->files = fields[3];
}

void plan_read(struct plan *p, const char *path, char *api)
{
    char *rest = read_file(path), *line;

    while ((line = strsep(&rest, "\n")) && *line) {
        if (p->count == PLAN_CONTESTANTS)
            die(path, E2BIG);
        read_contestant(p->contestants + p->count++, line, api);
    }
}
