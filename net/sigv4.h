/*
 * net/sigv4.h - AWS Signature Version 4: what a request is signed with.
 *
 * Nothing is copied and nothing sorted in place: the canonical request goes
 * into SHA-256 piece by piece.
 *
 * source  AWS, "Create a signed AWS API request"; tested with the requests of
 *         awslabs/aws-c-auth
 */
#ifndef MOTE_NET_SIGV4_H
#define MOTE_NET_SIGV4_H

#include "core/base/time.h"
#include "net/http.h"
#include "net/http_write.h"
#include "net/tls_sha256.h"

#define MOTE_SIGV4_FIELDS 32 /* signed fields, query parameters */

/* Who signs, for what, and when. */
struct mote_sigv4 {
    struct mote_text key_id, secret;
    struct mote_text token; /* of the session, or empty */
    struct mote_text region, service;
    char date[MOTE_TIME_BASIC_CHARS]; /* of signing: mote_time_write_basic */
};

/*
 * method   as sent
 * path     as sent, up to the '?'
 * query    as sent, behind the '?'
 * fields   [count] those that are signed, in the order sent: Host, x-amz-date
 *          and so on, count <= MOTE_SIGV4_FIELDS. A value may hold folded lines
 * payload  hexadecimal SHA-256 of the body, or UNSIGNED-PAYLOAD
 * escape   the path is escaped once more, as every service but S3 wants it
 * normal   empty segments, "." and ".." are resolved, as all but S3 want it
 */
struct mote_sigv4_request {
    struct mote_text method, path, query;
    const struct mote_http_field *fields;
    size_t count;
    struct mote_text payload;
    bool escape, normal;
};

/* The signature, and the hash of the canonical request that it is over.
 * errors  MOTE_E_SPACE  more fields or parameters than MOTE_SIGV4_FIELDS */
struct mote_sigv4_signature {
    char hex[MOTE_SHA256_HEX], canonical[MOTE_SHA256_HEX];
};
enum mote_status mote_sigv4_sign(const struct mote_sigv4 *by,
                                 const struct mote_sigv4_request *request,
                                 struct mote_sigv4_signature *signature);

/* Signs, and writes the value of the Authorization field. errors as above, and
 * out->full. */
enum mote_status mote_sigv4_authorize(const struct mote_sigv4 *by,
                                      const struct mote_sigv4_request *request,
                                      struct mote_http_out *out);

/*
 * Signs in the query instead: writes the whole query, which is the request's
 * with the X-Amz-* parameters behind it. A token becomes one of them.
 *
 * out  holds only what is written here; its text is what the request's query
 *      becomes
 */
enum mote_status mote_sigv4_presign(const struct mote_sigv4 *by,
                                    const struct mote_sigv4_request *request,
                                    uint32_t expires_s,
                                    struct mote_http_out *out);

#endif
