/* net/dns.c - see net/dns.h */
#define _GNU_SOURCE /* SOCK_NONBLOCK, MSG_NOSIGNAL */
#include "net/dns.h"
#include "core/base/number.h"
#include "net/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT 53
#define ANSWER 4096 /* bytes of the longest answer that is read */

/* ------------------------------------------------------------------------
 * Settings.
 */
bool mote_endpoint_read(struct mote_endpoint *endpoint, struct mote_text text)
{
    char zero_ended[INET6_ADDRSTRLEN];
    const bool bracketed =
        text.n >= 2 && *text.at == '[' && text.at[text.n - 1] == ']';

    if (bracketed)
        text.at++, text.n -= 2;
    if (text.n == 0 || text.n >= sizeof zero_ended)
        return false;
    memcpy(zero_ended, text.at, text.n);
    zero_ended[text.n] = '\0';
    memset(endpoint->ip, 0, sizeof endpoint->ip);
    endpoint->v6 = inet_pton(AF_INET6, zero_ended, endpoint->ip) == 1;
    return endpoint->v6 ||
           (!bracketed && inet_pton(AF_INET, zero_ended, endpoint->ip) == 1);
}

/* The next word of a line, and the line behind it. */
static struct mote_text take_word(struct mote_text *line)
{
    struct mote_text word;

    while (line->n && (*line->at == ' ' || *line->at == '\t'))
        line->at++, line->n--;
    word = (struct mote_text){line->at, 0};
    while (word.n < line->n && word.at[word.n] != ' ' &&
           word.at[word.n] != '\t')
        word.n++;
    line->at += word.n;
    line->n -= word.n;
    return word;
}

/* "name:value" within 1 and most. */
static void read_option(struct mote_text word, struct mote_text name,
                        unsigned unit, unsigned most, unsigned *option)
{
    uint64_t value;

    if (!mote_text_starts(word, name) ||
        mote_uint_read((struct mote_text){word.at + name.n, word.n - name.n},
                       &value) != MOTE_OK ||
        value == 0)
        return;
    *option = (unsigned)(value > most ? most : value) * unit;
}

static void read_line(struct mote_resolver *r, struct mote_text line)
{
    const struct mote_text key = take_word(&line);

    if (mote_text_equal(key, MOTE_TEXT("nameserver"))) {
        struct mote_endpoint server = {.port = PORT};
        if (r->count < MOTE_DNS_SERVERS &&
            mote_endpoint_read(&server, take_word(&line)))
            r->servers[r->count++] = server;
    }
    if (!mote_text_equal(key, MOTE_TEXT("options")))
        return;
    for (struct mote_text word = take_word(&line); word.n;
         word = take_word(&line)) {
        read_option(word, MOTE_TEXT("timeout:"), 1000, 30, &r->timeout_ms);
        read_option(word, MOTE_TEXT("attempts:"), 1, 5, &r->rounds);
    }
}

/* address[:port], [v6][:port]; a v6 address alone needs no brackets. */
static bool read_setting(struct mote_endpoint *server, struct mote_text text)
{
    size_t colon = text.n;
    uint64_t port;

    server->port = PORT;
    if (mote_endpoint_read(server, text))
        return true;
    while (colon > 0 && text.at[colon - 1] != ':')
        colon--;
    if (colon == 0 ||
        !mote_endpoint_read(server, (struct mote_text){text.at, colon - 1}) ||
        (server->v6 && *text.at != '[') ||
        mote_uint_read((struct mote_text){text.at + colon, text.n - colon},
                       &port) != MOTE_OK ||
        port == 0 || port > 65535)
        return false;
    server->port = (uint16_t)port;
    return true;
}

enum mote_status mote_resolver_begin(struct mote_resolver *resolver,
                                     struct mote_text resolv_conf,
                                     struct mote_text setting)
{
    *resolver = (struct mote_resolver){.timeout_ms = 1000, .rounds = 3};
    for (size_t i = 0; i < resolv_conf.n; i++) {
        struct mote_text line = {resolv_conf.at + i, 0};
        for (; i < resolv_conf.n && resolv_conf.at[i] != '\n'; i++)
            line.n++;
        read_line(resolver, line);
    }
    if (setting.n) {
        resolver->count = 1;
        return read_setting(&resolver->servers[0], setting) ? MOTE_OK
                                                            : MOTE_E_FORMAT;
    }
    if (resolver->count == 0)
        resolver->servers[resolver->count++] =
            (struct mote_endpoint){.ip = {169, 254, 169, 253}, .port = PORT};
    return MOTE_OK;
}

enum mote_status mote_resolver_open(struct mote_resolver *resolver,
                                    struct mote_text setting)
{
    char text[4096];
    ssize_t n = 0;
    const int fd = open("/etc/resolv.conf", O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        n = read(fd, text, sizeof text);
        close(fd);
    }
    return mote_resolver_begin(
        resolver, (struct mote_text){text, n > 0 ? (size_t)n : 0}, setting);
}

