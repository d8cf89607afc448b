/* test/core/test_handle.c - events to replies, without a network: every shape,
 * every truncation, and mutations; the replies always parse. */
#include "test/test.h"
#include "core/function/handle.h"

static struct {
    struct mote_model model;
    struct mote_function function;
    _Alignas(4096) uint8_t blob[1 << 16], arena[1 << 16], scratch[1024];
    char event[1 << 16], reply[1 << 20];
} t;

/* As one that is part of the executable: only what start proves is proven. */
static void open_model(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct mote_where where = {0};

    if (!f) {
        printf("run from the root of the project: no %s\n", path);
        exit(1);
    }
    const size_t n = fread(t.blob, 1, sizeof t.blob, f);
    fclose(f);
    const enum mote_status s = mote_model_open(&t.model, t.blob, n, &where);
    if (s != MOTE_OK) {
        printf("%s: %s\n", path, where.expected);
        exit(1);
    }
    t.function = (struct mote_function){.model = &t.model, .arena = t.arena};
    mote_arena_init(&t.function.scratch, t.scratch, sizeof t.scratch);
}

static bool is_json(struct mote_text text)
{
    struct mote_json j;
    struct mote_json_token token;
    struct mote_where ignored;

    mote_json_begin(&j, text);
    do {
        if (mote_json_next(&j, &token, &ignored) != MOTE_OK)
            return false;
    } while (token.type != MOTE_JSON_DONE);
    return true;
}

/* The reply to an event, or the error it ends in; in t.reply. */
static struct mote_text handle(const char *event, size_t n, bool *good)
{
    struct mote_failure failure;
    struct mote_json_out o;
    char *copy = guarded(event, n); /* handling writes to it */

    if (!t.model.bytes)
        open_model("models/iris/iris.mote");
    mote_json_out_begin(&o, t.reply, sizeof t.reply);
    *good = mote_handle(&t.function, (struct mote_text){copy, n}, &o, &failure);
    if (!*good) {
        mote_json_out_begin(&o, t.reply, sizeof t.reply);
        mote_failure_put_invocation(&failure, MOTE_TEXT("id"), &o);
    }
    EXPECT(!o.full);
    const struct mote_text reply = {o.at, o.n};
    EXPECT(is_json(reply), "%.200s -> %.*s", event, (int)o.n, o.at);
    return reply;
}

#define ROW "5.7,2.8,4.5,1.3"
#define FULL                                                                   \
    "{\"label\":\"versicolor\",\"index\":1,\"scores\":{\"setosa\":"            \
    "0.006986984000964211,\"versicolor\":0.8601173984345981,"                  \
    "\"virginica\":0.13289561756443777},"                                      \
    "\"model\":{\"name\":\"iris\",\"version\":\"1.0.0\"}}"
#define HTTP2(method, path, rest)                                              \
    "{\"version\":\"2.0\",\"rawPath\":\"" path "\",\"requestContext\":{"       \
    "\"http\":{\"method\":\"" method "\"},\"stage\":\"$default\"}" rest "}"
#define KINESIS(number, data)                                                  \
    "{\"eventSource\":\"aws:kinesis\",\"kinesis\":{\"data\":\"" data           \
    "\",\"sequenceNumber\":\"" number "\"}}"

