/*
 * core/function/failure.h - what went wrong with a request, for its sender.
 *
 * One language of errors for every shape: a type, and a message that names the
 * row, the field, what was expected and what came. The shape decides whether
 * it travels as an HTTP answer or as an invocation error.
 */
#ifndef MOTE_FUNCTION_FAILURE_H
#define MOTE_FUNCTION_FAILURE_H

#include "core/function/log.h"
#include "core/model/model.h"

struct mote_failure {
    int http;         /* status for an HTTP sender: 400, 404, 405, 413, 500 */
    const char *type; /* in letters: "BadInput"; "Function." goes before it */
    enum mote_status status; /* of the parser or gate, for mote_where       */
    struct mote_where where;
    const struct mote_model
        *schema; /* whose features a message lists, or NULL */
};

/* An input that the model cannot take: 400, BadInput. */
void mote_failure_input(struct mote_failure *f, enum mote_status status,
                        const struct mote_where *where);

/* A failure that needs no place: `message` is what was expected. */
void mote_failure_plain(struct mote_failure *f, int http, const char *type,
                        const char *message);

/* Bytes that a message takes at most; longer ones are cut at a character. */
#define MOTE_FAILURE_TEXT 512

/* Writes the message in words to out (MOTE_FAILURE_TEXT bytes). for_log: what
 * the sender sent is left out. */
struct mote_text mote_failure_message(const struct mote_failure *f,
                                      bool for_log, char *out);

/* Logs the message at level WARN, without what the sender sent, and one number
 * of the sender's: a status, a record. log: may be NULL. */
void mote_failure_tell(const struct mote_failure *f, const struct mote_log *log,
                       struct mote_text key, uint64_t value);

/* {"error": {"type": ..., "message": ..., "row": ..., "field": ...}} */
void mote_failure_put(const struct mote_failure *f, struct mote_json_out *o);

/* {"errorMessage": ..., "errorType": "Function.BadInput", "stackTrace": []} */
void mote_failure_put_invocation(const struct mote_failure *f,
                                 struct mote_text request_id,
                                 struct mote_json_out *o);

/* "Function." and the type, in out (64 bytes). */
struct mote_text mote_failure_type(const struct mote_failure *f, char out[64]);

#endif
