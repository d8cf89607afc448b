/*
 * tools/bench/tls.c - what a handshake and a byte cost, beside OpenSSL of the
 * same machine in the same run.
 *
 * Usage: bench-tls -j JSON [-n HANDSHAKES] [-s SECONDS]
 *
 * Handshakes: full ones, TLS 1.2, AES-128-GCM, a leaf and an authority between
 * it and the root, host name checked, over a pair of sockets. OpenSSL's server
 * answers in a thread of its own; what counts is the processor time of the
 * client's thread, system calls included, the two clients taking turns. Each
 * keeps its context, as a function does between events.
 *
 * Bulk: 16 KiB, a record's worth, sealed with its tag, and opened.
 */
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/tls.h"

#define HOST "river.test"
#define WARM 20 /* handshakes that are not counted */

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void need(bool right, const char *what)
{
    if (right)
        return;
    fprintf(stderr, "bench-tls: %s failed\n", what);
    exit(1);
}

/* ------------------------------------------------------------------------
 * Certificates
 */

struct certificate {
    X509 *x509;
    EVP_PKEY *key;
};

static EVP_PKEY *new_key(bool rsa)
{
    EVP_PKEY *key = rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
    need(key, "a key");
    return key;
}

static void extend(X509 *x509, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    need(e && X509_add_ext(x509, e, -1), "an extension");
    X509_EXTENSION_free(e);
}

