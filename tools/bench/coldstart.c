/*
 * tools/bench/coldstart.c - starts programs in turn and takes the time.
 *
 * in      a plan, one contestant a line, fields parted by tabs: name, folder,
 *         file with its event, file with the names of its files or "-", then
 *         settings (NAME=value), then the command
 * out     on standard output, fields parted by tabs, a sample a line:
 *           NAME  MEASURE  VALUE
 *         and of each contestant NAME reply TEXT, of -m also
 *           NAME  resident  FILE  FIRST-END...   pages in the page cache
 * how     this program is the Runtime API as well (coldstart_api.h). It spawns
 *         the contestants in turn, each round in another order, so that a
 *         disturbance of the machine meets all of them; each start is a fresh
 *         process that answers one cold event, -w warm ones, and is then
 *         killed. Before each the first of the plan starts and does not count:
 *         nobody finds the processor's caches as an interpreter left them. A
 *         start that differs in its reply from the first one of its name ends
 *         the run
 * cores   this program stays on one. A contestant shares it, or may use all
 * where that was faster by a tenth in the rounds before those that count. A
 *         wake-up of another core costs more than a small program needs
 *         altogether, and programs with threads gain from a second
 * limits  spawn to next is not Lambda's init: placement, image loading and its
 *         accounting are not on this machine
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/bench/coldstart_api.h"
#include "tools/bench/coldstart_io.h"
#include "tools/bench/coldstart_pages.h"
#include "tools/bench/coldstart_plan.h"
#include "tools/bench/coldstart_process.h"

#define TRIED 2 /* rounds on one core, and as many on all */
/* From a move to the event. A move takes now 0.1 ms and now 15, and processes
 * are slower after a pause: all have the same, and a new period of the share.
 */
#define PAUSE_US 30000

struct options {
    int runs, warm;
    double budget_s;            /* for all starts of one contestant */
    bool map;                   /* say which pages its files have in memory */
    bool drop;                  /* empty the page cache before each round */
    bool simple;                /* no rounds that do not count, one core */
    const char *limited, *free; /* control groups, joined after next in two
                                   starts of each; NULL: none */
    int counter;                /* of instructions, -1: not counted */
};

struct bench {
    struct options options;
    struct plan plan;
    struct api api;
    struct cores cores;
};

/* ------------------------------------------------------------------------
 * One start
 */

/* Answers next with the event; returns when the reply is here, and keeps or
 * compares it. */
static double send_event(struct bench *b, struct contestant *c)
{
    double at;

    api_send_event(&b->api, c->event);
    const char *reply = api_wait_reply(&b->api, c->name, &at);
    if (!c->reply)
        c->reply = strdup(reply);
    if (strcmp(c->reply, reply))
        give_up(c->name, "answered the same event in two ways");
    return at;
}

static void send_warm_events(struct bench *b, struct contestant *c)
{
    for (int i = 0; i < b->options.warm; i++) {
        const double sent = now_us();
        say(c->name, "event_to_reply_us", send_event(b, c) - sent);
        api_accept(&b->api, c->name);
    }
}

/* Starts, asks and ends a contestant, and says what is measured if it counts.
 * group: the control group that it joins after next, or NULL. The time that it
 * was waited for, up to its first reply. */
static double start_once(struct bench *b, struct contestant *c, bool counts,
                         const char *group)
{
    const struct options *o = &b->options;
    const double counted = counter_read(o->counter), began = now_us();
    const pid_t pid = process_spawn(c, &b->cores);
    api_wait_next(&b->api, c->name);
    const double next = now_us();
    long throttled = 0;

    if (counts)
        process_say_faults(pid, c->name, "page_faults_before_next");
    if (o->counter >= 0)
        say(c->name, "instructions_before_next",
            counter_read(o->counter) - counted);
    if (group) {
        throttled = group_throttled(group);
        group_move(group, "", pid);
        pause_us(PAUSE_US);
    }
    const double event = now_us(), reply = send_event(b, c);
    const double took = next - began + reply - event;
    if (counts) {
        say(c->name, "spawn_to_next_ms", (next - began) / 1e3);
        say(c->name, "spawn_to_first_reply_ms", took / 1e3);
        say(c->name, "first_event_to_reply_us", reply - event);
        process_say_faults(pid, c->name, "page_faults");
    }
    if (group && group == o->limited) {
        say(c->name, "limited_reply_us", reply - event);
        say(c->name, "limited_periods",
            (double)(group_throttled(group) - throttled));
    } else if (group) {
        say(c->name, "free_reply_us", reply - event);
    }
    if (o->map && counts && c->starts == 0)
        pages_say(c->files, c->name);
    api_accept(&b->api, c->name);
    if (counts) {
        send_warm_events(b, c);
        process_say_memory(pid, c->name);
    }
    if (group)
        group_move(group, "/..", pid);
    process_end(pid);
    api_close(&b->api);
    if (counts) {
        c->spent_us += now_us() - began;
        c->starts++;
    }
    return took;
}

/* ------------------------------------------------------------------------
 * All of them
 */

