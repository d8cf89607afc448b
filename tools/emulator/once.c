/* tools/emulator/once.c - see tools/emulator/once.h */
#include "tools/emulator/once.h"

#include <stdio.h>
#include <string.h>

#include "tools/emulator/emulator.h"
#include "tools/emulator/reply.h"
#include "tools/emulator/shape.h"

static bool refuse(const char *why)
{
    fprintf(stderr, "emulator: --once: %s\n", why);
    return false;
}

static void print(struct mote_text text)
{
    if (text.n)
        fwrite(text.at, 1, text.n, stdout);
    putchar('\n');
    fflush(stdout);
}

static void done(struct emu_invocation *v, const struct emu_result *result)
{
    print(result->payload);
    v->emu->exit_status = result->failed;
    emu_stop(v->emu);
}

static void done_http(struct emu_invocation *v, const struct emu_result *result)
{
    struct emu_reply reply = {0};

    emu_reply_read(&reply, (enum emu_shape)v->emu->options.shape, result);
    print(emu_buffer_text(&reply.body));
    v->emu->exit_status = reply.status / 100 != 2;
    emu_reply_free(&reply);
    emu_stop(v->emu);
}

static bool read_stdin(struct emu_buffer *data)
{
    size_t n = 1;

    while (n && data->n <= EMU_PAYLOAD_MAX) {
        n = fread(emu_buffer_room(data, 65536), 1, 65536, stdin);
        data->n += n;
    }
    return !ferror(stdin);
}

/* METHOD:PATH and the data as the request that a client would send. */
static bool make_http(struct emu_invocation *v, struct mote_text data)
{
    const struct emu_options *options = &v->emu->options;
    const char *colon = strchr(options->http, ':');
    struct emu_buffer text = {0};
    struct mote_http_head head;
    bool good = false;

    emu_buffer_print(&text, "%.*s %s HTTP/1.1\r\nHost: localhost\r\n",
                     (int)(colon - options->http), options->http, colon + 1);
    if (data.n)
        emu_buffer_print(&text, "Content-Type: %s\r\nContent-Length: %zu\r\n",
                         emu_is_json(data) ? "application/json"
                                           : "text/plain; charset=utf-8",
                         data.n);
    emu_buffer_add(&text, MOTE_TEXT("\r\n"));
    if (mote_http_parse_request(&head, emu_buffer_text(&text)) != MOTE_OK)
        good = refuse("--http is no request");
    else if (emu_shape_make(&v->event, options, &head, data, "127.0.0.1",
                            v->id) != EMU_MADE)
        good = refuse("too much for an event");
    else
        good = true;
    emu_buffer_free(&text);
    return good;
}

static bool make_event(struct emu_invocation *v, struct mote_text data)
{
    if (v->emu->options.http) {
        v->done = done_http;
        return make_http(v, data);
    }
    v->done = done;
    if (data.n > EMU_PAYLOAD_MAX)
        return refuse("too much for an event");
    if (data.n && !v->emu->options.any_payload && !emu_is_json(data))
        return refuse("DATA is not JSON; with --any-payload it need not be");
    emu_buffer_add(&v->event, data);
    return true;
}

bool emu_once_start(struct emu *emu)
{
    struct emu_buffer data = {0};
    struct emu_invocation *v = emu_invocation_new(emu);
    bool good = true;

    if (strcmp(emu->options.once, "-") == 0)
        good = read_stdin(&data) || refuse("cannot read stdin");
    else
        emu_buffer_add(&data, mote_text_of(emu->options.once));
    good = good && make_event(v, emu_buffer_text(&data));
    emu_buffer_free(&data);
    if (good)
        emu_sandbox_give(emu_pool_find(emu), v);
    else
        emu_invocation_free(v);
    return good;
}
