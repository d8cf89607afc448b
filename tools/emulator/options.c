/*
 * tools/emulator/options.c - see tools/emulator/options.h
 *
 * One table holds every option: what it is called, what it takes, where the
 * value goes and what --help says about it.
 */
#include "tools/emulator/options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/emulator/buffer.h"
#include "tools/emulator/option_value.h"

enum kind {
    TITLE, /* no option: a line of --help */
    FLAG,
    TEXT,
    NUMBER,
    PORT,
    SWITCHED_PORT, /* or none */
    DURATION,
    SHAPE,
    CHUNK,
    ENV,
};

struct option {
    enum kind kind;
    const char *name, *value, *help;
    size_t at;        /* in struct emu_options      */
    int64_t min, max; /* of a NUMBER, in us of a DURATION */
};

#define MS 1000LL
#define DAY (24 * 3600 * 1000 * MS)

#define TITLED(text)                                                           \
    {                                                                          \
        TITLE, text, "", "", 0, 0, 0                                           \
    }
#define TAKES(kind, name, value, member, help)                                 \
    {                                                                          \
        kind, name, value, help, offsetof(struct emu_options, member), 0, 0    \
    }
#define WITHIN(kind, name, value, member, min, max, help)                      \
    {                                                                          \
        kind, name, value, help, offsetof(struct emu_options, member), min,    \
            max                                                                \
    }

static const struct option table[] = {
    TITLED("Where to call"),
    TAKES(SWITCHED_PORT, "--port", "N|none", port,
          "Invoke API, as SDKs and RIE's users call it (9000; 0: any free)"),
    TAKES(SWITCHED_PORT, "--http-port", "N|none", http_port,
          "HTTP, wrapped into events (8080; 0: any free)"),
    TAKES(SHAPE, "--http-shape", "S", shape,
          "http2, http1, rest, url, alb or alb-multi (http2)"),
    TAKES(TEXT, "--stage", "NAME", stage,
          "stage in API Gateway's events ($default; prod for rest)"),
    TAKES(TEXT, "--host", "ADDR", host,
          "address of both, dotted IPv4 (127.0.0.1)"),
    WITHIN(DURATION, "--tick", "D", tick_us, MS, 366 * DAY,
           "send a scheduled event now and every D"),

    TITLED("Once, without ports"),
    TAKES(TEXT, "--once", "DATA", once,
          "invoke with DATA (-: stdin), print the reply, exit 0 or 1"),
    TAKES(TEXT, "--http", "METHOD:PATH", http,
          "with --once: as an HTTP request; print the body, exit 1 unless 2xx"),
    TAKES(FLAG, "--verbose", "", verbose, "with --once: logs on stderr"),

    TITLED("The function"),
    TAKES(TEXT, "--function-name", "NAME", function_name, "(function)"),
    TAKES(TEXT, "--region", "NAME", region, "(us-east-1)"),
    WITHIN(NUMBER, "--memory", "MB", memory_mb, 1, 65536,
           "told to the function, not enforced (128)"),
    TAKES(ENV, "--env", "NAME=VALUE", env, "set a variable; may be repeated"),
    TAKES(FLAG, "--clear-env", "", clear_env,
          "no variables but AWS_LAMBDA_RUNTIME_API and those of --env"),
    TAKES(FLAG, "--inherit-env", "", inherit_env,
          "the emulator's own variables as well"),
    WITHIN(NUMBER, "--concurrency", "N", concurrency, 1, 1000,
           "processes at most (10)"),
    WITHIN(DURATION, "--timeout", "D", timeout_us, MS, DAY,
           "of an invocation (3s)"),
    WITHIN(DURATION, "--init-timeout", "D", init_timeout_us, MS, DAY,
           "from exec to the first next (10s)"),
    TAKES(FLAG, "--keep-after-timeout", "", keep_after_timeout,
          "do not kill at the timeout; late answers get 410"),
    TAKES(FLAG, "--freeze", "", freeze,
          "SIGSTOP idle processes, SIGCONT before an event"),
    TAKES(FLAG, "--any-payload", "", any_payload,
          "accept events that are not JSON"),

    TITLED("How the Runtime API behaves"),
    TAKES(PORT, "--api-port", "N", api_port,
          "of the first process (0: any free)"),
    WITHIN(CHUNK, "--chunking", "auto|none|N", chunk, 1, 1 << 24,
           "events over 2048 bytes in one chunk, never, or chunks of N (auto)"),
    WITHIN(NUMBER, "--segment", "N", segment, 1, 1 << 24,
           "send events in segments of at most N bytes"),
    TAKES(FLAG, "--empty-headers", "", empty_headers,
          "optional headers present but empty"),
    TAKES(FLAG, "--no-invocation-id", "", no_invocation_id,
          "no Lambda-Runtime-Invocation-Id"),

    TITLED("The rest"),
    TAKES(FLAG, "--quiet", "", quiet, "no START, END and REPORT lines"),
    WITHIN(NUMBER, "--max-invocations", "N", max_invocations, 1, INT64_MAX,
           "exit 0 after N, retries counted"),
    TAKES(FLAG, "--help", "", quiet, "this text"),
};

#define OPTIONS (sizeof table / sizeof *table)

