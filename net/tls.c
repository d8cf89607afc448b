/* net/tls.c - see net/tls.h */
#define _GNU_SOURCE
#include "net/tls.h"

#include <sys/auxv.h>
#include <sys/random.h>

#include "net/tls_rsa.h"

#define ENTROPY_BYTES                                                          \
    48 /* seed of BearSSL's generator, HMAC_DRBG's strength                    \
        */

/* ------------------------------------------------------------------------
 * What went wrong
 */

static enum mote_status say(struct mote_tls *t, enum mote_status status,
                            struct mote_text what)
{
    mote_words_put(&t->words, what);
    return status;
}

/* RFC 5246, 7.2; RFC 6066, 9; RFC 8446, 6 */
static struct mote_text alert_name(int alert)
{
    static const struct {
        uint8_t number;
        const char *name;
    } known[] = {
        {20, "bad_record_mac"},
        {40, "handshake_failure"},
        {42, "bad_certificate"},
        {47, "illegal_parameter"},
        {48, "unknown_ca"},
        {49, "access_denied"},
        {50, "decode_error"},
        {51, "decrypt_error"},
        {70, "protocol_version"},
        {71, "insufficient_security"},
        {80, "internal_error"},
        {86, "inappropriate_fallback"},
        {100, "no_renegotiation"},
        {112, "unrecognized_name"},
        {116, "certificate_required"},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].number == alert)
            return mote_text_of(known[i].name);
    return MOTE_TEXT("unknown");
}

static void put_alert(struct mote_tls *t, int alert)
{
    MOTE_WORDS_SAY(&t->words, "alert ");
    mote_words_put_uint(&t->words, (uint64_t)alert);
    MOTE_WORDS_SAY(&t->words, ", ");
    mote_words_put(&t->words, alert_name(alert));
}

static enum mote_status refused_by_alert(struct mote_tls *t, int alert)
{
    MOTE_WORDS_SAY(&t->words, "the server refused with ");
    put_alert(t, alert);
    if (t->open)
        return MOTE_E_REFUSED;
    switch (alert) {
    case 40:
    case 71:
        MOTE_WORDS_SAY(&t->words, ": it has no suite, curve or signature in "
                                  "common, or wants a client certificate");
        break;
    case 70:
        MOTE_WORDS_SAY(&t->words, ": it does not speak TLS 1.2");
        break;
    }
    return MOTE_E_REFUSED;
}

/* The engine stopped with an error of its own. */
static enum mote_status failed(struct mote_tls *t, int error)
{
    if (error >= BR_ERR_SEND_FATAL_ALERT) {
        MOTE_WORDS_SAY(&t->words, "what the server sent is refused with ");
        put_alert(t, error - BR_ERR_SEND_FATAL_ALERT);
        return MOTE_E_REFUSED;
    }
    if (error >= BR_ERR_RECV_FATAL_ALERT)
        return refused_by_alert(t, error - BR_ERR_RECV_FATAL_ALERT);
    if (mote_chain_explain(&t->chain, error, mote_text_of(t->name), &t->words))
        return MOTE_E_UNTRUSTED;
    switch (error) {
    case BR_ERR_WRONG_KEY_USAGE:
        return say(t, MOTE_E_UNTRUSTED,
                   MOTE_TEXT("the key usage of the server's certificate "
                             "forbids signatures"));
    case BR_ERR_BAD_SIGNATURE:
        return say(t, MOTE_E_UNTRUSTED,
                   MOTE_TEXT("the server does not have the key of its "
                             "certificate"));
    case BR_ERR_UNSUPPORTED_VERSION:
    case BR_ERR_BAD_VERSION:
        return say(t, MOTE_E_REFUSED,
                   MOTE_TEXT("the server does not speak TLS 1.2, or not TLS at "
                             "all"));
    case BR_ERR_BAD_CIPHER_SUITE:
    case BR_ERR_INVALID_ALGORITHM:
        return say(t, MOTE_E_REFUSED,
                   MOTE_TEXT("the server chose an algorithm that was not "
                             "offered"));
    case BR_ERR_BAD_MAC:
        return say(t, MOTE_E_FORMAT,
                   MOTE_TEXT("a record was changed on its way"));
    case BR_ERR_BAD_FINISHED:
        return say(t, MOTE_E_FORMAT,
                   MOTE_TEXT("the handshake was changed on its way"));
    }
    MOTE_WORDS_SAY(&t->words, "what came is not TLS as it should be "
                              "(BearSSL's error ");
    mote_words_put_uint(&t->words, (uint64_t)error);
    MOTE_WORDS_SAY(&t->words, ")");
    return MOTE_E_FORMAT;
}