/* issuer NULL: signs itself */
static struct certificate new_certificate(const char *name, bool rsa, bool ca,
                                          const struct certificate *issuer)
{
    static long serial;
    struct certificate c = {X509_new(), new_key(rsa)};
    const struct certificate *by = issuer ? issuer : &c;
    X509_NAME *subject = X509_get_subject_name(c.x509);

    X509_set_version(c.x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(c.x509), ++serial);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(c.x509, X509_get_subject_name(by->x509));
    X509_gmtime_adj(X509_getm_notBefore(c.x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(c.x509), 86400);
    X509_set_pubkey(c.x509, c.key);
    extend(c.x509, NID_basic_constraints,
           ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    extend(c.x509, NID_key_usage,
           ca ? "critical,keyCertSign" : "critical,digitalSignature");
    if (!ca)
        extend(c.x509, NID_subject_alt_name, "DNS:" HOST);
    need(X509_sign(c.x509, by->key, EVP_sha256()), "a signature");
    return c;
}

/* ------------------------------------------------------------------------
 * Handshakes
 */

struct pair {
    SSL_CTX *server, *client; /* OpenSSL's         */
    struct mote_trust trust;  /* and ours          */
    struct mote_tls tls;
    int listening[2]; /* descriptors for the server's thread, through a pipe */
};

static SSL_CTX *new_context(const SSL_METHOD *method, const char *groups)
{
    SSL_CTX *c = SSL_CTX_new(method);
    SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(c, TLS1_2_VERSION);
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    /* of the groups the server's first is taken */
    SSL_CTX_set_options(c, SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
    need(SSL_CTX_set_cipher_list(c, "ECDHE-ECDSA-AES128-GCM-SHA256:"
                                    "ECDHE-RSA-AES128-GCM-SHA256") &&
             SSL_CTX_set1_groups_list(c, groups),
         "a context");
    return c;
}

static void set_up(struct pair *p, bool rsa, const char *groups)
{
    const struct certificate root = new_certificate("root", rsa, true, NULL);
    const struct certificate middle =
        new_certificate("middle", rsa, true, &root);
    const struct certificate leaf = new_certificate(HOST, rsa, false, &middle);
    struct mote_where where;
    char *pem;

    p->server = new_context(TLS_server_method(), groups);
    need(SSL_CTX_use_certificate(p->server, leaf.x509) &&
             SSL_CTX_use_PrivateKey(p->server, leaf.key) &&
             SSL_CTX_add1_chain_cert(p->server, middle.x509),
         "a chain");
    p->client = new_context(TLS_client_method(), groups);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(p->client), root.x509);
    SSL_CTX_set_verify(p->client, SSL_VERIFY_PEER, NULL);

    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, root.x509);
    const long n = BIO_get_mem_data(bio, &pem);
    mote_trust_begin(&p->trust, NULL, 0);
    need(mote_trust_add(&p->trust, pem, (size_t)n, &where) == MOTE_OK,
         "mote_trust_add");
    mote_tls_begin(&p->tls, &p->trust);
}

/* Answers a handshake on each descriptor that comes, and waits for the client
 * to leave. */
static void *serve(void *arg)
{
    const struct pair *p = arg;
    int fd;
    char byte;

    while (read(p->listening[0], &fd, sizeof fd) == sizeof fd) {
        SSL *ssl = SSL_new(p->server);
        SSL_set_fd(ssl, fd);
        need(SSL_accept(ssl) == 1, "SSL_accept");
        while (read(fd, &byte, 1) > 0)
            ;
        SSL_free(ssl);
        close(fd);
    }
    return NULL;
}

static int connection(const struct pair *p, bool blocking)
{
    int fds[2];

    need(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0, "socketpair");
    if (!blocking)
        fcntl(fds[0], F_SETFL, O_NONBLOCK);
    need(write(p->listening[1], &fds[1], sizeof fds[1]) == sizeof fds[1],
         "write");
    return fds[0];
}

static double of_ours(struct pair *p)
{
    const int fd = connection(p, false);
    struct mote_text message;
    const double start = seconds(CLOCK_THREAD_CPUTIME_ID);
    const enum mote_status s =
        mote_tls_connect(&p->tls, fd, MOTE_TEXT(HOST), 0, &message);
    const double took = seconds(CLOCK_THREAD_CPUTIME_ID) - start;

    if (s != MOTE_OK)
        fprintf(stderr, "%.*s\n", (int)message.n, message.at);
    need(s == MOTE_OK, "mote_tls_connect");
    mote_stream_plain.close(&p->tls.stream);
    return took;
}

static double of_openssl(struct pair *p)
{
    const int fd = connection(p, true);
    const double start = seconds(CLOCK_THREAD_CPUTIME_ID);
    SSL *ssl = SSL_new(p->client);
    SSL_set_fd(ssl, fd);
    SSL_set1_host(ssl, HOST);
    SSL_set_tlsext_host_name(ssl, HOST);
    const int done = SSL_connect(ssl);
    const double took = seconds(CLOCK_THREAD_CPUTIME_ID) - start;

    need(done == 1 && SSL_get_verify_result(ssl) == X509_V_OK, "SSL_connect");
    SSL_free(ssl);
    close(fd);
    return took;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *times, size_t n)
{
    qsort(times, n, sizeof *times, by_size);
    return times[n / 2];
}

static void bench_handshakes(FILE *json, size_t n)
{
    static const struct {
        const char *name;
        bool rsa;
        const char *groups;
    } cases[] = {
        {"RSA-2048, X25519", true, "X25519"},
        {"RSA-2048, P-256", true, "P-256"},
        {"P-256, X25519", false, "X25519:P-256"},
        {"P-256, P-256", false, "P-256"},
    };
    double *ours = calloc(n, sizeof *ours), *theirs = calloc(n, sizeof *ours);

    printf("full handshake, CPU of the client, us (median of %zu)\n", n);
    printf("%-22s %8s %8s %6s\n", "", "mote", "OpenSSL", "ratio");
    fprintf(json, "\"handshakes\": [");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pair *p = calloc(1, sizeof *p);
        pthread_t thread;
        set_up(p, cases[i].rsa, cases[i].groups);
        need(pipe(p->listening) == 0, "pipe");
        pthread_create(&thread, NULL, serve, p);
        for (size_t k = 0; k < WARM; k++)
            of_ours(p), of_openssl(p);
        for (size_t k = 0; k < n; k++) {
            ours[k] = of_ours(p);
            theirs[k] = of_openssl(p);
        }
        close(p->listening[1]);
        pthread_join(thread, NULL);
        const double us = median(ours, n) * 1e6, peer = median(theirs, n) * 1e6;
        printf("%-22s %8.0f %8.0f %6.2f\n", cases[i].name, us, peer, us / peer);
        fprintf(json,
                "%s\n {\"name\": \"%s\", \"mote_us\": %.1f, "
                "\"openssl_us\": %.1f, \"ratio\": %.3f}",
                i ? "," : "", cases[i].name, us, peer, us / peer);
    }
    fprintf(json, "],\n");
    free(ours);
    free(theirs);
}

/* ------------------------------------------------------------------------
 * Bulk
 */

#define RECORD 16384

static unsigned char data[RECORD];
static const unsigned char key[32] = {1}, iv[12] = {2}, aad[13] = {3};

struct suite {
    const char *name;
    const EVP_CIPHER *(*peer)(void);
    size_t key_bytes; /* 0: ChaCha20-Poly1305 */
};

