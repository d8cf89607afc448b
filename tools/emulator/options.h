/*
 * tools/emulator/options.h - the command line.
 */
#ifndef EMU_OPTIONS_H
#define EMU_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum emu_shape {
    EMU_HTTP2,     /* API Gateway HTTP API, payload format 2.0          */
    EMU_HTTP1,     /* API Gateway HTTP API, payload format 1.0          */
    EMU_REST,      /* API Gateway REST API, proxy integration           */
    EMU_URL,       /* function URL                                      */
    EMU_ALB,       /* load balancer                                     */
    EMU_ALB_MULTI, /* load balancer with multi-value headers        */
};

#define EMU_PORT_NONE (-1) /* this front is off      */
#define EMU_CHUNK_AUTO (-1)

/* Texts are the command line's own. */
struct emu_options {
    int64_t port, http_port; /* 0: any; EMU_PORT_NONE */
    int64_t api_port;        /* of the first sandbox  */
    const char *host;
    int64_t shape; /* enum emu_shape */
    const char *stage;

    const char *function_name, *region;
    int64_t memory_mb;
    const char **env; /* [env_count] NAME=VALUE */
    unsigned env_count;
    bool clear_env, inherit_env;

    int64_t concurrency;
    int64_t timeout_us, init_timeout_us;
    bool keep_after_timeout, freeze, any_payload;
    int64_t tick_us; /* 0: none */

    bool no_invocation_id, empty_headers;
    int64_t chunk;   /* bytes; 0: never chunked; EMU_CHUNK_AUTO */
    int64_t segment; /* bytes; 0: whole                         */

    const char *once, *http; /* NULL when not given */
    bool verbose, quiet;
    int64_t max_invocations; /* 0: no limit */

    char **command; /* BOOTSTRAP [ARG...] NULL */
};

/*
 * Reads the command line. What is wrong is said on stderr, in one line, and
 * ends the program with status 2; --help ends it with 0.
 */
void emu_options_read(struct emu_options *options, int argc, char **argv);

void emu_options_free(struct emu_options *options);

#endif