static enum mote_status socket_failed(struct mote_tls *t,
                                      enum mote_status status)
{
    switch (status) {
    case MOTE_E_TIMEOUT:
        return say(t, status, MOTE_TEXT("no answer before the deadline"));
    case MOTE_E_CLOSED:
        return say(t, status, MOTE_TEXT("the server broke the connection"));
    default:
        return say(t, status, mote_text_of(mote_status_text(status)));
    }
}

/* ------------------------------------------------------------------------
 * Records to and from the socket
 */

/* A peer that reads no more may have said why: what it wrote is read first. */
static enum mote_status send_records(struct mote_tls *t)
{
    br_ssl_engine_context *engine = &t->client.eng;
    enum mote_status s = MOTE_OK;
    size_t n;
    const void *at = br_ssl_engine_sendrec_buf(engine, &n);

    if (!t->deaf)
        s = mote_stream_fd_write(t->stream.fd, t->stream.deadline_ms,
                                 (struct mote_text){at, n},
                                 (struct mote_text){0});
    if (s == MOTE_E_CLOSED) {
        t->deaf = true;
        s = MOTE_OK;
    }
    if (s == MOTE_OK)
        br_ssl_engine_sendrec_ack(engine, n);
    return s == MOTE_OK ? s : socket_failed(t, s);
}

static enum mote_status receive_record(struct mote_tls *t)
{
    br_ssl_engine_context *engine = &t->client.eng;
    size_t n, got;
    unsigned char *into = br_ssl_engine_recvrec_buf(engine, &n);
    const enum mote_status s = mote_stream_fd_read(
        t->stream.fd, t->stream.deadline_ms, (char *)into, n, &got);

    if (s != MOTE_OK)
        return socket_failed(t, s);
    if (got == 0)
        return say(t, MOTE_E_CLOSED,
                   MOTE_TEXT("the connection ended without close-notify: "
                             "something may be missing"));
    br_ssl_engine_recvrec_ack(engine, got);
    return MOTE_OK;
}

/*
 * Moves records until the engine is in the state that is wanted.
 *
 * returns  MOTE_E_STOP  an orderly end came first
 */
static enum mote_status move(struct mote_tls *t, unsigned wanted)
{
    br_ssl_engine_context *engine = &t->client.eng;
    enum mote_status s = MOTE_OK;

    while (s == MOTE_OK) {
        const unsigned state = br_ssl_engine_current_state(engine);
        if (state & BR_SSL_CLOSED) {
            const int error = br_ssl_engine_last_error(engine);
            return error == BR_ERR_OK ? MOTE_E_STOP : failed(t, error);
        }
        if (state & BR_SSL_SENDREC)
            s = send_records(t);
        else if (state & wanted)
            return MOTE_OK;
        else if (state & BR_SSL_RECVREC)
            s = receive_record(t);
        else
            s = say(t, MOTE_E_FORMAT,
                    MOTE_TEXT("the server sends before it was asked"));
    }
    return s;
}

/* ------------------------------------------------------------------------
 * As a stream
 */

