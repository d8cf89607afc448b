/*
 * core/function/log.h - one line of JSON (or text) for each thing worth
 * telling, on standard error; never a byte of anybody's payload.
 */
#ifndef MOTE_FUNCTION_LOG_H
#define MOTE_FUNCTION_LOG_H

#include "core/base/json_write.h"

enum mote_level {
    MOTE_TRACE,
    MOTE_DEBUG,
    MOTE_INFO,
    MOTE_WARN,
    MOTE_ERROR,
    MOTE_FATAL
};

struct mote_log {
    enum mote_level level;       /* lines below it are not written           */
    bool text;                   /* AWS_LAMBDA_LOG_FORMAT=Text: no JSON       */
    int fd;                      /* -1: nowhere                               */
    struct mote_text request_id; /* of the invocation under way, or empty */
};

/* Longest line, which a pipe takes in one piece. A message is cut so that even
 * one of nothing but control characters fits. */
#define MOTE_LOG_LINE 4096
#define MOTE_LOG_MESSAGE 512

/*
 * A line is begun with its standard members, takes any more, and ends:
 *
 *   struct mote_log_line line;
 *   if (mote_log_begin(&line, log, MOTE_INFO, MOTE_TEXT("cold start"))) {
 *       mote_json_put_key(&line.json, MOTE_TEXT("ready_us"));
 *       ...
 *       mote_log_end(&line, log);
 *   }
 *
 * As text it is "[INFO]", time, request id, message, and the further members
 * as JSON, with tabs between them.
 */
struct mote_log_line {
    struct mote_json_out json;
    char bytes[MOTE_LOG_LINE];
};

/* False when the level is not logged. */
bool mote_log_begin(struct mote_log_line *line, const struct mote_log *log,
                    enum mote_level level, struct mote_text message);
void mote_log_end(struct mote_log_line *line, const struct mote_log *log);

/* A line without further members. */
void mote_log(const struct mote_log *log, enum mote_level level,
              struct mote_text message);

/* The level of that name ("INFO", any case), MOTE_INFO for anything else. */
enum mote_level mote_level_of(struct mote_text name);

/* Unix time in microseconds, and a clock that never jumps. */
uint64_t mote_clock_wall_us(void);
uint64_t mote_clock_us(void);

/* "2026-11-20T09:42:35.501Z" to out. wall_us: Unix time, years 1970 to 9999. */
#define MOTE_TIMESTAMP 24
struct mote_text mote_timestamp(char out[MOTE_TIMESTAMP], uint64_t wall_us);

#endif
