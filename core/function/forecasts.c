/* core/function/forecasts.c - see core/function/forecasts.h */
#include "core/function/forecasts.h"
#include "core/base/time.h"
#include "core/function/results.h"

static uint32_t longest(const struct mote_model *m)
{
    uint32_t steps = 0;

    for (uint32_t f = 0; f < m->series->forecasts; f++)
        if (m->forecasts[f].steps > steps)
            steps = m->forecasts[f].steps;
    return steps;
}

/* `before` steps before the forecast, and those of the longest. */
static void put_timestamps(const struct mote_series *s, uint32_t before,
                           struct mote_json_out *o)
{
    const int64_t end = s->last + longest(s->model);

    mote_json_put_key(o, MOTE_TEXT("timestamps"));
    mote_json_put_open(o, '[');
    for (int64_t step = s->last + 1 - before; step <= end; step++) {
        char time[MOTE_TIME_CHARS];
        mote_time_write(time, mote_series_time(s, step));
        mote_json_put_string(o, (struct mote_text){time, sizeof time});
    }
    mote_json_put_close(o, ']');
}

static void put_nulls(struct mote_json_out *o, uint32_t n)
{
    while (n--)
        mote_json_put_null(o);
}

static void put_number(struct mote_json_out *o,
                       const struct mote_forecast_numbers *numbers, uint32_t i)
{
    if (numbers->dtype == MOTE_F64)
        mote_json_put_f64(o, ((const double *)numbers->at)[i]);
    else
        mote_json_put_f32(o, ((const float *)numbers->at)[i]);
}

/* Forecast number f, nulls before it and up to the longest. */
static void put_forecast(const struct mote_series *s,
                         const struct mote_forecast_numbers *numbers,
                         uint32_t f, uint32_t before, uint32_t steps,
                         struct mote_json_out *o)
{
    const struct mote_file_forecast *forecast = s->model->forecasts + f;

    mote_json_put_open(o, '[');
    put_nulls(o, before);
    for (uint32_t i = 0; i < forecast->steps; i++)
        put_number(o, numbers, forecast->first + i);
    put_nulls(o, steps - forecast->steps);
    mote_json_put_close(o, ']');
}

static void put_observed(const struct mote_series *s,
                         const struct mote_result_of *of, uint32_t steps,
                         struct mote_json_out *o)
{
    const struct mote_file_job *job = of->job;

    mote_json_put_key(o, mote_model_string(of->model, job->observed_name));
    mote_json_put_open(o, '[');
    for (uint32_t i = job->history; i > 0; i--) /* a NaN becomes null */
        mote_json_put_f64(
            o, mote_series_observed(s, job->observed, s->last + 1 - i));
    put_nulls(o, steps);
    mote_json_put_close(o, ']');
}

static void put_reply(const struct mote_series *s,
                      const struct mote_forecast_numbers *numbers,
                      struct mote_json_out *o)
{
    const struct mote_model *m = s->model;

    put_timestamps(s, 0, o);
    for (uint32_t f = 0; f < m->series->forecasts; f++) {
        mote_json_put_key(o, mote_model_string(m, m->forecasts[f].name));
        put_forecast(s, numbers, f, 0, m->forecasts[f].steps, o);
    }
    if (m->output->style == MOTE_REPLY_FULL)
        mote_results_put_model(m, o);
}

static void put_result(const struct mote_series *s,
                       const struct mote_forecast_numbers *numbers,
                       const struct mote_result_of *of, struct mote_json_out *o)
{
    const struct mote_model *m = s->model;
    const uint32_t before = of->job->history, steps = longest(m);

    mote_json_put_key(o, MOTE_TEXT("metadata"));
    mote_json_put_open(o, '{');
    mote_json_put_member(o, MOTE_TEXT("id"),
                         mote_model_string(of->model, of->target->id));
    mote_json_put_member(o, MOTE_TEXT("name"),
                         mote_model_string(of->model, of->target->name));
    mote_json_put_close(o, '}');
    mote_json_put_key(o, MOTE_TEXT("data"));
    mote_json_put_open(o, '{');
    put_timestamps(s, before, o);
    if (of->job->observed != MOTE_NONE)
        put_observed(s, of, steps, o);
    for (uint32_t f = 0; f < m->series->forecasts; f++) {
        mote_json_put_key(o,
                          mote_model_string(of->model, of->job->forecasts + f));
        put_forecast(s, numbers, f, before, steps, o);
    }
    mote_json_put_close(o, '}');
}

void mote_forecasts_put(const struct mote_series *s,
                        const struct mote_forecast_numbers *numbers,
                        const struct mote_result_of *of,
                        struct mote_json_out *o)
{
    mote_json_put_open(o, '{');
    if (of)
        put_result(s, numbers, of, o);
    else
        put_reply(s, numbers, o);
    mote_json_put_close(o, '}');
}
