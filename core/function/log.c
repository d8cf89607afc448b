/* core/function/log.c - see core/function/log.h */
#include "core/function/log.h"
#include "core/base/time.h"
#include "core/base/utf8.h"

#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const char *const level_names[] = {
    [MOTE_TRACE] = "TRACE", [MOTE_DEBUG] = "DEBUG", [MOTE_INFO] = "INFO",
    [MOTE_WARN] = "WARN",   [MOTE_ERROR] = "ERROR", [MOTE_FATAL] = "FATAL",
};

/* The system call itself: the C library would first look for the kernel's
 * faster one and touch three more pages than a cold start needs. */
static uint64_t now_us(clockid_t clock)
{
    struct timespec t = {0};
    syscall(SYS_clock_gettime, clock, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t mote_clock_wall_us(void)
{
    return now_us(CLOCK_REALTIME);
}

uint64_t mote_clock_us(void)
{
    return now_us(CLOCK_MONOTONIC);
}

struct mote_text mote_timestamp(char out[MOTE_TIMESTAMP], uint64_t wall_us)
{
    const unsigned ms = (unsigned)(wall_us / 1000 % 1000);
    char *at = out + MOTE_TIME_CHARS - 1; /* where the seconds end */

    mote_time_write(out, (int64_t)(wall_us / 1000000));
    *at++ = '.';
    *at++ = (char)('0' + ms / 100);
    *at++ = (char)('0' + ms / 10 % 10);
    *at++ = (char)('0' + ms % 10);
    *at = 'Z';
    return (struct mote_text){out, MOTE_TIMESTAMP};
}

enum mote_level mote_level_of(struct mote_text name)
{
    for (int level = MOTE_TRACE; level <= MOTE_FATAL; level++)
        if (mote_text_equal_nocase(name, mote_text_of(level_names[level])))
            return level;
    return MOTE_INFO;
}

/* In one call, so that lines of several writers do not mix. */
static void write_line(const struct mote_log *log, const char *bytes, size_t n)
{
    while (n) {
        const ssize_t written = write(log->fd, bytes, n);
        if (written < 0 && errno != EINTR)
            return; /* nobody reads: a log is no reason to fail */
        if (written > 0)
            bytes += written, n -= (size_t)written;
    }
}

static void begin_json(struct mote_log_line *line, const struct mote_log *log,
                       struct mote_text level, struct mote_text time,
                       struct mote_text message)
{
    struct mote_json_out *o = &line->json;

    mote_json_put_open(o, '{');
    mote_json_put_member(o, MOTE_TEXT("timestamp"), time);
    mote_json_put_member(o, MOTE_TEXT("level"), level);
    mote_json_put_member(o, MOTE_TEXT("message"), message);
    if (log->request_id.n)
        mote_json_put_member(o, MOTE_TEXT("requestId"), log->request_id);
}

/* One column; whatever would break the line, or is no UTF-8, is a blank. */
static void put_column(struct mote_json_out *o, struct mote_text column)
{
    const size_t valid = mote_utf8_valid(column.at, column.n);

    for (size_t i = 0; i < column.n; i++) {
        const unsigned char c = (unsigned char)column.at[i];
        o->at[o->n++] = c < 0x20 || (c & 0x80 && i >= valid) ? ' ' : (char)c;
    }
    o->at[o->n++] = '\t';
}

static void begin_text(struct mote_log_line *line, const struct mote_log *log,
                       struct mote_text level, struct mote_text time,
                       struct mote_text message)
{
    struct mote_json_out *o = &line->json;

    o->at[o->n++] = '[';
    put_column(o, level);
    o->at[o->n - 1] = ']';
    o->at[o->n++] = '\t';
    put_column(o, time);
    put_column(o, log->request_id);
    put_column(o, message);
    mote_json_put_open(o, '{');
}

bool mote_log_begin(struct mote_log_line *line, const struct mote_log *log,
                    enum mote_level level, struct mote_text message)
{
    char time[MOTE_TIMESTAMP];

    if (level < log->level || log->fd < 0)
        return false;
    if (message.n > MOTE_LOG_MESSAGE)
        message.n = MOTE_LOG_MESSAGE;
    /* a closing brace and a newline are kept back */
    mote_json_out_begin(&line->json, line->bytes, sizeof line->bytes - 2);
    (log->text ? begin_text : begin_json)(
        line, log, mote_text_of(level_names[level]),
        mote_timestamp(time, mote_clock_wall_us()), message);
    return true;
}

void mote_log_end(struct mote_log_line *line, const struct mote_log *log)
{
    struct mote_json_out *o = &line->json;

    if (o->full) /* members that do not fit are left out with the whole line */
        return;
    if (log->text && o->at[o->n - 1] == '{')
        o->n -= 2; /* no members: neither brace nor the tab before it */
    else
        o->at[o->n++] = '}';
    o->at[o->n++] = '\n';
    write_line(log, o->at, o->n);
}

void mote_log(const struct mote_log *log, enum mote_level level,
              struct mote_text message)
{
    struct mote_log_line line;

    if (mote_log_begin(&line, log, level, message))
        mote_log_end(&line, log);
}