static enum mote_status tls_read(struct mote_stream *stream, char *into,
                                 size_t cap, size_t *got)
{
    struct mote_tls *t = (struct mote_tls *)stream;
    br_ssl_engine_context *engine = &t->client.eng;
    size_t n;

    *got = 0;
    t->words.n = 0;
    const enum mote_status s = move(t, BR_SSL_RECVAPP);
    if (s != MOTE_OK)
        return s == MOTE_E_STOP ? MOTE_OK : s;
    const unsigned char *at = br_ssl_engine_recvapp_buf(engine, &n);
    *got = n < cap ? n : cap;
    memcpy(into, at, *got);
    br_ssl_engine_recvapp_ack(engine, *got);
    return MOTE_OK;
}

static enum mote_status write_text(struct mote_tls *t, struct mote_text text)
{
    br_ssl_engine_context *engine = &t->client.eng;

    while (text.n > 0) {
        size_t room;
        const enum mote_status s = move(t, BR_SSL_SENDAPP);
        if (s != MOTE_OK)
            return s;
        unsigned char *to = br_ssl_engine_sendapp_buf(engine, &room);
        const size_t n = text.n < room ? text.n : room;
        memcpy(to, text.at, n);
        br_ssl_engine_sendapp_ack(engine, n);
        text = (struct mote_text){text.at + n, text.n - n};
    }
    return MOTE_OK;
}

static enum mote_status tls_write(struct mote_stream *stream,
                                  struct mote_text head, struct mote_text body)
{
    struct mote_tls *t = (struct mote_tls *)stream;

    t->words.n = 0;
    enum mote_status s = write_text(t, head);
    if (s == MOTE_OK)
        s = write_text(t, body);
    if (s == MOTE_OK) {
        br_ssl_engine_flush(&t->client.eng, 0);
        s = move(t, BR_SSL_SENDAPP);
    }
    if (s == MOTE_E_STOP || (s == MOTE_OK && t->deaf))
        s = say(t, MOTE_E_CLOSED, MOTE_TEXT("the server ended the connection"));
    return s;
}

/* Close-notify goes out if the socket takes it at once; nobody waits for the
 * peer's. */
static void tls_close(struct mote_stream *stream)
{
    struct mote_tls *t = (struct mote_tls *)stream;
    const uint64_t now_or_never = 1;

    if (stream->fd < 0)
        return;
    br_ssl_engine_close(&t->client.eng);
    stream->deadline_ms = now_or_never;
    while (br_ssl_engine_current_state(&t->client.eng) & BR_SSL_SENDREC)
        if (send_records(t) != MOTE_OK)
            break;
    mote_stream_plain.close(stream);
}

/* Bytes that were decrypted and not read would pass for the next answer. */
static bool tls_idle(const struct mote_stream *stream)
{
    const struct mote_tls *t = (const struct mote_tls *)stream;

    return !(br_ssl_engine_current_state(&t->client.eng) &
             (BR_SSL_RECVAPP | BR_SSL_CLOSED)) &&
           mote_stream_fd_idle(stream->fd);
}

static const struct mote_stream_kind tls_kind = {tls_read, tls_write, tls_close,
                                                 tls_idle};

/* ------------------------------------------------------------------------
 * Beginning
 */

