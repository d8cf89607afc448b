/*
 * core/function/forecasts.h - what a forecaster answers with.
 *
 *   to a request  {"timestamps": [...], "forecast": [...], "model": {...}}
 *   of a job      {"metadata": {"id": ..., "name": ...},
 *                  "data": {"timestamps": [...], "level_true": [...],
 *                           "pred_model_1": [...]}}
 *
 * In a job's result all arrays are of one length: first the observed steps that
 * the job asks for, then those of the forecast, null where there is nothing.
 */
#ifndef MOTE_FUNCTION_FORECASTS_H
#define MOTE_FUNCTION_FORECASTS_H

#include "core/base/json_write.h"
#include "core/model/jobs.h"
#include "core/model/series.h"

/* The numbers of one row of the output. */
struct mote_forecast_numbers {
    const void *at; /* [count] f32 or f64 */
    uint8_t dtype;
};

/* Whose result is written. */
struct mote_result_of {
    const struct mote_model *model; /* that brought the job along; another may
                                     * have made the forecast              */
    const struct mote_file_job *job;
    const struct mote_file_target *target;
};

/* The forecasts of s, whose row was run; of: NULL for a reply to a request. */
void mote_forecasts_put(const struct mote_series *s,
                        const struct mote_forecast_numbers *numbers,
                        const struct mote_result_of *of,
                        struct mote_json_out *o);

#endif
