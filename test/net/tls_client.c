/*
 * test/net/tls_client.c - a TLS client for the tests in test_tls.py: one
 * connection after another, through net/tls.h.
 *
 * Usage: tls_client IP PORT NAME [CA-FILE] [option=value...]
 *
 *   write=N     standard input goes out in writes of N bytes (default: one)
 *   times=N     so many connections; input and output are those of the last
 *   wait=MS     deadline of each connection, default 10000
 *   portable=1  without instructions for AES
 *   function=1  believes whom a function does: MOTE_CA_FILE
 *
 * Writes what arrives to standard output. Standard error gets a line for each
 * connection, "connected SUITE CURVE" or "failed STATUS: message", and one for
 * its end, "ended" or "broken STATUS: message". Exit 0: ended.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/tls.h"

static struct mote_trust trust;
static struct mote_tls tls;
static char input[1 << 20];

static struct {
    size_t write;
    unsigned times, wait_ms;
    bool portable, function;
    const char *file;
} options = {.times = 1, .wait_ms = 10000};

static int tell(const char *what, enum mote_status s, struct mote_text message)
{
    fprintf(stderr, "%s %d: %.*s\n", what, s, (int)message.n, message.at);
    return 1;
}

static void read_option(const char *text)
{
    const char *value = strchr(text, '=');
    const unsigned long number = value ? strtoul(value + 1, NULL, 10) : 0;

    if (!value)
        options.file = text;
    else if (strncmp(text, "write=", 6) == 0)
        options.write = number;
    else if (strncmp(text, "times=", 6) == 0)
        options.times = (unsigned)number;
    else if (strncmp(text, "wait=", 5) == 0)
        options.wait_ms = (unsigned)number;
    else if (strncmp(text, "portable=", 9) == 0)
        options.portable = number != 0;
    else if (strncmp(text, "function=", 9) == 0)
        options.function = number != 0;
    else
        exit(2);
}

extern char **environ;

static int set_up(void)
{
    enum mote_status s = MOTE_OK;
    struct mote_where where;

    if (options.function)
        s = mote_trust_read(&trust, environ, &where);
    else if (options.file)
        s = mote_trust_add_file(&trust, options.file, &where);
    if (s != MOTE_OK) {
        fprintf(stderr, "refused %d: %.*s %d: expected %s\n", s,
                (int)where.field.n, where.field.at, (int)where.row,
                where.expected);
        return 1;
    }
    mote_tls_begin(&tls, &trust);
    if (options.portable) {
        mote_tls_ciphers_select(&tls.ciphers, 0, true);
        br_ssl_engine_set_suites(&tls.client.eng, tls.ciphers.suites,
                                 MOTE_TLS_SUITES);
        br_ssl_engine_set_aes_ctr(&tls.client.eng, tls.ciphers.ctr);
        br_ssl_engine_set_ghash(&tls.client.eng, tls.ciphers.ghash);
    }
    return 0;
}

static size_t read_input(void)
{
    size_t n = 0;
    ssize_t got;

    while ((got = read(0, input + n, sizeof input - n)) > 0)
        n += (size_t)got;
    return n;
}

static enum mote_status write_all(size_t n)
{
    enum mote_status s = MOTE_OK;

    for (size_t done = 0, m; s == MOTE_OK && done < n; done += m) {
        m = options.write && options.write < n - done ? options.write
                                                      : n - done;
        /* in two halves, as head and body are */
        s = tls.stream.kind->write(
            &tls.stream, (struct mote_text){input + done, m / 2},
            (struct mote_text){input + done + m / 2, m - m / 2});
    }
    return s;
}

static int exchange(size_t n)
{
    static char buffer[20000];
    enum mote_status s = write_all(n);
    size_t got = 1;

    while (s == MOTE_OK && got > 0) {
        s = tls.stream.kind->read(&tls.stream, buffer, sizeof buffer, &got);
        if (s == MOTE_OK)
            fwrite(buffer, 1, got, stdout);
    }
    fflush(stdout);
    if (s != MOTE_OK)
        return tell("broken", s, mote_tls_message(&tls));
    fprintf(stderr, "ended\n");
    return 0;
}

int main(int argc, char **argv)
{
    struct mote_endpoint to = {0};
    int fd;

    if (argc < 4 || inet_pton(AF_INET, argv[1], to.ip) != 1)
        return 2;
    for (int i = 4; i < argc; i++)
        read_option(argv[i]);
    to.port = (uint16_t)atoi(argv[2]);
    if (set_up())
        return 1;
    const size_t n = read_input();
    for (unsigned left = options.times; left-- > 0;) {
        const uint64_t deadline = mote_now_ms() + options.wait_ms;
        struct mote_text message;
        enum mote_status s = mote_stream_connect(&fd, &to, deadline);
        if (s != MOTE_OK)
            return tell("failed", s, MOTE_TEXT("no connection"));
        s = mote_tls_connect(&tls, fd, mote_text_of(argv[3]), deadline,
                             &message);
        if (s != MOTE_OK)
            return tell("failed", s, message);
        br_ssl_session_parameters session;
        br_ssl_engine_get_session_parameters(&tls.client.eng, &session);
        fprintf(stderr, "connected %04x %d\n", session.cipher_suite,
                br_ssl_engine_get_ecdhe_curve(&tls.client.eng));
        if (left == 0 && exchange(n))
            return 1;
        tls.stream.kind->close(&tls.stream);
    }
    return 0;
}
