/* core/function/http.c - see core/function/http.h */
#include "core/function/http.h"
#include "core/base/base64.h"
#include "core/base/url.h"
#include "core/function/describe.h"
#include "core/function/results.h"

/* ------------------------------------------------------------------------
 * The request
 */
struct request {
    struct mote_text method, path;
};

/* HTTP APIs put the stage's name before the path, unless it is the default;
 * REST APIs, whose events have no version, never do. */
static struct mote_text without_stage(struct mote_text path,
                                      struct mote_text stage)
{
    if (stage.n && path.n > stage.n && path.at[0] == '/' &&
        memcmp(path.at + 1, stage.at, stage.n) == 0 &&
        (path.n == stage.n + 1 || path.at[stage.n + 1] == '/')) {
        path.at += stage.n + 1;
        path.n -= stage.n + 1;
    }
    return path;
}

static struct request read_request(const struct mote_event *e)
{
    const struct mote_text context = e->keys[MOTE_KEY_REQUEST_CONTEXT];
    const bool http2 = e->shape == MOTE_SHAPE_HTTP;
    /* all found first: reading a string ends the JSON around it */
    const struct mote_text stage = mote_value_at(context, "stage", NULL);
    const struct mote_text method =
        http2 ? mote_value_at(context, "http", "method")
              : e->keys[MOTE_KEY_HTTP_METHOD];
    const struct mote_text path =
        e->keys[http2 ? MOTE_KEY_RAW_PATH : MOTE_KEY_PATH];

    return (struct request){
        .method = mote_value_string(method),
        .path = e->keys[MOTE_KEY_VERSION].n
                    ? without_stage(mote_value_string(path),
                                    mote_value_string(stage))
                    : mote_value_string(path),
    };
}

/* A target group asking whether it may send requests; on any path. */
static bool is_health_check(const struct mote_event *e)
{
    const bool multi = e->shape == MOTE_SHAPE_ALB_MULTI;

    if (!multi && e->shape != MOTE_SHAPE_ALB)
        return false;
    const struct mote_text agent = mote_value_at(
        e->keys[multi ? MOTE_KEY_MULTI_HEADERS : MOTE_KEY_HEADERS],
        "user-agent", NULL);
    return mote_text_starts(agent, MOTE_TEXT("\"ELB-HealthChecker/")) ||
           mote_text_starts(agent, MOTE_TEXT("[\"ELB-HealthChecker/"));
}

/* Whether all of text is one JSON value. */
static bool is_json(struct mote_text text)
{
    struct mote_json_token t;
    struct mote_where ignored;
    struct mote_json j;

    mote_json_begin(&j, text);
    do {
        if (mote_json_next(&j, &t, &ignored) != MOTE_OK)
            return false;
    } while (t.type != MOTE_JSON_DONE);
    return true;
}

bool mote_http_body(const struct mote_event *event, bool guess,
                    struct mote_text *body, struct mote_failure *failure)
{
    const struct mote_text value = event->keys[MOTE_KEY_BODY];
    const struct mote_text flag = event->keys[MOTE_KEY_IS_BASE64];
    const bool flagged = mote_text_equal(flag, MOTE_TEXT("true"));
    struct mote_where where = {.row = MOTE_NO_ROW, .field = MOTE_TEXT("body")};

    *body = mote_value_string(value);
    if (body->n == 0) {
        where.expected = "the model's input";
        where.got = value.n && !mote_value_is_string(value)
                        ? value
                        : MOTE_TEXT("nothing");
        mote_failure_input(failure, MOTE_E_SCHEMA, &where);
        return false;
    }
    guess = guess && !mote_text_equal(flag, MOTE_TEXT("false"));
    if (!flagged && !(guess && !is_json(*body)))
        return true;
    const enum mote_status s =
        mote_base64_decode((char *)body->at, &body->n, *body, &where);
    if (s == MOTE_OK)
        return true;
    if (!flagged)
        where.expected = "JSON, or standard base64 of it";
    mote_failure_input(failure, s, &where);
    return false;
}

/* ------------------------------------------------------------------------
 * The answer
 */