void mote_tls_begin(struct mote_tls *tls, const struct mote_trust *trust)
{
    br_ssl_engine_context *engine = &tls->client.eng;

    tls->stream = (struct mote_stream){.kind = &tls_kind, .fd = -1};
    mote_tls_ciphers_select(&tls->ciphers, getauxval(AT_HWCAP), false);
    mote_chain_begin(&tls->chain, trust);

    br_ssl_client_zero(&tls->client);
    br_ssl_engine_set_versions(engine, BR_TLS12, BR_TLS12);
    br_ssl_engine_set_suites(engine, tls->ciphers.suites, MOTE_TLS_SUITES);
    br_ssl_engine_add_flags(engine, BR_OPT_NO_RENEGOTIATION);
    br_ssl_engine_set_hash(engine, br_sha256_ID, &br_sha256_vtable);
    br_ssl_engine_set_hash(engine, br_sha384_ID, &br_sha384_vtable);
    br_ssl_engine_set_prf_sha256(engine, br_tls12_sha256_prf);
    br_ssl_engine_set_prf_sha384(engine, br_tls12_sha384_prf);
    br_ssl_engine_set_ec(engine, &mote_tls_curves);
    br_ssl_engine_set_ecdsa(engine, br_ecdsa_i31_vrfy_asn1);
    br_ssl_engine_set_rsavrfy(engine, mote_rsa_verify);
    br_ssl_engine_set_aes_ctr(engine, tls->ciphers.ctr);
    br_ssl_engine_set_ghash(engine, tls->ciphers.ghash);
    br_ssl_engine_set_gcm(engine, &br_sslrec_in_gcm_vtable,
                          &br_sslrec_out_gcm_vtable);
    br_ssl_engine_set_chacha20(engine, tls->ciphers.chacha20);
    br_ssl_engine_set_poly1305(engine, br_poly1305_ctmulq_get());
    br_ssl_engine_set_chapol(engine, &br_sslrec_in_chapol_vtable,
                             &br_sslrec_out_chapol_vtable);
    br_ssl_engine_set_x509(engine, &tls->chain.vtable);
    br_ssl_engine_set_buffers_bidi(engine, tls->in, sizeof tls->in, tls->out,
                                   sizeof tls->out);
}

/* The host's name as it is sent and compared: without the dot that ends an
 * absolute one. */
static enum mote_status set_name(struct mote_tls *t, struct mote_text name)
{
    bool letters = false;

    t->name[0] = 0;
    if (name.n > 1 && name.at[name.n - 1] == '.')
        name.n--;
    if (name.n == 0 || name.n > MOTE_CHAIN_NAME_MAX)
        return say(t, MOTE_E_FORMAT,
                   MOTE_TEXT("a host name has 1 to 255 bytes"));
    for (size_t i = 0; i < name.n; i++) {
        const char c = name.at[i];
        const bool number = (c >= '0' && c <= '9') || c == '.';
        if (c <= ' ' || c > '~' || c == ':' || c == '*')
            return say(t, MOTE_E_FORMAT,
                       MOTE_TEXT("a certificate is compared with a host name "
                                 "in ASCII, without * or :"));
        letters = letters || !number;
    }
    if (!letters)
        return say(t, MOTE_E_FORMAT,
                   MOTE_TEXT("a certificate is compared with a host name, not "
                             "with an IP address: give the name"));
    memcpy(t->name, name.at, name.n);
    t->name[name.n] = 0;
    return MOTE_OK;
}

/* Anew for each connection: a process may have been copied since the last. */
static enum mote_status seed(struct mote_tls *t)
{
    unsigned char bytes[ENTROPY_BYTES];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return say(t, MOTE_E_IO, MOTE_TEXT("no random bytes from the system"));
    br_ssl_engine_inject_entropy(&t->client.eng, bytes, sizeof bytes);
    return MOTE_OK;
}

enum mote_status mote_tls_connect(struct mote_tls *tls, int fd,
                                  struct mote_text name, uint64_t deadline_ms,
                                  struct mote_text *message)
{
    tls->stream.fd = fd;
    tls->stream.deadline_ms = deadline_ms;
    tls->open = tls->deaf = false;
    tls->words.n = 0;
    tls->chain.count = 0;
    enum mote_status s = set_name(tls, name);
    if (s == MOTE_OK)
        s = seed(tls);
    if (s == MOTE_OK && !br_ssl_client_reset(&tls->client, tls->name, 0))
        s = failed(tls, br_ssl_engine_last_error(&tls->client.eng));
    if (s == MOTE_OK)
        s = move(tls, BR_SSL_SENDAPP);
    if (s == MOTE_E_STOP)
        s = say(tls, MOTE_E_CLOSED,
                MOTE_TEXT("the server ended the connection"));
    tls->open = s == MOTE_OK;
    if (!tls->open)
        mote_stream_plain.close(&tls->stream);
    *message = mote_words_text(&tls->words);
    return s;
}

struct mote_text mote_tls_message(const struct mote_tls *tls)
{
    return mote_words_text(&tls->words);
}