/* ------------------------------------------------------------------------
 * One question.
 */
struct question {
    const struct mote_dns_name *name;
    enum mote_dns_type type;
    uint16_t id;
    uint8_t bytes[2 + MOTE_DNS_QUERY]; /* behind its length, which TCP wants */
    size_t n;                          /* without the length                 */
};

static enum mote_status compose(struct question *q)
{
    if (getrandom(&q->id, sizeof q->id, 0) != sizeof q->id)
        return MOTE_E_IO;
    q->n = mote_dns_ask(q->bytes + 2, q->id, q->name, q->type);
    q->bytes[0] = (uint8_t)(q->n >> 8);
    q->bytes[1] = (uint8_t)q->n;
    return MOTE_OK;
}

/* A socket that takes datagrams of that server alone. The kernel picks its
 * port at random, and a fresh one each time. */
static enum mote_status open_udp(int *fd, const struct mote_endpoint *to)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET,
                             .sin_port = htons(to->port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                              .sin6_port = htons(to->port)};

    memcpy(&v4.sin_addr, to->ip, sizeof v4.sin_addr);
    memcpy(&v6.sin6_addr, to->ip, sizeof v6.sin6_addr);
    *fd = mote_socket_new(to->v6 ? AF_INET6 : AF_INET,
                          SOCK_DGRAM | SOCK_NONBLOCK);
    if (*fd < 0)
        return MOTE_E_IO;
    if ((to->v6 ? connect(*fd, (const struct sockaddr *)&v6, sizeof v6)
                : connect(*fd, (const struct sockaddr *)&v4, sizeof v4)) == 0)
        return MOTE_OK;
    close(*fd);
    return MOTE_E_IO;
}

/* Waits for the answer among whatever else comes: what is not one, or does
 * not hold together, may be somebody else's, so the right one is waited for. */
static enum mote_status ask_udp(const struct question *q,
                                const struct mote_endpoint *to,
                                uint64_t deadline_ms,
                                struct mote_dns_answer *answer)
{
    uint8_t bytes[ANSWER];
    int fd;
    enum mote_status s = open_udp(&fd, to);

    if (s != MOTE_OK)
        return s;
    if (send(fd, q->bytes + 2, q->n, MSG_NOSIGNAL) < 0)
        s = mote_socket_failure();
    while (s == MOTE_OK) {
        size_t got;
        if (mote_now_ms() >= deadline_ms) { /* they may come without a wait */
            s = MOTE_E_TIMEOUT;
            break;
        }
        s = mote_stream_fd_read(fd, deadline_ms, (char *)bytes, sizeof bytes,
                                &got);
        if (s == MOTE_OK && mote_dns_read(answer, bytes, got, q->id, q->name,
                                          q->type) == MOTE_OK)
            break;
    }
    close(fd);
    return s;
}

static enum mote_status read_all(int fd, uint64_t deadline_ms, uint8_t *into,
                                 size_t n)
{
    for (size_t have = 0; have < n;) {
        size_t got;
        const enum mote_status s = mote_stream_fd_read(
            fd, deadline_ms, (char *)into + have, n - have, &got);
        if (s != MOTE_OK)
            return s;
        if (got == 0)
            return MOTE_E_CLOSED;
        have += got;
    }
    return MOTE_OK;
}

static enum mote_status ask_tcp(const struct question *q,
                                const struct mote_endpoint *to,
                                uint64_t deadline_ms,
                                struct mote_dns_answer *answer)
{
    uint8_t bytes[ANSWER];
    size_t n = 0;
    int fd;
    enum mote_status s = mote_stream_connect(&fd, to, deadline_ms);

    if (s != MOTE_OK)
        return s;
    s = mote_stream_fd_write(
        fd, deadline_ms, (struct mote_text){(const char *)q->bytes, q->n + 2},
        (struct mote_text){0});
    if (s == MOTE_OK)
        s = read_all(fd, deadline_ms, bytes, 2);
    if (s == MOTE_OK) {
        n = (size_t)bytes[0] << 8 | bytes[1];
        s = n <= sizeof bytes ? read_all(fd, deadline_ms, bytes, n)
                              : MOTE_E_SPACE;
    }
    close(fd);
    if (s == MOTE_OK)
        s = mote_dns_read(answer, bytes, n, q->id, q->name, q->type);
    return s == MOTE_OK && answer->truncated ? MOTE_E_FORMAT : s;
}

/* A code that the next server may know better: its own failures. */
static bool is_final(const struct mote_dns_answer *answer)
{
    return answer->code == 0 || answer->code == 3;
}