static const struct {
    const char *event;
    bool good;
    const char *part; /* of the reply; NULL: it is FULL, exactly */
} cases[] = {
    /* the forms of input */
    {"[" ROW "]", true, NULL},
    {" [ 5.70e0 , 28e-1,4.5,1.3 ] ", true, NULL},
    {"{\"petal_width\":1.3,\"sepal_length\":5.7,\"petal_length\":4.5,"
     "\"sepal\\u005fwidth\":2.8}",
     true, NULL},
    {"[[" ROW "],[" ROW "]]", true, "[" FULL "," FULL "]"},
    {"{\"instances\":[[" ROW "]]}", true, "{\"predictions\":[" FULL "]}"},
    {"{\"x\":{\"instances\":1},\"instances\":[],\"y\":[1]}", true,
     "{\"predictions\":[]}"},
    /* and what is wrong with it */
    {"[1,2,3]", false,
     "expected exactly 4 values, got 3 values; the features "
     "are sepal_length, sepal_width, petal_length, "
     "petal_width\""},
    {"[1,2,3,4,[5]]", false, "exactly 4 values, got 5 values"},
    {"[]", false, "exactly 4 values, got 0 values"},
    {"[[" ROW "],7]", false, "row 1: expected an array of values or an object"},
    {"[[" ROW "],[1,2,true,4]]", false,
     "row 1: petal_length: expected a number, got true"},
    {"[1,2,3,{\"a\":1}]", false,
     "petal_width: expected a number, got an object"},
    {"[1,2,3,null]", false, "petal_width: expected a number, got null"},
    {"[1,2,3,1e309]", false,
     "petal_width: expected a finite number, got 1e309"},
    {"{}", false, "sepal_length: expected a number, got nothing"},
    {"{\"sepal_length\":1,\"sepal_length\":2}", false,
     "sepal_length: expected this name once in a row, got it twice"},
    {"{\"colour\":1}", false, "expected the name of a feature, got colour"},
    {"\"text\"", false,
     "expected an array of values or an object of features, "
     "got a string"},
    {"", false, "at byte 0: expected a JSON value, got the end"},
    {"[1,2", false, "at byte 4: expected a comma or a closing bracket"},
    {"[" ROW "] x", false, "nothing after the value, got x"},
    {"{\"instances\":[[" ROW "]],}", false, "a quoted member name"},
    /* bare bodies */
    {"{\"body\":\"WzUuNywyLjgsNC41LDEuM10=\"}", true, NULL},
    {"{\"body\":\"[" ROW "]\"}", true, NULL},
    {"{\"body\":\"[" ROW "]\",\"isBase64Encoded\":false}", true, NULL},
    {"{\"body\":\"WzUuNywyLjgsNC41LDEuM10=\",\"isBase64Encoded\":true}", true,
     NULL},
    {"{\"body\":\"WzUuNywyLjgsNC41LDEuM10=\",\"isBase64Encoded\":false}", false,
     "at byte 0: expected a JSON value, got W"},
    {"{\"body\":\"[" ROW "]\",\"isBase64Encoded\":true}", false,
     "body: at byte 0: expected standard base64, got ["},
    {"{\"body\":null}", false, "body: expected the model's input, got null"},
    {"{\"body\":\"\"}", false, "body: expected the model's input, got nothing"},
    /* HTTP */
    {HTTP2("POST", "/", ",\"body\":\"[" ROW "]\""), true,
     "{\"statusCode\":200,\"headers\":{\"content-type\":\"application/json\"},"
     "\"isBase64Encoded\":false,\"body\":\"{\\\"label\\\":\\\"versicolor\\\","},
    {HTTP2("POST", "/predict/",
           ",\"body\":\"WzUuNywyLjgsNC41LDEuM10=\","
           "\"isBase64Encoded\":true"),
     true, "{\"statusCode\":200"},
    {HTTP2("POST", "/", ""), true, "{\"statusCode\":400"},
    {HTTP2("POST", "/", ",\"body\":\"[1]\""), true,
     "\\\"message\\\":\\\"expected exactly 4 values, got 1 values"},
    {HTTP2("GET", "/health", ""), true, "\\\"status\\\":\\\"ok\\\""},
    {HTTP2("GET", "/model", ""), true, "\\\"name\\\":\\\"petal_width\\\""},
    {HTTP2("GET", "/", ""), true, "\"allow\":\"POST\""},
    {HTTP2("GET", "/nowhere", ""), true, "{\"statusCode\":404"},
    {"{\"version\":\"1.0\",\"httpMethod\":\"GET\",\"path\":\"/prod/health\","
     "\"requestContext\":{\"stage\":\"prod\"},\"body\":null}",
     true, "{\"statusCode\":200"},
    {"{\"version\":\"1.0\",\"httpMethod\":\"GET\",\"path\":\"/production\","
     "\"requestContext\":{\"stage\":\"prod\"}}",
     true, "{\"statusCode\":404"},
    {"{\"httpMethod\":\"GET\",\"path\":\"/health\",\"requestContext\":{"
     "\"stage\":\"health\"}}",
     true, "{\"statusCode\":200"},
    {"{\"httpMethod\":\"GET\",\"path\":\"/prod/health\",\"requestContext\":{"
     "\"stage\":\"prod\"}}",
     true, "{\"statusCode\":404"},
    {"{\"httpMethod\":\"GET\",\"path\":\"/x\",\"headers\":{},"
     "\"requestContext\":{\"elb\":{}}}",
     true, "\"statusDescription\":\"404 Not Found\",\"headers\":{"},
    {"{\"httpMethod\":\"GET\",\"path\":\"/x\",\"multiValueHeaders\":{"
     "\"user-agent\":[\"ELB-HealthChecker/2.0\"]},\"requestContext\":{"
     "\"elb\":{}}}",
     true, "\"multiValueHeaders\":{\"content-type\":[\"application/json\"]}"},
    /* queues, streams, batches */
    {"{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":\"a\","
     "\"body\":\"[" ROW "]\"},{\"messageId\":\"b\",\"body\":\"[1]\"},"
     "{\"messageId\":\"c\",\"body\":\"[" ROW "]\"}]}",
     true, "{\"batchItemFailures\":[{\"itemIdentifier\":\"b\"}]}"},
    {"{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":\"a\","
     "\"body\":\"[1]\",\"attributes\":{\"MessageGroupId\":\"g\"}},"
     "{\"messageId\":\"b\",\"body\":\"[" ROW "]\"}]}",
     true,
     "{\"batchItemFailures\":[{\"itemIdentifier\":\"a\"},"
     "{\"itemIdentifier\":\"b\"}]}"},
    {"{\"Records\":[" KINESIS("1", "WzUuNywyLjgsNC41LDEuM10=") "," KINESIS(
         "2", "IiI=") "," KINESIS("3", "") "]}",
     true, "{\"batchItemFailures\":[{\"itemIdentifier\":\"2\"}]}"},
    {"{\"Records\":[" KINESIS(
         "1", "WzUuNywyLjgsNC41LDEuM10=") "],\"window\":"
                                          "{},\"state\":{\"a\":1}}",
     true, "{\"batchItemFailures\":[],\"state\":{\"a\":1}}"},
    {"{\"Records\":[{\"eventSource\":\"aws:dynamodb\",\"eventName\":\"INSERT\","
     "\"dynamodb\":{\"SequenceNumber\":\"7\",\"NewImage\":{\"id\":{\"S\":\"x\"}"
     ","
     "\"sepal_length\":{\"N\":\"5.7\"},\"sepal_width\":{\"N\":\"2.8\"},"
     "\"petal_length\":{\"N\":\"4.5\"},\"petal_width\":{\"S\":\"1.3\"}}}}]}",
     true, "{\"batchItemFailures\":[{\"itemIdentifier\":\"7\"}]}"},
    {"{\"Records\":[{\"eventSource\":\"aws:dynamodb\",\"eventName\":\"REMOVE\","
     "\"dynamodb\":{}}]}",
     true, "{\"batchItemFailures\":[]}"},
    {"{\"Records\":[{\"EventSource\":\"aws:sns\",\"Sns\":{\"Message\":"
     "\"[" ROW "]\"}}]}",
     true, "null"},
    {"{\"eventSource\":\"aws:kafka\",\"records\":{\"t-0\":[{\"value\":"
     "\"WzFd\"}]}}",
     false, "exactly 4 values"},
    {"{\"Records\":[{\"eventSource\":\"aws:s3\"}]}", false,
     "\"errorType\":\"Function.Unsupported\""},
    {"{\"invocationSchemaVersion\":\"2.0\",\"invocationId\":\"i\",\"tasks\":[{"
     "\"taskId\":\"t\",\"s3Key\":\"a+b%2Fc%20d\\\"\"}]}",
     true,
     "{\"invocationSchemaVersion\":\"2.0\",\"treatMissingKeysAs\":"
     "\"PermanentFailure\",\"invocationId\":\"i\",\"results\":[{\"taskId\":"
     "\"t\",\"resultCode\":\"PermanentFailure\",\"resultString\":\"expected "
     "the "
     "model's input, as JSON, in the key, got a b/c d\\\"\"}]}"},
    {"{\"Items\":[[" ROW "],{\"sepal_length\":1}]}", false,
     "row 1: sepal_width: expected a number, got nothing"},
    {"{\"Items\":[],\"BatchInput\":{}}", true, "[]"},
    {"{\"Items\":[\"a\"]}", false, "row 0: expected an array of values"},
    /* pings, schedules, and what only looks like one */
    {"{\"version\":\"0\",\"detail-type\":\"Scheduled Event\",\"source\":"
     "\"aws.events\",\"detail\":{}}",
     true, "{\"status\":\"ok\""},
    {"{\"warmer\":true,\"concurrency\":3}", true, "{\"status\":\"ok\""},
    {"{\"Event\":{\"source\":\"serverless-plugin-warmup\"}}", true,
     "{\"status\":\"ok\""},
    {"{\"xlambda\":{\"action\":\"warm_up\"}}", true, "{\"status\":\"ok\""},
    {"{\"warmer\":1}", false, "the name of a feature"},
    {"{\"DurableExecutionArn\":\"a\",\"CheckpointToken\":\"b\"}", false,
     "durable execution"},
};