static struct mote_text reason_of(int status)
{
    switch (status) {
    case 200:
        return MOTE_TEXT("200 OK");
    case 400:
        return MOTE_TEXT("400 Bad Request");
    case 404:
        return MOTE_TEXT("404 Not Found");
    case 405:
        return MOTE_TEXT("405 Method Not Allowed");
    case 413:
        return MOTE_TEXT("413 Content Too Large");
    }
    return MOTE_TEXT("500 Internal Server Error");
}

static void put_header(struct mote_json_out *o, bool multi,
                       struct mote_text name, struct mote_text value)
{
    mote_json_put_key(o, name);
    if (multi)
        mote_json_put_open(o, '[');
    mote_json_put_string(o, value);
    if (multi)
        mote_json_put_close(o, ']');
}

/* Everything before the body's first byte. */
static void open_envelope(struct mote_json_out *o, enum mote_shape shape,
                          int status, struct mote_text allow)
{
    const bool multi = shape == MOTE_SHAPE_ALB_MULTI;

    mote_json_put_open(o, '{');
    mote_json_put_key(o, MOTE_TEXT("statusCode"));
    mote_json_put_uint(o, (uint64_t)status);
    if (multi || shape == MOTE_SHAPE_ALB)
        mote_json_put_member(o, MOTE_TEXT("statusDescription"),
                             reason_of(status));
    mote_json_put_key(o, multi ? MOTE_TEXT("multiValueHeaders")
                               : MOTE_TEXT("headers"));
    mote_json_put_open(o, '{');
    put_header(o, multi, MOTE_TEXT("content-type"),
               MOTE_TEXT("application/json"));
    if (allow.n)
        put_header(o, multi, MOTE_TEXT("allow"), allow);
    mote_json_put_close(o, '}');
    mote_json_put_key(o, MOTE_TEXT("isBase64Encoded"));
    mote_json_put_bool(o, false);
    mote_json_put_key(o, MOTE_TEXT("body"));
    mote_json_put_embedded(o, true);
}

static void close_envelope(struct mote_json_out *o)
{
    mote_json_put_embedded(o, false);
    mote_json_put_close(o, '}');
}

static void answer_failure(struct mote_json_out *o, enum mote_shape shape,
                           const struct mote_failure *failure,
                           struct mote_text allow)
{
    open_envelope(o, shape, failure->http, allow);
    mote_failure_put(failure, o);
    close_envelope(o);
}

static size_t longest_reply(enum mote_shape shape)
{
    /* source  Elastic Load Balancing, "Lambda functions as targets": limits */
    return shape == MOTE_SHAPE_ALB || shape == MOTE_SHAPE_ALB_MULTI
               ? (size_t)1 << 20
               : SIZE_MAX;
}

/* Ends the reply that began at start: if it is good, and no longer than may be;
 * else failure is the reply. */
static void end_reply(struct mote_function *f, const struct mote_event *e,
                      const struct mote_json_out *start, bool good,
                      struct mote_failure *failure, struct mote_json_out *o)
{
    if (good) {
        close_envelope(o);
        if (!o->full && o->n - start->n <= longest_reply(e->shape))
            return;
        mote_failure_plain(failure, 413, "ResponseSizeTooLarge",
                           "the result is larger than a reply may "
                           "be; send fewer rows at once");
    }
    *o = *start;
    mote_failure_tell(failure, f->log, MOTE_TEXT("status"),
                      (uint64_t)failure->http);
    answer_failure(o, e->shape, failure, MOTE_TEXT(""));
}

static void answer_predict(struct mote_function *f, const struct mote_event *e,
                           struct mote_json_out *o)
{
    const struct mote_json_out start = *o;
    struct mote_failure failure;
    struct mote_text body;

    open_envelope(o, e->shape, 200, MOTE_TEXT(""));
    const bool good = mote_http_body(e, false, &body, &failure) &&
                      mote_predict(f, body, o, &failure);
    end_reply(f, e, &start, good, &failure, o);
}

/* The value of a parameter of the query, as JSON; of several, the last. */
static struct mote_text find_parameter(const struct mote_event *e,
                                       const char *name)
{
    if (e->shape == MOTE_SHAPE_ALB_MULTI)
        return mote_value_last(
            mote_value_at(e->keys[MOTE_KEY_MULTI_QUERY], name, NULL));
    return mote_value_at(e->keys[MOTE_KEY_QUERY], name, NULL);
}