static void seal_ours(const struct suite *s,
                      const struct mote_tls_ciphers *ciphers, bool encrypt)
{
    static br_aes_gen_ctr_keys keys; /* a connection keeps them */
    static size_t set;
    unsigned char tag[16];

    if (s->key_bytes == 0) {
        br_poly1305_ctmulq_get()(key, iv, data, RECORD, aad, sizeof aad, tag,
                                 ciphers->chacha20, encrypt);
        return;
    }
    if (set != s->key_bytes)
        ciphers->ctr->init(&keys.vtable, key, set = s->key_bytes);
    br_gcm_context gcm;
    br_gcm_init(&gcm, &keys.vtable, ciphers->ghash);
    br_gcm_reset(&gcm, iv, sizeof iv);
    br_gcm_aad_inject(&gcm, aad, sizeof aad);
    br_gcm_flip(&gcm);
    br_gcm_run(&gcm, encrypt, data, RECORD);
    br_gcm_get_tag(&gcm, tag);
}

/* The tag is not compared when opening: neither side does it here. */
static void seal_theirs(EVP_CIPHER_CTX *c, bool encrypt)
{
    unsigned char tag[16];
    int n;

    EVP_CipherInit_ex(c, NULL, NULL, NULL, iv, encrypt);
    EVP_CipherUpdate(c, NULL, &n, aad, sizeof aad);
    EVP_CipherUpdate(c, data, &n, data, RECORD);
    if (encrypt) {
        EVP_CipherFinal_ex(c, data, &n);
        EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, sizeof tag, tag);
        return;
    }
    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, sizeof tag, tag);
    EVP_CipherFinal_ex(c, data, &n);
}

/* MB/s of the best of many rounds, the two taking turns. */
static void bench_suite(FILE *json, const struct suite *s, bool encrypt,
                        double limit, bool first)
{
    const int turn = 64;
    struct mote_tls_ciphers ciphers;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    double best[2] = {1e9, 1e9};

    mote_tls_ciphers_select(&ciphers, getauxval(AT_HWCAP), false);
    EVP_CipherInit_ex(c, s->peer(), NULL, key, iv, encrypt);
    for (const double end = seconds(CLOCK_MONOTONIC) + limit;
         seconds(CLOCK_MONOTONIC) < end;)
        for (int who = 0; who < 2; who++) {
            const double start = seconds(CLOCK_THREAD_CPUTIME_ID);
            for (int i = 0; i < turn; i++)
                if (who == 0)
                    seal_ours(s, &ciphers, encrypt);
                else
                    seal_theirs(c, encrypt);
            const double took = seconds(CLOCK_THREAD_CPUTIME_ID) - start;
            if (took < best[who])
                best[who] = took;
        }
    EVP_CIPHER_CTX_free(c);
    const double ours = turn * RECORD / best[0] / 1e6;
    const double theirs = turn * RECORD / best[1] / 1e6;
    const char *way = encrypt ? "encrypt" : "decrypt";
    printf("%-18s %s %8.0f %8.0f %6.2f\n", s->name, way, ours, theirs,
           ours / theirs);
    fprintf(json,
            "%s\n {\"name\": \"%s\", \"way\": \"%s\", \"mote_mb_s\": "
            "%.1f, \"openssl_mb_s\": %.1f, \"ratio\": %.3f}",
            first ? "" : ",", s->name, way, ours, theirs, ours / theirs);
}

static void bench_bulk(FILE *json, double limit)
{
    static const struct suite suites[] = {
        {"AES-128-GCM", EVP_aes_128_gcm, 16},
        {"AES-256-GCM", EVP_aes_256_gcm, 32},
        {"ChaCha20-Poly1305", EVP_chacha20_poly1305, 0},
    };

    printf("\n16 KiB records, MB/s of one core\n");
    printf("%-26s %8s %8s %6s\n", "", "mote", "OpenSSL", "ratio");
    fprintf(json, "\"bulk\": [");
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
        for (int encrypt = 1; encrypt >= 0; encrypt--)
            bench_suite(json, &suites[i], encrypt, limit, i == 0 && encrypt);
    fprintf(json, "],\n");
}

int main(int argc, char **argv)
{
    size_t handshakes = 400;
    double limit = 1;
    FILE *json = NULL;

    for (int o; (o = getopt(argc, argv, "j:n:s:")) != -1;)
        switch (o) {
        case 'j':
            json = fopen(optarg, "w");
            break;
        case 'n':
            handshakes = strtoul(optarg, NULL, 10);
            break;
        case 's':
            limit = strtod(optarg, NULL);
            break;
        }
    if (!json || handshakes == 0) {
        fputs("usage: bench-tls -j JSON [-n HANDSHAKES] [-s SECONDS]\n",
              stderr);
        return 2;
    }
    fprintf(json, "{");
    bench_handshakes(json, handshakes);
    bench_bulk(json, limit);
    fprintf(json, "\"peer\": \"%s\"}\n", OpenSSL_version(OPENSSL_VERSION));
    return fclose(json) != 0;
}
