/*
 * core/function/settings.h - the environment, read once.
 *
 * Only the address of the Runtime API must be there; everything else has a
 * default. Of what the platform sets, what is malformed counts as absent; of
 * what people set for this program, it is refused.
 *
 * A build for a model without coded weights (TRIM=1) looks at neither
 * MOTE_DECODED nor MOTE_VERIFY.
 *
 * MOTE_INIT says what comes before the first event: wait, read, warm, or auto,
 * the default, which core/function/warm.h describes. A build for a model that
 * would wait (TRIM=1) does not look at it.
 *
 * MOTE_VERIFY says what is proven of the model that the executable carries:
 *
 *     never    nothing but what opening it proves: the platform authenticates
 *              what it mounts. This is the default
 *     used     each block of coded weights, against its checksum, whenever it
 *              is decoded; a request that meets a wrong one is an error. Raw
 *              tensors have no checksums of their own
 *     always   all of it, by the hashes of its sections, before it serves,
 *              which reads every page of it
 *
 * A file beside the executable is proven in full before it serves.
 */
#ifndef MOTE_FUNCTION_SETTINGS_H
#define MOTE_FUNCTION_SETTINGS_H

#include "core/function/decoded.h"
#include "core/function/log.h"
#include "net/address.h"

enum mote_verify { MOTE_VERIFY_NEVER, MOTE_VERIFY_USED, MOTE_VERIFY_ALWAYS };
enum mote_init {
    MOTE_INIT_AUTO,
    MOTE_INIT_WAIT,
    MOTE_INIT_READ,
    MOTE_INIT_WARM
};

struct mote_settings {
    struct mote_address runtime_api; /* AWS_LAMBDA_RUNTIME_API    */
    struct mote_log log;             /* AWS_LAMBDA_LOG_LEVEL, ..FORMAT */
    uint64_t memory_mib;             /* AWS_LAMBDA_FUNCTION_MEMORY_SIZE */
    enum mote_decoded decoded;       /* MOTE_DECODED */
    enum mote_init init;             /* MOTE_INIT */
    enum mote_verify verify;         /* MOTE_VERIFY */
};

/* environment: NULL-terminated "NAME=value" strings that outlive the settings.
 * The log is set even when the address or a setting is refused, and where says
 * why: MOTE_E_SCHEMA when there is none or no such setting, MOTE_E_FORMAT when
 * the address is malformed. */
enum mote_status mote_settings_read(struct mote_settings *settings,
                                    char *const *environment,
                                    struct mote_where *where);

#endif
