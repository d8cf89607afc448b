/* tools/emulator/next_event.c - see tools/emulator/next_event.h */
#include "tools/emulator/next_event.h"

#include "tools/emulator/emulator.h"

#define COUNTED_MAX 2048 /* longer events come in one chunk, as on Lambda */

static void add_header(struct emu_buffer *headers, const char *name,
                       struct mote_text value, bool even_empty)
{
    if (value.n || even_empty)
        emu_buffer_print(headers, "Lambda-Runtime-%s: %.*s\r\n", name,
                         (int)value.n, value.at);
}

static void add_headers(struct emu_buffer *headers,
                        const struct emu_invocation *v,
                        const struct emu_options *options)
{
    const bool empty = options->empty_headers;
    const struct mote_text nonce =
        mote_text_of(options->no_invocation_id ? "" : v->nonce);

    emu_buffer_add(headers, MOTE_TEXT("Content-Type: application/json\r\n"));
    emu_buffer_print(headers, "Lambda-Runtime-Aws-Request-Id: %s\r\n", v->id);
    add_header(headers, "Aws-Tenant-Id", emu_buffer_text(&v->tenant_id), empty);
    add_header(headers, "Client-Context", emu_buffer_text(&v->client_context),
               empty);
    add_header(headers, "Cognito-Identity", MOTE_TEXT(""), empty);
    emu_buffer_print(headers, "Lambda-Runtime-Deadline-Ms: %lld\r\n",
                     (long long)v->deadline_ms);
    add_header(headers, "Invocation-Id", nonce, empty);
    emu_buffer_print(headers,
                     "Lambda-Runtime-Invoked-Function-Arn: "
                     "arn:aws:lambda:%s:" EMU_ACCOUNT ":function:%s\r\n",
                     options->region, options->function_name);
    add_header(headers, "Trace-Id", emu_buffer_text(&v->trace_id), empty);
}

static size_t chunk_for(const struct emu_options *options, size_t event_bytes)
{
    if (options->chunk == EMU_CHUNK_AUTO)
        return event_bytes > COUNTED_MAX ? event_bytes : 0;
    return (size_t)options->chunk;
}

void emu_next_event_send(struct emu_conn *c, const struct emu_invocation *v)
{
    const struct emu_options *options = &v->emu->options;
    struct emu_buffer headers = {0};

    add_headers(&headers, v, options);
    emu_conn_answer(
        c, &(struct emu_answer){.status = 200,
                                .headers = emu_buffer_text(&headers),
                                .body = emu_buffer_text(&v->event),
                                .chunk = chunk_for(options, v->event.n),
                                .segment = (size_t)options->segment});
    emu_buffer_free(&headers);
}
