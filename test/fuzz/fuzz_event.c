/* test/fuzz/fuzz_event.c - any bytes as an event for iris, and for models that
 * take a text; replies parse. */
#include "core/function/handle.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *const files[] = {
    "models/iris/iris.mote",
    "test/golden/good/text_class.mote",
    "test/golden/good/text_embedding.mote",
};
#define FILES (sizeof files / sizeof *files)

static struct subject {
    struct mote_model model;
    struct mote_function function;
    _Alignas(4096) uint8_t blob[1 << 16], arena[1 << 16], scratch[1024];
} subjects[FILES];
static char reply[1 << 22];

static void open_model(struct subject *t, const char *name)
{
    FILE *f = fopen(name, "rb");
    struct mote_where where;

    if (!f ||
        mote_model_open(&t->model, t->blob,
                        fread(t->blob, 1, sizeof t->blob, f),
                        &where) != MOTE_OK ||
        t->model.header->request_arena > sizeof t->arena)
        abort();
    fclose(f);
    t->function = (struct mote_function){.model = &t->model, .arena = t->arena};
    mote_arena_init(&t->function.scratch, t->scratch, sizeof t->scratch);
}

static void check_json(struct mote_text text)
{
    struct mote_json j;
    struct mote_json_token token;
    struct mote_where where;

    mote_json_begin(&j, text);
    do {
        if (mote_json_next(&j, &token, &where) != MOTE_OK)
            abort();
    } while (token.type != MOTE_JSON_DONE);
}

static void ask(struct subject *t, const uint8_t *data, size_t n)
{
    struct mote_failure failure;
    struct mote_json_out o;
    char *event = malloc(n + (n == 0));

    memcpy(event, data, n);
    mote_json_out_begin(&o, reply, sizeof reply);
    if (!mote_handle(&t->function, (struct mote_text){event, n}, &o,
                     &failure)) {
        char text[MOTE_FAILURE_TEXT];
        mote_failure_message(&failure, true, text);
        mote_json_out_begin(&o, reply, sizeof reply);
        mote_failure_put_invocation(&failure, MOTE_TEXT("id"), &o);
    }
    check_json((struct mote_text){o.at, o.n});
    free(event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    for (size_t i = 0; i < FILES; i++) {
        if (!subjects[i].model.bytes)
            open_model(subjects + i, files[i]);
        ask(subjects + i, data, n);
    }
    return 0;
}