/* The text of the query. API Gateway and function URLs have decoded it, load
 * balancers have not. */
static bool read_query(const struct mote_event *e, struct mote_text *text,
                       struct mote_failure *failure)
{
    struct mote_text value = find_parameter(e, "text");

    if (!value.n)
        value = find_parameter(e, "sentence");
    if (!mote_value_is_string(value)) {
        const struct mote_where where = {
            .row = MOTE_NO_ROW,
            .field = MOTE_TEXT("text"),
            .expected = "a text in the query: /predict?text=...",
            .got = value.n ? value : MOTE_TEXT("nothing"),
        };
        mote_failure_input(failure, MOTE_E_SCHEMA, &where);
        return false;
    }
    *text = mote_value_string(value);
    if (e->shape == MOTE_SHAPE_ALB || e->shape == MOTE_SHAPE_ALB_MULTI)
        *text = mote_url_decode(*text);
    return true;
}

/* GET /predict?text=... */
static void answer_query(struct mote_function *f, const struct mote_event *e,
                         struct mote_json_out *o)
{
    const struct mote_json_out start = *o;
    struct mote_failure failure;
    struct mote_text text;

    open_envelope(o, e->shape, 200, MOTE_TEXT(""));
    const bool good = read_query(e, &text, &failure) &&
                      mote_predict_text(f, text, o, &failure);
    end_reply(f, e, &start, good, &failure, o);
}

static void answer_health(struct mote_function *f, const struct mote_event *e,
                          struct mote_json_out *o)
{
    open_envelope(o, e->shape, 200, MOTE_TEXT(""));
    mote_json_put_open(o, '{');
    mote_json_put_member(o, MOTE_TEXT("status"), MOTE_TEXT("ok"));
    mote_results_put_model(f->model, o);
    mote_json_put_close(o, '}');
    close_envelope(o);
}

static void answer_model(struct mote_function *f, const struct mote_event *e,
                         struct mote_json_out *o)
{
    open_envelope(o, e->shape, 200, MOTE_TEXT(""));
    mote_describe(f->model, o);
    close_envelope(o);
}

static const struct route {
    const char *path, *method;
    void (*answer)(struct mote_function *f, const struct mote_event *e,
                   struct mote_json_out *o);
} routes[] = {
    {"/", "POST", answer_predict},
    {"/predict", "POST", answer_predict},
    {"/health", "GET", answer_health},
    {"/model", "GET", answer_model},
};
/* of a model that takes a text */
static const struct route query = {"/predict", "GET", answer_query};

static const struct route *find_route(struct mote_text path)
{
    while (path.n > 1 && path.at[path.n - 1] == '/')
        path.n--;
    if (path.n == 0) /* a stage's own root */
        path = MOTE_TEXT("/");
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        if (mote_text_equal(path, mote_text_of(routes[i].path)))
            return routes + i;
    return NULL;
}

void mote_http_answer(struct mote_function *f, const struct mote_event *event,
                      struct mote_json_out *o)
{
    if (is_health_check(event)) {
        answer_health(f, event, o);
        return;
    }
    const struct request request = read_request(event);
    const struct route *route = find_route(request.path);
    const bool both =
        route && mote_is_text(f->model->features) &&
        mote_text_equal(mote_text_of(route->path), mote_text_of(query.path));
    struct mote_failure failure;

    if (both && mote_text_equal(request.method, mote_text_of(query.method)))
        route = &query;

    if (!route) {
        mote_failure_plain(
            &failure, 404, "NotFound",
            mote_is_text(f->model->features)
                ? "the routes are POST /, POST and GET /predict, "
                  "GET /health and GET /model"
                : "the routes are POST /, POST /predict, "
                  "GET /health and GET /model");
        answer_failure(o, event->shape, &failure, MOTE_TEXT(""));
    } else if (!mote_text_equal(request.method, mote_text_of(route->method))) {
        mote_failure_plain(&failure, 405, "MethodNotAllowed",
                           "this route takes another method, see the "
                           "allow header");
        answer_failure(o, event->shape, &failure,
                       both ? MOTE_TEXT("GET, POST")
                            : mote_text_of(route->method));
    } else {
        route->answer(f, event, o);
    }
}
