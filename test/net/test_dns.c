/* test/net/test_dns.c - answers of name servers, honest and not, and what a
 * resolv.conf says. The servers themselves are in test_dns.py. */
#include "test/test.h"
#include "net/dns.h"

#define ID 0x1234

/* An answer under construction. */
struct packet {
    uint8_t at[1024];
    size_t n;
};

static void put(struct packet *p, const void *bytes, size_t n)
{
    memcpy(p->at + p->n, bytes, n);
    p->n += n;
}

static void put16(struct packet *p, unsigned value)
{
    put(p, (const uint8_t[]){(uint8_t)(value >> 8), (uint8_t)value}, 2);
}

/* A head and the question for `host`. */
static struct packet begin(const char *host, unsigned flags, unsigned records,
                           enum mote_dns_type type)
{
    struct packet p = {.n = 0};
    struct mote_dns_name name;

    put16(&p, ID);
    put16(&p, flags);
    put16(&p, 1);
    put16(&p, records);
    put16(&p, 0);
    put16(&p, 0);
    EXPECT(mote_dns_name_of(&name, mote_text_of(host)) == MOTE_OK, "%s", host);
    put(&p, name.at, name.n);
    put16(&p, type);
    put16(&p, 1);
    return p;
}

/* A record whose owner is `host`, or a pointer to `to` when host is NULL. */
static void add(struct packet *p, const char *host, unsigned to, unsigned type,
                const void *data, size_t n)
{
    struct mote_dns_name name;

    if (host && mote_dns_name_of(&name, mote_text_of(host)) == MOTE_OK)
        put(p, name.at, name.n);
    else
        put16(p, 0xC000 | to);
    put16(p, type);
    put16(p, 1);
    put16(p, 0);
    put16(p, 60);
    put16(p, (unsigned)n);
    put(p, data, n);
}

static void add_alias(struct packet *p, const char *host, unsigned to,
                      const char *alias)
{
    struct mote_dns_name name;

    mote_dns_name_of(&name, mote_text_of(alias));
    add(p, host, to, MOTE_DNS_CNAME, name.at, name.n);
}

static enum mote_status read_as(const struct packet *p, const char *host,
                                enum mote_dns_type type,
                                struct mote_dns_answer *answer)
{
    struct mote_dns_name name;

    mote_dns_name_of(&name, mote_text_of(host));
    return mote_dns_read(answer, (const uint8_t *)guarded(p->at, p->n), p->n,
                         ID, &name, type);
}

static const uint8_t four[] = {192, 0, 2, 1};
static const uint8_t sixteen[16] = {0x20, 1, 0xd, 0xb8, [15] = 7};

static void reads_names(void)
{
    static const struct {
        const char *host;
        enum mote_status status;
    } hosts[] = {
        {"example.com", MOTE_OK},
        {"example.com.", MOTE_OK},
        {"a_b.s3-x.eu-1.amazonaws.com", MOTE_OK},
        {"", MOTE_E_FORMAT},
        {".", MOTE_E_FORMAT},
        {"a..b", MOTE_E_FORMAT},
        {".a", MOTE_E_FORMAT},
        {"a..", MOTE_E_FORMAT},
        {"a b", MOTE_E_FORMAT},
        {"caf\xC3\xA9", MOTE_E_FORMAT},
        {"a/b", MOTE_E_FORMAT},
    };
    struct mote_dns_name name;
    char label[300];

    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        EXPECT(mote_dns_name_of(&name, mote_text_of(hosts[i].host)) ==
                   hosts[i].status,
               "%s", hosts[i].host);
    memset(label, 'a', sizeof label);
    for (size_t n = 1; n < sizeof label; n++)
        EXPECT((mote_dns_name_of(&name, (struct mote_text){label, n}) ==
                MOTE_OK) == (n <= 63),
               "%zu", n);
    for (size_t i = 49; i < sizeof label; i += 50)
        label[i] = '.';
    for (size_t n = 1; n < sizeof label; n++) /* 253 characters at most */
        if (label[n - 1] != '.')
            EXPECT((mote_dns_name_of(&name, (struct mote_text){label, n}) ==
                    MOTE_OK) == (n <= 253),
                   "%zu", n);
}

static void asks(void)
{
    static const uint8_t expected[] = {0x12, 0x34, 1, 0,  0, 1,   0, 0,
                                       0,    0,    0, 0,  1, 'a', 2, 'b',
                                       'c',  0,    0, 28, 0, 1};
    uint8_t out[MOTE_DNS_QUERY];
    struct mote_dns_name name;

    mote_dns_name_of(&name, MOTE_TEXT("a.bc"));
    EXPECT(mote_dns_ask(out, ID, &name, MOTE_DNS_AAAA) == sizeof expected);
    EXPECT(memcmp(out, expected, sizeof expected) == 0);
}