/* Each on one core and on all, in turn; it keeps all where that is a tenth
 * faster: with less, chance would tell, and warm events are another matter. */
static void try_cores(struct bench *b)
{
    struct contestant *const end = b->plan.contestants + b->plan.count;

    for (int round = 0; round < 2 * TRIED; round++)
        for (struct contestant *c = b->plan.contestants; c < end; c++) {
            c->all_cores = round & 1;
            const double took = start_once(b, c, false, NULL);
            if (round < 2 || took < c->best_us[c->all_cores])
                c->best_us[c->all_cores] = took;
        }
    for (struct contestant *c = b->plan.contestants; c < end; c++) {
        c->all_cores = c->best_us[1] < 0.9 * c->best_us[0];
        say(c->name, "all_cores", c->all_cores);
    }
}

/* Whether it has used its share of the time that has passed: slow ones start in
 * fewer rounds, evenly, and each starts at least once. */
static bool over_budget(const struct options *o, const struct contestant *c,
                        int round)
{
    const double share = o->budget_s * 1e6 * (round + 1) / o->runs;
    return c->starts > 0 && c->spent_us > share;
}

/* Another order, the same ones in every run. */
static void shuffle(struct contestant **order, size_t count, uint32_t *state)
{
    for (size_t i = count; i-- > 1;) {
        *state = *state * 1664525 + 1013904223; /* Numerical Recipes' */
        const size_t j = (size_t)(((uint64_t)*state * (i + 1)) >> 32);
        struct contestant *c = order[i];
        order[i] = order[j];
        order[j] = c;
    }
}

/* A start that counts, behind one of the first of the plan that does not. */
static void start_in_turn(struct bench *b, struct contestant *c, int round,
                          const char *group)
{
    if (b->plan.count > 1)
        start_once(b, b->plan.contestants, false, NULL);
    const double began = now_us();
    if (b->options.map)
        pages_forget(c->files);
    c->spent_us += now_us() - began;
    say(c->name, "round", round);
    start_once(b, c, true, group);
}

static void run_round(struct bench *b, struct contestant **order, int round)
{
    const struct options *o = &b->options;

    if (o->drop)
        pages_drop();
    for (size_t i = 0; i < b->plan.count; i++) {
        struct contestant *c = order[i];
        if (over_budget(o, c, round))
            continue;
        start_in_turn(b, c, round, round & 1 ? o->free : o->limited);
        if (o->limited)
            start_in_turn(b, c, round, round & 1 ? o->limited : o->free);
    }
}

static void run_all(struct bench *b)
{
    struct contestant *order[PLAN_CONTESTANTS];
    uint32_t state = 20261128;

    for (size_t i = 0; i < b->plan.count; i++)
        order[i] = b->plan.contestants + i;
    for (int round = 0; round < b->options.runs; round++) {
        shuffle(order, b->plan.count, &state);
        run_round(b, order, round);
    }
}

/* Whether the command line can be read; dies when there is no counter. */
static bool read_options(struct options *o, int argc, char **argv)
{
    int option;

    while ((option = getopt(argc, argv, "n:w:b:l:f:imds")) != -1) {
        if (option == 'n')
            o->runs = atoi(optarg);
        else if (option == 'w')
            o->warm = atoi(optarg);
        else if (option == 'b')
            o->budget_s = atof(optarg);
        else if (option == 'l')
            o->limited = optarg;
        else if (option == 'f')
            o->free = optarg;
        else if (option == 'i')
            o->counter = counter_open();
        else if (option == 'm')
            o->map = true;
        else if (option == 'd')
            o->drop = true;
        else if (option == 's')
            o->simple = true;
        else
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct bench b = {
        .options = {.runs = 100, .warm = 20, .budget_s = 1e9, .counter = -1}};

    if (!read_options(&b.options, argc, argv))
        return 2;
    if (optind == argc && b.options.counter >= 0)
        return 0; /* asked whether they can be counted */
    if (optind + 1 != argc || b.options.runs < 1 ||
        !b.options.limited != !b.options.free) {
        fprintf(
            stderr,
            "usage: coldstart [-n RUNS] [-w WARM] [-b SECONDS] "
            "[-l GROUP -f GROUP] [-i] [-m] [-d] [-s] PLAN\n"
            "  -b  for all starts of one contestant; slow ones start less\n"
            "  -l, -f  two starts of each, which join this control group of "
            "limited processor\n"
            "      time, and this one without a limit, when they have asked "
            "for next\n"
            "  -i  count instructions; without a plan, say if it can be\n"
            "  -m  forget its files before a start, tell what it read\n"
            "  -d  empty the page cache before a round\n"
            "  -s  no rounds that do not count, one core\n");
        return 2;
    }
    api_open(&b.api);
    plan_read(&b.plan, argv[optind], b.api.setting);
    cores_pin(&b.cores);
    if (!b.options.simple)
        try_cores(&b);
    run_all(&b);
    for (size_t i = 0; i < b.plan.count; i++)
        printf("%s\treply\t%s\n", b.plan.contestants[i].name,
               b.plan.contestants[i].reply);
    return fflush(stdout) ? 1 : 0;
}