static void answers(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *part = cases[i].part ? cases[i].part : FULL;
        bool good;
        const struct mote_text reply =
            handle(cases[i].event, strlen(cases[i].event), &good);
        t.reply[reply.n] = '\0';
        EXPECT(good == cases[i].good, "%s -> %s", cases[i].event, t.reply);
        EXPECT(strstr(t.reply, part), "%s -> %s", cases[i].event, t.reply);
        if (!cases[i].part)
            EXPECT(reply.n == strlen(FULL), "%s -> %s", cases[i].event,
                   t.reply);
    }
}

/* No truncation is answered: whatever is cut off is missed. */
static void refuses_every_truncation(void)
{
    bool good;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t end = strlen(cases[i].event);
        if (cases[i].event[end ? end - 1 : 0] == 'x')
            continue; /* the one that is too long */
        while (end && cases[i].event[end - 1] == ' ')
            end--;
        for (size_t n = 0; n < end; n++) {
            handle(cases[i].event, n, &good);
            EXPECT(!good, "%.*s", (int)n, cases[i].event);
        }
    }
}

/* Mutated events end in a reply or an error that parses; ASan and the guard
 * page watch over what is read on the way. */
static void survives_mutations(void)
{
    static const char bytes[] = "{}[]\":,\\u0e-+.1nft \x80\xC3\xFF%=";
    uint64_t seed = 11;

    for (uint64_t round = 0; round < test_count(200, 20000); round++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            const size_t n = strlen(cases[i].event);
            bool good;
            memcpy(t.event, cases[i].event, n);
            for (uint64_t k = test_random(&seed) % 3; n && k < 3; k++) {
                const uint64_t r = test_random(&seed);
                t.event[r % n] = bytes[(r >> 32) % (sizeof bytes - 1)];
            }
            handle(t.event, n, &good);
        }
}