/* Aliases first and last in the packet, compressed owners, other records in
 * between, names in another case. */
static struct packet honest(enum mote_dns_type type)
{
    struct packet p = begin("Www.Example.com", 0x8180, 5, type);

    add(&p, "other.example.com", 0, MOTE_DNS_A, four, 4);
    if (type == MOTE_DNS_A)
        add(&p, "c.example.net", 0, MOTE_DNS_A, four, 4);
    else
        add(&p, "c.example.net", 0, MOTE_DNS_AAAA, sixteen, 16);
    add_alias(&p, "B.example.NET", 0, "c.example.net");
    add_alias(&p, NULL, 12, "b.example.net");
    add(&p, NULL, 12, 16, "\4text", 5);
    return p;
}

static void reads_answers(void)
{
    struct mote_dns_answer answer;
    struct packet p = honest(MOTE_DNS_A);

    EXPECT(read_as(&p, "www.example.COM.", MOTE_DNS_A, &answer) == MOTE_OK);
    EXPECT(answer.count == 1 && answer.aliases == 2 && answer.alias.n == 0);
    EXPECT(!answer.at[0].v6 && memcmp(answer.at[0].ip, four, 4) == 0);
    p = honest(MOTE_DNS_AAAA);
    EXPECT(read_as(&p, "www.example.com", MOTE_DNS_AAAA, &answer) == MOTE_OK);
    EXPECT(answer.count == 1 && answer.at[0].v6 &&
           memcmp(answer.at[0].ip, sixteen, 16) == 0);

    /* the chain goes on elsewhere */
    p = begin("a.b", 0x8180, 1, MOTE_DNS_A);
    add_alias(&p, NULL, 12, "c.d");
    EXPECT(read_as(&p, "a.b", MOTE_DNS_A, &answer) == MOTE_OK);
    EXPECT(answer.count == 0 && answer.aliases == 1 && answer.alias.n == 5);

    /* more addresses than are kept */
    p = begin("a.b", 0x8180, 20, MOTE_DNS_A);
    for (int i = 0; i < 20; i++)
        add(&p, NULL, 12, MOTE_DNS_A, four, 4);
    EXPECT(read_as(&p, "a.b", MOTE_DNS_A, &answer) == MOTE_OK);
    EXPECT(answer.count == MOTE_DNS_ADDRESSES);

    p = begin("a.b", 0x8183, 0, MOTE_DNS_A);
    EXPECT(read_as(&p, "a.b", MOTE_DNS_A, &answer) == MOTE_OK);
    EXPECT(answer.code == 3 && answer.count == 0);
    p = begin("a.b", 0x8380, 3, MOTE_DNS_A); /* cut where it would not fit */
    EXPECT(read_as(&p, "a.b", MOTE_DNS_A, &answer) == MOTE_OK);
    EXPECT(answer.truncated && answer.count == 0);
}

static void refuses_what_is_no_answer(void)
{
    struct mote_dns_answer answer;
    struct packet p = begin("a.b", 0x8180, 0, MOTE_DNS_A);

    EXPECT(read_as(&p, "a.b", MOTE_DNS_A, &answer) == MOTE_OK);
    EXPECT(read_as(&p, "a.c", MOTE_DNS_A, &answer) == MOTE_E_UNKNOWN);
    EXPECT(read_as(&p, "a.b.c", MOTE_DNS_A, &answer) == MOTE_E_UNKNOWN);
    EXPECT(read_as(&p, "a.b", MOTE_DNS_AAAA, &answer) == MOTE_E_UNKNOWN);
    p.at[0] ^= 1; /* another id */
    EXPECT(read_as(&p, "a.b", MOTE_DNS_A, &answer) == MOTE_E_UNKNOWN);
    p = begin("a.b", 0x0100, 0, MOTE_DNS_A); /* a question */
    EXPECT(read_as(&p, "a.b", MOTE_DNS_A, &answer) == MOTE_E_UNKNOWN);
    p = begin("a.b", 0x8980, 0, MOTE_DNS_A); /* another operation */
    EXPECT(read_as(&p, "a.b", MOTE_DNS_A, &answer) == MOTE_E_UNKNOWN);
    p = begin("a.b", 0x8180, 0, MOTE_DNS_A);
    p.at[5] = 2; /* two questions */
    EXPECT(read_as(&p, "a.b", MOTE_DNS_A, &answer) == MOTE_E_UNKNOWN);
}