static enum mote_status ask_server(const struct mote_resolver *r,
                                   struct question *q, unsigned try,
                                   uint64_t deadline_ms,
                                   struct mote_dns_answer *answer)
{
    const struct mote_endpoint *to = &r->servers[try % r->count];
    uint64_t until =
        mote_now_ms() + ((uint64_t)r->timeout_ms << try / r->count);

    if (until > deadline_ms)
        until = deadline_ms;
    enum mote_status s = compose(q);
    if (s == MOTE_OK)
        s = ask_udp(q, to, until, answer);
    if (s == MOTE_OK && answer->truncated)
        s = ask_tcp(q, to, until, answer);
    return s;
}

/* Every server in turn, as often as there are rounds. */
static enum mote_status ask(const struct mote_resolver *r, struct question *q,
                            uint64_t deadline_ms,
                            struct mote_dns_answer *answer)
{
    enum mote_status s = MOTE_E_TIMEOUT;

    for (unsigned try = 0; try < r->rounds * r->count; try++) {
        if (mote_now_ms() >= deadline_ms)
            return MOTE_E_TIMEOUT;
        s = ask_server(r, q, try, deadline_ms, answer);
        if (s == MOTE_OK && is_final(answer))
            return MOTE_OK;
    }
    return s == MOTE_OK ? MOTE_E_REFUSED : s;
}

/* All the way along the aliases: a server that does not know where one leads
 * says so, and is asked for the rest. */
static enum mote_status look_up(const struct mote_resolver *r,
                                struct mote_dns_name name,
                                enum mote_dns_type type, uint64_t deadline_ms,
                                struct mote_dns_answer *answer)
{
    struct question q = {.name = &name, .type = type};

    for (unsigned aliases = 0;;) {
        const enum mote_status s = ask(r, &q, deadline_ms, answer);
        if (s != MOTE_OK || answer->alias.n == 0)
            return s;
        aliases += answer->aliases;
        if (aliases > MOTE_DNS_ALIASES)
            return MOTE_E_FORMAT;
        name = answer->alias;
    }
}

/* localhost, and what ends in it. */
static bool is_localhost(struct mote_text host)
{
    const struct mote_text name = MOTE_TEXT("localhost");

    if (host.n < name.n)
        return false;
    const struct mote_text tail = {host.at + host.n - name.n, name.n};
    return mote_text_equal_nocase(tail, name) &&
           (host.n == name.n || tail.at[-1] == '.');
}

/* Whether a host needs no server: its one address, of localhost that of the
 * family asked for. */
static bool is_known(struct mote_text host, bool v6, uint16_t port,
                     struct mote_addresses *addresses)
{
    struct mote_endpoint *first = &addresses->at[0];

    addresses->code = 0;
    addresses->count = 1;
    *first = (struct mote_endpoint){.port = port};
    if (mote_endpoint_read(first, host))
        return true;
    if (!is_localhost(host)) {
        addresses->count = 0;
        return false;
    }
    first->v6 = v6;
    if (v6)
        first->ip[15] = 1;
    else
        memcpy(first->ip, (const uint8_t[]){127, 0, 0, 1}, 4);
    return true;
}

/* For addresses of IPv6 alone, or where there are none of IPv4. */
static enum mote_status ask_servers(const struct mote_resolver *resolver,
                                    struct mote_text host, bool v6,
                                    uint16_t port, uint64_t deadline_ms,
                                    struct mote_addresses *addresses)
{
    struct mote_dns_answer answer = {.count = 0};
    struct mote_dns_name name;
    enum mote_status s = mote_dns_name_of(&name, host);

    if (s == MOTE_OK && !v6)
        s = look_up(resolver, name, MOTE_DNS_A, deadline_ms, &answer);
    if (s == MOTE_OK && answer.count == 0 && answer.code == 0)
        s = look_up(resolver, name, MOTE_DNS_AAAA, deadline_ms, &answer);
    addresses->code = answer.code;
    if (s != MOTE_OK)
        return s;
    for (size_t i = 0; i < answer.count; i++) {
        addresses->at[i] = answer.at[i];
        addresses->at[i].port = port;
    }
    addresses->count = answer.count;
    return answer.count ? MOTE_OK : MOTE_E_REFUSED;
}

enum mote_status mote_resolve(const struct mote_resolver *resolver,
                              struct mote_text host, uint16_t port,
                              uint64_t deadline_ms,
                              struct mote_addresses *addresses)
{
    return is_known(host, false, port, addresses)
               ? MOTE_OK
               : ask_servers(resolver, host, false, port, deadline_ms,
                             addresses);
}

enum mote_status mote_resolve_v6(const struct mote_resolver *resolver,
                                 struct mote_text host, uint16_t port,
                                 uint64_t deadline_ms,
                                 struct mote_addresses *addresses)
{
    if (is_known(host, true, port, addresses))
        return is_localhost(host) ? MOTE_OK : MOTE_E_REFUSED;
    return ask_servers(resolver, host, true, port, deadline_ms, addresses);
}
