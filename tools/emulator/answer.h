/*
 * tools/emulator/answer.h - an HTTP/1.1 response as bytes.
 */
#ifndef EMU_ANSWER_H
#define EMU_ANSWER_H

#include "tools/emulator/buffer.h"

struct emu_answer {
    int status;
    struct mote_text reason;  /* empty: the usual one                       */
    struct mote_text headers; /* whole lines, each ending in "\r\n"         */
    struct mote_text body;
    size_t chunk;   /* bytes a chunk of the body; 0: counted, in one piece  */
    size_t segment; /* at most that many bytes a send; 0: no limit          */
    bool close;     /* the connection, even if the client would go on       */
};

/*
 * Appends the response. Date, connection and length are added here; a->chunk
 * and a->close are obeyed, a->segment is not this layer's.
 *
 * bodyless  the request was a HEAD: everything but the body
 */
void emu_answer_add(struct emu_buffer *out, const struct emu_answer *a,
                    bool bodyless);

#endif
