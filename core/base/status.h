/*
 * core/base/status.h - every way a mote call can end, and where it ended.
 *
 * Outside causes (input, files, network) come back as a status; a caller's
 * own mistake is an assert. Each text names the next action.
 */
#ifndef MOTE_BASE_STATUS_H
#define MOTE_BASE_STATUS_H

#include "core/base/text.h"

#define MOTE_STATUS_LIST(X)                                                    \
    X(MOTE_OK, 0, "done")                                                      \
    X(MOTE_E_AGAIN, -1, "input stops early: read more, call again")            \
    X(MOTE_E_FORMAT, -2, "input breaks its format: drop it")                   \
    X(MOTE_E_SPACE, -3, "arena or buffer too small: raise its size")           \
    X(MOTE_E_IO, -4, "the system refused: see errno")                          \
    X(MOTE_E_CLOSED, -5, "the peer closed the connection: connect again")      \
    X(MOTE_E_RANGE, -6, "a number is outside its type: send a smaller one")    \
    X(MOTE_E_SCHEMA, -7, "input does not fit the model's schema: correct it")  \
    X(MOTE_E_DEPTH, -8, "input is nested too deep: flatten it")                \
    X(MOTE_E_VERSION, -9, "made for another version: rebuild one of the two")  \
    X(MOTE_E_DAMAGED, -10, "a checksum does not match: fetch a fresh copy")    \
    X(MOTE_E_UNKNOWN, -11, "uses something unknown here: update this engine")  \
    X(MOTE_E_STOP, -12, "asked to stop: finish and exit")                      \
    X(MOTE_E_REFUSED, -13, "the peer said no: see its status code")            \
    X(MOTE_E_TIMEOUT, -14, "no answer in time: allow more, or try later")      \
    X(MOTE_E_UNTRUSTED, -15, "no proof who the peer is: see why")

enum mote_status {
#define X(name, value, text) name = value,
    MOTE_STATUS_LIST(X)
#undef X
};

/* The text of the list above, for logs and messages. Static lifetime. */
const char *mote_status_text(enum mote_status status);

/*
 * Where a parser stopped and what it wanted there. Parsers of outside bytes
 * fill the caller's struct; the message a person reads is made from it at the
 * edge (core/function/failure.c), never here.
 *
 * offset    bytes from the start of the input being parsed
 * row       0-based row of a batch, MOTE_NO_ROW when there is none
 * field     name of the feature, header or section; empty when unknown
 * expected  what would have been right; NUL-terminated, usually a literal
 * got       the offending input itself, a view that lives as long as the
 *           input, or a literal; empty when there was nothing
 * number    of what is not known: an operator's, a section's; else 0
 */
#define MOTE_NO_ROW UINT32_MAX

struct mote_where {
    size_t offset;
    uint32_t row, number;
    struct mote_text field, got;
    const char *expected;
};

#endif