/* A batch longer than one run of the plan gives what single rows give. */
static void batches_equal_single_rows(void)
{
    char row[64];
    size_t n = 0;
    bool good;

    n += (size_t)sprintf(t.event + n, "[");
    for (int i = 0; i < 150; i++)
        n += (size_t)sprintf(t.event + n, "%s[%g,%g,%g,%g]", i ? "," : "",
                             4 + i * 0.02, 2 + i * 0.01, 1 + i * 0.03,
                             0.1 + i * 0.015);
    n += (size_t)sprintf(t.event + n, "]");
    const struct mote_text batch = handle(t.event, n, &good);
    EXPECT(good);
    char *copy = malloc(batch.n + 1);
    memcpy(copy, batch.at, batch.n);
    copy[batch.n] = '\0';
    const char *at = copy + 1;
    for (int i = 0; i < 150; i++) {
        const size_t length =
            (size_t)sprintf(row, "[%g,%g,%g,%g]", 4 + i * 0.02, 2 + i * 0.01,
                            1 + i * 0.03, 0.1 + i * 0.015);
        const struct mote_text one = handle(row, length, &good);
        EXPECT(good && !strncmp(at, one.at, one.n), "row %d", i);
        at += one.n + 1;
    }
    EXPECT(*at == '\0');
    free(copy);
}

/* Replies that do not fit end in an error, at every size of the buffer. */
static void within_any_reply_buffer(void)
{
    static const char event[] = "[[" ROW "],[" ROW "]]";
    bool good;
    const size_t whole = handle(event, sizeof event - 1, &good).n;

    for (size_t cap = 0; cap <= whole; cap++) {
        struct mote_failure failure;
        struct mote_json_out o;
        char *copy = guarded(event, sizeof event - 1);
        mote_json_out_begin(&o, guarded(t.reply, cap), cap);
        good =
            mote_handle(&t.function, (struct mote_text){copy, sizeof event - 1},
                        &o, &failure);
        EXPECT(good == (cap == whole), "%zu", cap);
        if (!good)
            EXPECT(!strcmp(failure.type, "ResponseSizeTooLarge"), "%zu", cap);
    }
}

/* Weights that do not decode are no fault of the sender. */
static void says_that_weights_are_damaged(void)
{
    static const char row[] = "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
                              "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]";
    bool good;

    open_model("test/golden/good/coded_dense.mote");
    handle(row, sizeof row - 1, &good);
    EXPECT(good);
    open_model("test/golden/bad/data_coded_ends_beyond.mote");
    const struct mote_text reply = handle(row, sizeof row - 1, &good);
    EXPECT(!good && strstr(reply.at, "Function.ModelDamaged"), "%s", reply.at);
    open_model("models/iris/iris.mote");
}

static const struct test_case tests[] = {
    {"damaged weights", says_that_weights_are_damaged},
    {"answers", answers},
    {"refuses every truncation", refuses_every_truncation},
    {"survives mutations", survives_mutations},
    {"batches equal single rows", batches_equal_single_rows},
    {"within any reply buffer", within_any_reply_buffer},
};
TEST_MAIN(tests)
