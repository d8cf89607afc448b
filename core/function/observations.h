/*
 * core/function/observations.h - observations in JSON, for a forecaster.
 *
 * What a model with a SERIES section takes beside plain rows:
 *
 *   {"series": [{"time": "2019-06-01T00:00:00Z", "discharge": 14.8}, ...]}
 *   {"series": {"time": ["2019-06-01T00:00:00Z", ...], "discharge": [14.8,
 * ...]}}
 *
 * a time being RFC 3339 text or Unix seconds, a value a number or null, in any
 * order.
 */
#ifndef MOTE_FUNCTION_OBSERVATIONS_H
#define MOTE_FUNCTION_OBSERVATIONS_H

#include "core/function/failure.h"
#include "core/model/series.h"

/* Whether j, a copy of a reader behind an object's brace, comes to a member
 * "series"; *found is then the reader behind it, *t its value's token. */
bool mote_observations_asked(struct mote_json j, struct mote_json *found,
                             struct mote_json_token *t);

/*
 * Adds what is in the value of token t, j being behind it. Errors as
 * mote_json_next and mote_series_add; MOTE_E_SCHEMA for what is in neither of
 * the two forms.
 */
enum mote_status mote_observations_read(struct mote_series *s,
                                        struct mote_json *j,
                                        const struct mote_json_token *t,
                                        struct mote_where *where);

/* A time as text: RFC 3339 or Unix seconds, rounded down. MOTE_E_FORMAT for
 * anything else. */
enum mote_status mote_observation_time(struct mote_text text, int64_t *seconds);

#endif