static void help(void)
{
    puts("emulator [options] [--] BOOTSTRAP [ARG...]\n\n"
         "Runs BOOTSTRAP as AWS Lambda would, and stands in for what calls\n"
         "it: the Invoke API, API Gateway, function URLs, load balancers,\n"
         "schedules. Durations: 500ms, 15s, 5m. Defaults in brackets.\n\n"
         "  emulator ./bootstrap\n"
         "  curl -d '{}' "
         "127.0.0.1:9000/2015-03-31/functions/function/invocations\n"
         "  curl 127.0.0.1:8080/any/path\n\n"
         "Processes start when a call finds none idle. What they print goes\n"
         "to stdout; Ctrl-C ends them all.");
    for (const struct option *o = table; o < table + OPTIONS; o++) {
        if (o->kind == TITLE)
            printf("\n%s\n", o->name);
        else
            printf("  %s %-*s %s\n", o->name, (int)(25 - strlen(o->name)),
                   o->value, o->help);
    }
}

__attribute__((noreturn, format(printf, 1, 2))) static void
complain(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("emulator: ", stderr);
    vfprintf(stderr, format, args);
    fputs("\n", stderr);
    va_end(args);
    exit(2);
}

static const char *expected_of(const struct option *o)
{
    static char range[80];

    switch (o->kind) {
    case NUMBER:
        if (o->max == INT64_MAX)
            return "a number from 1";
        snprintf(range, sizeof range, "a number from %lld to %lld",
                 (long long)o->min, (long long)o->max);
        return range;
    case PORT:
        return "a port from 0 to 65535";
    case SWITCHED_PORT:
        return "a port from 0 to 65535, or none";
    case DURATION:
        return "a duration such as 500ms, 15s or 5m";
    case SHAPE:
        return "http2, http1, rest, url, alb or alb-multi";
    case CHUNK:
        return "auto, none or a number of bytes";
    default:
        return o->value;
    }
}

static bool take_value(const struct option *o, const char *value,
                       struct emu_options *options)
{
    void *to = (char *)options + o->at;

    switch (o->kind) {
    case TEXT:
        *(const char **)to = value;
        return true;
    case NUMBER:
        return emu_value_number(value, o->min, o->max, to);
    case PORT:
        return emu_value_number(value, 0, 65535, to);
    case SWITCHED_PORT:
        return emu_value_word(value, "none", EMU_PORT_NONE, to) ||
               emu_value_number(value, 0, 65535, to);
    case DURATION:
        return emu_value_duration(value, o->max, to);
    case SHAPE:
        return emu_value_shape(value, to);
    case CHUNK:
        return emu_value_word(value, "auto", EMU_CHUNK_AUTO, to) ||
               emu_value_word(value, "none", 0, to) ||
               emu_value_number(value, o->min, o->max, to);
    case ENV:
        options->env[options->env_count++] = value;
        return strchr(value, '=') > value;
    case FLAG:
    case TITLE:
        break;
    }
    return false;
}

/* The option whose name is the part of arg before any '='. */
static const struct option *find(const char *arg)
{
    const size_t n = strcspn(arg, "=");

    for (const struct option *o = table; o < table + OPTIONS; o++)
        if (o->kind != TITLE && strlen(o->name) == n &&
            memcmp(o->name, arg, n) == 0)
            return o;
    complain("%s: unknown option, see --help", arg);
}

/* Takes the option argv[i], "--name value" or "--name=value"; returns the
 * index of the last argument that belongs to it. */
static int take_option(struct emu_options *options, char **argv, int i)
{
    const struct option *o = find(argv[i]);
    const char *equals = strchr(argv[i], '=');

    if (o->kind == FLAG) {
        if (equals)
            complain("%s: takes no value", o->name);
        if (strcmp(o->name, "--help") == 0) {
            help();
            exit(0);
        }
        *(bool *)((char *)options + o->at) = true;
        return i;
    }
    if (!equals && !argv[i + 1])
        complain("%s: expected %s after it", o->name, o->value);
    const char *value = equals ? equals + 1 : argv[i + 1];
    if (!take_value(o, value, options))
        complain("%s %s: expected %s", o->name, value, expected_of(o));
    return equals ? i : i + 1;
}

/* METHOD:PATH, such as GET:/health; the colon that counts is the first one. */
static bool is_http(const char *s)
{
    const size_t method = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return method && s[method] == ':' && s[method + 1] == '/' &&
           !strpbrk(s, " \t\r\n");
}

static void check_together(const struct emu_options *o)
{
    struct in_addr address;

    if (!o->command[0])
        complain("no BOOTSTRAP given, see --help");
    if (access(o->command[0], X_OK))
        complain("%s: expected an executable file: %s", o->command[0],
                 strerror(errno));
    if (o->clear_env && o->inherit_env)
        complain("--clear-env and --inherit-env: expected one of them");
    if (inet_pton(AF_INET, o->host, &address) != 1)
        complain("--host %s: expected an IPv4 address, such as 0.0.0.0",
                 o->host);
    if ((o->http || o->verbose) && !o->once)
        complain("%s: expected --once with it",
                 o->http ? "--http" : "--verbose");
    if (o->http && !is_http(o->http))
        complain("--http %s: expected METHOD:PATH, such as GET:/health",
                 o->http);
}

void emu_options_read(struct emu_options *options, int argc, char **argv)
{
    int i = 1;

    *options = (struct emu_options){
        .port = 9000,
        .http_port = 8080,
        .host = "127.0.0.1",
        .function_name = "function",
        .region = "us-east-1",
        .memory_mb = 128,
        .concurrency = 10,
        .timeout_us = 3000 * MS,
        .init_timeout_us = 10000 * MS,
        .chunk = EMU_CHUNK_AUTO,
        .env = emu_alloc((size_t)argc * sizeof(char *)),
    };
    while (i < argc && argv[i][0] == '-' && argv[i][1]) {
        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        i = take_option(options, argv, i) + 1;
    }
    options->command = argv + i;
    check_together(options);
    if (!options->stage)
        options->stage = options->shape == EMU_REST ? "prod" : "$default";
}

void emu_options_free(struct emu_options *options)
{
    free(options->env);
}
