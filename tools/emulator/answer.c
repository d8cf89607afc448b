/* tools/emulator/answer.c - see tools/emulator/answer.h */
#include "tools/emulator/answer.h"

#include "tools/emulator/clock.h"

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } usual[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {410, "Gone"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
    };

    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (usual[i].status == status)
            return usual[i].reason;
    return "Status";
}

static void add_chunks(struct emu_buffer *out, struct mote_text body,
                       size_t chunk)
{
    for (size_t i = 0; i < body.n;) {
        const size_t n = body.n - i < chunk ? body.n - i : chunk;
        emu_buffer_print(out, "%zx\r\n", n);
        emu_buffer_add(out, (struct mote_text){body.at + i, n});
        emu_buffer_add(out, MOTE_TEXT("\r\n"));
        i += n;
    }
    emu_buffer_add(out, MOTE_TEXT("0\r\n\r\n"));
}

void emu_answer_add(struct emu_buffer *out, const struct emu_answer *a,
                    bool bodyless)
{
    const struct mote_text reason =
        a->reason.n ? a->reason : mote_text_of(reason_of(a->status));
    const bool unframed = a->status == 204 || a->status == 304;
    char date[EMU_TIME_CHARS];

    emu_buffer_print(out, "HTTP/1.1 %d %.*s\r\n", a->status, (int)reason.n,
                     reason.at);
    emu_buffer_add(out, a->headers);
    emu_buffer_print(out, "Date: %s\r\n",
                     emu_time_write(date, EMU_TIME_HTTP, emu_wall_ms()));
    if (a->close)
        emu_buffer_add(out, MOTE_TEXT("Connection: close\r\n"));
    if (a->chunk)
        emu_buffer_add(out, MOTE_TEXT("Transfer-Encoding: chunked\r\n"));
    else if (!unframed)
        emu_buffer_print(out, "Content-Length: %zu\r\n", a->body.n);
    emu_buffer_add(out, MOTE_TEXT("\r\n"));
    if (bodyless || unframed)
        return;
    if (a->chunk)
        add_chunks(out, a->body, a->chunk);
    else
        emu_buffer_add(out, a->body);
}
