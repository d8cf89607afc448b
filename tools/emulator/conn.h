/*
 * tools/emulator/conn.h - the server's end of one HTTP/1.1 connection.
 *
 * Requests are taken one after another: head, then body, then the owner's
 * answer, which may come at any later time; what a client sends ahead waits
 * in `in`, and beyond that in the kernel.
 *
 *           head()         request()         emu_conn_answer()
 *   HEAD ----------> BODY ----------> DONE ------------------> HEAD
 *           \                          ^
 *            `--- answered already --> DROP
 *
 * An answer may also be given in head() or too_long(): it is sent at once,
 * the body is read and dropped.
 */
#ifndef EMU_CONN_H
#define EMU_CONN_H

#include "net/http.h"
#include "tools/emulator/answer.h"
#include "tools/emulator/loop.h"

#define EMU_HEAD_MAX 32768 /* bytes of a request's head; more is a 431 */

struct emu_conn;

/* What the owner does. Any of these may close the connection. */
struct emu_conn_calls {
    /* c->head is complete. Sets c->body_max or answers. */
    void (*head)(struct emu_conn *c);
    /* c->body is complete. */
    void (*request)(struct emu_conn *c);
    /* The body is longer than c->body_max: answers. */
    void (*too_long)(struct emu_conn *c);
    /* The body stopped early or is no body: may answer. NULL: nothing to do.
     * The connection ends after it. */
    void (*truncated)(struct emu_conn *c);
    /* The connection is closed, for whatever reason; the last call. */
    void (*gone)(struct emu_conn *c);
};

enum emu_conn_reading {
    EMU_HEAD,
    EMU_BODY,
    EMU_DROP,  /* the body of a request that is answered already        */
    EMU_DONE,  /* the whole request is here                             */
    EMU_LINGER /* answered for good; reading on so that the client can  */
};

struct emu_conn {
    struct emu_loop *loop;
    struct emu_watch watch;
    const struct emu_conn_calls *calls;
    struct emu_listener *listener;
    struct emu_conn *next; /* of the same listener                       */
    void *owner;           /* the listener's                             */
    void *call;            /* the owner's: what this request led to      */

    enum emu_conn_reading reading;
    struct emu_buffer in;        /* as it came, at most EMU_HEAD_MAX     */
    struct emu_buffer head_text; /* what head's texts are views of       */
    struct mote_http_head head;
    struct mote_http_body framing;
    struct emu_buffer body;
    size_t body_max;
    bool eof;     /* the client sends no more; it may still read         */
    bool expects; /* the client holds its body back for "100 Continue"   */

    struct emu_buffer out;
    size_t sent;    /* bytes of out                                      */
    size_t segment; /* see struct emu_answer                             */
    bool answered, closing;
    bool running;              /* the connection's run(); it does not nest */
    struct emu_timer pause;    /* between two segments                   */
    struct emu_timer patience; /* with a client that does nothing        */
};

/* Takes over a connected socket that does not block. */
void emu_conn_open(struct emu_listener *l, int fd);

/* Answers the request at hand; everything is copied. Nothing happens on a
 * connection that is closed. */
void emu_conn_answer(struct emu_conn *c, const struct emu_answer *answer);

/* The same with nothing but a status, a content type and a body. */
void emu_conn_say(struct emu_conn *c, int status, const char *type,
                  struct mote_text body);

/* The request's target up to any "?". */
struct mote_text emu_conn_path(const struct emu_conn *c);

/* Closes at once. c stays readable until the turn of the loop is over. */
void emu_conn_close(struct emu_conn *c);

/* Takes what has arrived, to its end: for a peer that has just died. */
void emu_conn_pump(struct emu_conn *c);

#endif
