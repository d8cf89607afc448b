/*
 * core/function/settings.h - the environment, read once.
 *
 * Only the address of the Runtime API must be there; everything else has a
 * default, and what is malformed counts as absent.
 */
#ifndef MOTE_FUNCTION_SETTINGS_H
#define MOTE_FUNCTION_SETTINGS_H

#include "core/function/log.h"
#include "net/address.h"

struct mote_settings {
    struct mote_address runtime_api; /* AWS_LAMBDA_RUNTIME_API    */
    struct mote_log log;             /* AWS_LAMBDA_LOG_LEVEL, ..FORMAT */
};

/* environment: NULL-terminated "NAME=value" strings that outlive the settings.
 * The log is set even when the address is refused, and where says why:
 * MOTE_E_SCHEMA when there is none, MOTE_E_FORMAT when it is malformed. */
enum mote_status mote_settings_read(struct mote_settings *settings,
                                    char *const *environment,
                                    struct mote_where *where);

#endif