/* No pointer that stays, goes forward, or meets another; no chain for ever. */
static void refuses_circles(void)
{
    struct mote_dns_answer answer;
    struct packet p;

    for (unsigned to = 0; to < 64; to++) { /* an owner that points about */
        p = begin("a.b", 0x8180, 1, MOTE_DNS_A);
        const unsigned at = (unsigned)p.n;
        add(&p, NULL, to, MOTE_DNS_A, four, 4);
        const enum mote_status s = read_as(&p, "a.b", MOTE_DNS_A, &answer);
        EXPECT(s == MOTE_OK || s == MOTE_E_FORMAT, "%u", to);
        if (to >= at)
            EXPECT(s == MOTE_E_FORMAT, "%u", to);
    }
    p = begin("a.b", 0x8180, 1, MOTE_DNS_A); /* label, then back to it */
    put(&p, "\1x", 2);
    put16(&p, 0xC000 | (unsigned)(p.n - 2));
    put(&p, "\0\1\0\1\0\0\0\0\0\4abcd", 14);
    EXPECT(read_as(&p, "a.b", MOTE_DNS_A, &answer) == MOTE_E_FORMAT);

    p = begin("a.b", 0x8180, 2, MOTE_DNS_A);
    add_alias(&p, NULL, 12, "c.d");
    add_alias(&p, "c.d", 0, "a.b");
    EXPECT(read_as(&p, "a.b", MOTE_DNS_A, &answer) == MOTE_E_FORMAT);
    p = begin("a.b", 0x8180, 1, MOTE_DNS_A);
    add_alias(&p, NULL, 12, "a.b");
    EXPECT(read_as(&p, "a.b", MOTE_DNS_A, &answer) == MOTE_E_FORMAT);

    for (unsigned links = 7; links <= 9; links++) {
        char from[] = "a.a", to[] = "b.a";
        p = begin("a.a", 0x8180, links + 1, MOTE_DNS_A);
        for (unsigned i = 0; i < links; i++, from[0]++, to[0]++)
            add_alias(&p, from, 0, to);
        add(&p, from, 0, MOTE_DNS_A, four, 4);
        EXPECT(read_as(&p, "a.a", MOTE_DNS_A, &answer) ==
                   (links <= MOTE_DNS_ALIASES ? MOTE_OK : MOTE_E_FORMAT),
               "%u", links);
    }
}

static void refuses_wrong_records(void)
{
    struct mote_dns_answer answer;
    struct packet p;

    for (size_t n = 0; n < 20; n++) {
        p = begin("a.b", 0x8180, 1, MOTE_DNS_A);
        add(&p, NULL, 12, MOTE_DNS_A, sixteen, n < 16 ? n : 16);
        EXPECT((read_as(&p, "a.b", MOTE_DNS_A, &answer) == MOTE_OK) ==
               (n == 4));
    }
    p = begin("a.b", 0x8180, 1, MOTE_DNS_A); /* bytes behind an alias */
    add(&p, NULL, 12, MOTE_DNS_CNAME, "\1c\0x", 4);
    EXPECT(read_as(&p, "a.b", MOTE_DNS_A, &answer) == MOTE_E_FORMAT);
    p = begin("a.b", 0x8180, 1, MOTE_DNS_A); /* a label type nobody uses */
    add(&p, NULL, 12, MOTE_DNS_CNAME, "\x41g\0", 3);
    EXPECT(read_as(&p, "a.b", MOTE_DNS_A, &answer) == MOTE_E_FORMAT);
    /* compressed names that would grow beyond 255 bytes */
    p = begin("a.b", 0x8180, 1, MOTE_DNS_A);
    put(&p, "\77", 1);
    for (int i = 0; i < 63; i++)
        put(&p, "x", 1);
    put16(&p, 0xC00C);
    put(&p, "\0\1\0\1\0\0\0\0\0\4abcd", 14);
    EXPECT(read_as(&p, "a.b", MOTE_DNS_A, &answer) == MOTE_OK);
}

static void survives_cuts_and_flips(void)
{
    struct mote_dns_answer answer;
    struct packet whole = honest(MOTE_DNS_A), p;

    for (size_t cut = 0; cut < whole.n; cut++) {
        p = whole;
        p.n = cut;
        EXPECT(read_as(&p, "www.example.com", MOTE_DNS_A, &answer) != MOTE_OK,
               "%zu", cut);
    }
    for (size_t at = 0; at < whole.n; at++)
        for (int bit = 0; bit < 8; bit++) {
            p = whole;
            p.at[at] ^= (uint8_t)(1 << bit);
            if (read_as(&p, "www.example.com", MOTE_DNS_A, &answer) == MOTE_OK)
                EXPECT(answer.count <= MOTE_DNS_ADDRESSES &&
                       answer.alias.n <= MOTE_DNS_NAME);
        }
}

