/*
 * core/function/http.h - events that carry an HTTP request, and their answers.
 *
 *   POST /, POST /predict   the model's input in the body -> its result
 *   GET /health             that it serves
 *   GET /model              what it takes and gives, and where it comes from
 *
 * Any content type will do. The envelope of the answer is the one that the
 * sender of the event reads; its body is always JSON.
 */
#ifndef MOTE_FUNCTION_HTTP_H
#define MOTE_FUNCTION_HTTP_H

#include "core/function/event.h"
#include "core/function/predict.h"

/* Answers an event of one of the HTTP shapes. A request that cannot be served
 * gets an answer with a status of its own; the invocation itself never fails.
 * The event's buffer is written to. */
void mote_http_answer(struct mote_function *f, const struct mote_event *event,
                      struct mote_json_out *o);

/*
 * The bytes that a body stands for: escapes undone, base64 decoded when it is
 * flagged so, or, for a body without a flag when `guess` is set, when it is
 * not JSON as it is. All in the event's own buffer.
 */
bool mote_http_body(const struct mote_event *event, bool guess,
                    struct mote_text *body, struct mote_failure *failure);

#endif
