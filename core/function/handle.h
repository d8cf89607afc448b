/*
 * core/function/handle.h - an event in, a reply out. No I/O: what a test, a
 * fuzzer and the loop of main.c all call.
 */
#ifndef MOTE_FUNCTION_HANDLE_H
#define MOTE_FUNCTION_HANDLE_H

#include "core/function/predict.h"

/*
 * Answers an event of any shape. The event's buffer is written to.
 *
 * true   o holds the reply
 * false  the invocation is to be failed as `failure` says; o is worthless.
 *        failure has views into the event and into f
 */
bool mote_handle(struct mote_function *f, struct mote_text event,
                 struct mote_json_out *o, struct mote_failure *failure);

#endif