static void survives_noise(void)
{
    uint64_t seed = 8;
    const uint64_t rounds = test_count(20000, 2000000);

    for (uint64_t i = 0; i < rounds; i++) {
        struct packet p = honest(MOTE_DNS_A);
        struct mote_dns_answer answer;
        for (int k = 0; k < 6; k++)
            p.at[12 + test_random(&seed) % (p.n - 12)] =
                (uint8_t)test_random(&seed);
        p.n -= test_random(&seed) % 8;
        if (read_as(&p, "www.example.com", MOTE_DNS_A, &answer) == MOTE_OK)
            EXPECT(answer.count <= MOTE_DNS_ADDRESSES);
    }
}

static void reads_settings(void)
{
    static const struct {
        const char *file, *setting, *first; /* first: as inet_ntop writes it */
        unsigned count, port, timeout_ms, rounds;
    } good[] = {
        {"", "", "169.254.169.253", 1, 53, 1000, 3},
        {"nameserver 10.0.0.2\n", "", "10.0.0.2", 1, 53, 1000, 3},
        {"# nameserver 1.1.1.1\nnameserver\t 10.0.0.2 # x\nnameserver 10.0.0.3",
         "", "10.0.0.2", 2, 53, 1000, 3},
        {"nameserver 1.0.0.1\nnameserver 1.0.0.2\nnameserver 1.0.0.3\n"
         "nameserver 1.0.0.4\n",
         "", "1.0.0.1", 3, 53, 1000, 3},
        {"nameserver fe80::1\noptions ndots:5 timeout:2 attempts:9\n", "",
         "fe80::1", 1, 53, 2000, 5},
        {"nameserver what\noptions timeout:0 attempts:x\nsearch a.b", "",
         "169.254.169.253", 1, 53, 1000, 3},
        {"nameserver 10.0.0.2\noptions timeout:100", "127.0.0.1:5353",
         "127.0.0.1", 1, 5353, 30000, 3},
        {"", "127.0.0.1", "127.0.0.1", 1, 53, 1000, 3},
        {"", "::1", "::1", 1, 53, 1000, 3},
        {"", "[::1]:54", "::1", 1, 54, 1000, 3},
    };
    static const char *const bad[] = {"x",
                                      "127.0.0.1:",
                                      "127.0.0.1:0",
                                      ":53",
                                      "127.0.0.1:65536",
                                      "[127.0.0.1]:53",
                                      "[::1]:",
                                      "[::1"};
    struct mote_resolver r;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct mote_endpoint first = {.port = 0};
        EXPECT(mote_resolver_begin(&r, mote_text_of(good[i].file),
                                   mote_text_of(good[i].setting)) == MOTE_OK,
               "%zu", i);
        EXPECT(mote_endpoint_read(&first, mote_text_of(good[i].first)));
        EXPECT(r.count == good[i].count && r.servers[0].port == good[i].port &&
                   r.servers[0].v6 == first.v6 &&
                   memcmp(r.servers[0].ip, first.ip, 16) == 0,
               "%zu", i);
        EXPECT(r.timeout_ms == good[i].timeout_ms && r.rounds == good[i].rounds,
               "%zu", i);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        EXPECT(mote_resolver_begin(&r, (struct mote_text){0},
                                   mote_text_of(bad[i])) == MOTE_E_FORMAT,
               "%s", bad[i]);
}

/* Names that no server is asked for. */
static void knows_some_hosts(void)
{
    struct mote_resolver r = {.count = 0};
    struct mote_addresses got;
    const uint64_t soon = mote_now_ms() + 1000;

    EXPECT(mote_resolve(&r, MOTE_TEXT("192.0.2.1"), 80, soon, &got) == MOTE_OK);
    EXPECT(got.count == 1 && memcmp(got.at[0].ip, four, 4) == 0 &&
           got.at[0].port == 80);
    EXPECT(mote_resolve(&r, MOTE_TEXT("[2001:db8::7]"), 443, soon, &got) ==
           MOTE_OK);
    EXPECT(got.at[0].v6 && memcmp(got.at[0].ip, sixteen, 16) == 0);
    EXPECT(mote_resolve(&r, MOTE_TEXT("LocalHost"), 80, soon, &got) == MOTE_OK);
    EXPECT(got.at[0].ip[0] == 127 && got.at[0].ip[3] == 1);
    EXPECT(mote_resolve(&r, MOTE_TEXT("b.localhost"), 80, soon, &got) ==
           MOTE_OK);
    EXPECT(mote_resolve(&r, MOTE_TEXT("a b"), 80, soon, &got) == MOTE_E_FORMAT);
}

static const struct test_case cases[] = {
    {"reads names", reads_names},
    {"asks", asks},
    {"reads answers", reads_answers},
    {"refuses what is no answer", refuses_what_is_no_answer},
    {"refuses circles", refuses_circles},
    {"refuses wrong records", refuses_wrong_records},
    {"survives cuts and flips", survives_cuts_and_flips},
    {"survives noise", survives_noise},
    {"reads settings", reads_settings},
    {"knows some hosts", knows_some_hosts},
};

TEST_MAIN(cases)
