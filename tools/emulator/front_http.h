/*
 * tools/emulator/front_http.h - every HTTP request as an event, every reply
 * as an HTTP response: API Gateway, function URL or load balancer, by
 * --http-shape.
 */
#ifndef EMU_FRONT_HTTP_H
#define EMU_FRONT_HTTP_H

#include "tools/emulator/conn.h"

/* Of a listener whose owner is a struct emu. */
extern const struct emu_conn_calls emu_http_calls;

#endif
