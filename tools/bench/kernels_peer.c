/* tools/bench/kernels_peer.c - see tools/bench/kernels_peer.h */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/model/file.h"
#include "tools/bench/kernels_peer.h"

/*
 * The part of the interface that is used. Its struct only ever grows at the
 * end: members have kept their places since version 1 of the library, and
 * `skip` counts those between. All but two return NULL or an error.
 */
struct status;
struct api {
    void *skip_0[2];
    const char *(*error_message)(const struct status *);
    struct status *(*create_env)(int level, const char *id, void **env);
    void *skip_4[3];
    struct status *(*create_session)(const void *env, const char *path,
                                     const void *options, void **session);
    void *skip_8[1];
    struct status *(*run)(void *session, const void *options,
                          const char *const *input_names,
                          const void *const *inputs, size_t ins,
                          const char *const *output_names, size_t outs,
                          void **outputs);
    struct status *(*create_options)(void **options);
    void *skip_11[12];
    struct status *(*set_optimization)(void *options, int level);
    struct status *(*set_intra_threads)(void *options, int threads);
    struct status *(*set_inter_threads)(void *options, int threads);
    void *skip_26[4];
    struct status *(*input_count)(const void *session, size_t *count);
    struct status *(*output_count)(const void *session, size_t *count);
    void *skip_32[4];
    struct status *(*input_name)(const void *session, size_t i, void *allocator,
                                 char **name);
    struct status *(*output_name)(const void *session, size_t i,
                                  void *allocator, char **name);
    void *skip_38[11];
    struct status *(*create_tensor)(const void *memory, void *data,
                                    size_t bytes, const int64_t *dims,
                                    size_t rank, int type, void **value);
    void *skip_50[19];
    struct status *(*create_cpu_memory)(int allocator, int type, void **memory);
    void *skip_70[8];
    struct status *(*default_allocator)(void **allocator);
    void *skip_79[15];
    void (*release_memory)(void *);
    void (*release_session)(void *);
    void (*release_value)(void *);
    void *skip_97[3];
    void (*release_options)(void *);
    void *skip_101[23];
    struct status *(*override_dimension)(void *options, const char *name,
                                         int64_t extent);
};
struct api_base {
    const struct api *(*get)(uint32_t version);
    const char *(*version)(void);
};

enum { WARNING = 2, OPTIMIZE_ALL = 99, ARENA_ALLOCATOR = 1 };

static const struct api *api;
static const struct api_base *base;
static void *env, *allocator, *memory;

static void need(const struct status *s, const char *what)
{
    if (!s)
        return;
    fprintf(stderr, "kernels: peer: %s: %s\n", what, api->error_message(s));
    exit(1);
}

void peer_library(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const struct api_base *(*entry)(void) = NULL;

    if (library)
        *(void **)&entry = dlsym(library, "OrtGetApiBase");
    if (!entry) {
        fprintf(stderr, "kernels: peer: %s\n", dlerror());
        exit(1);
    }
    base = entry();
    api = base->get(1);
    need(api->create_env(WARNING, "bench", &env), "environment");
    need(api->default_allocator(&allocator), "allocator");
    need(api->create_cpu_memory(ARENA_ALLOCATOR, 0, &memory), "memory");
}

const char *peer_version(void)
{
    return base->version();
}

struct peer {
    void *session;
    size_t rows, ins, outs;
    char *input_names[PEER_TENSORS], *output_names[PEER_TENSORS];
    void *outputs[PEER_TENSORS];
    void *inputs[]; /* [rows][ins] */
};

static int onnx_type(uint8_t dtype)
{
    static const int types[] = {
        [MOTE_F32] = 1, [MOTE_F64] = 11, [MOTE_S8] = 3,  [MOTE_U8] = 2,
        [MOTE_S16] = 5, [MOTE_S32] = 6,  [MOTE_S64] = 7, [MOTE_BOOL] = 9,
    };
    return types[dtype];
}

static void *value_of(const struct tensor *t, uint8_t *data)
{
    void *value;

    need(api->create_tensor(memory, data, t->bytes, t->dims, t->rank,
                            onnx_type(t->dtype), &value),
         "tensor");
    return value;
}

static void *session_of(const char *path, const struct symbols *symbols)
{
    void *options, *session;

    need(api->create_options(&options), "options");
    need(api->set_optimization(options, OPTIMIZE_ALL), "optimization");
    need(api->set_intra_threads(options, 1), "threads");
    need(api->set_inter_threads(options, 1), "threads");
    for (size_t i = 0; i < symbols->n; i++)
        need(api->override_dimension(options, symbols->names[i],
                                     symbols->extents[i]),
             "dimension");
    need(api->create_session(env, path, options, &session), path);
    api->release_options(options);
    return session;
}

struct peer *peer_open(const char *path, const struct symbols *symbols,
                       const struct tensor *in, size_t ins, uint8_t *inputs,
                       size_t rows, const struct tensor *out, size_t outs,
                       uint8_t *outputs)
{
    struct peer *p = calloc(1, sizeof *p + rows * ins * sizeof *p->inputs);
    size_t count;

    p->session = session_of(path, symbols);
    p->rows = rows;
    p->ins = ins;
    p->outs = outs;
    need(api->input_count(p->session, &count), path);
    if (count != ins) {
        fprintf(stderr, "kernels: %s: has %zu inputs, expected %zu\n", path,
                count, ins);
        exit(1);
    }
    for (size_t i = 0; i < ins; i++)
        need(api->input_name(p->session, i, allocator, p->input_names + i),
             path);
    for (size_t i = 0; i < rows * ins; i++) {
        p->inputs[i] = value_of(in + i % ins, inputs);
        inputs += in[i % ins].bytes;
    }
    for (size_t i = 0; i < outs; i++) {
        need(api->output_name(p->session, i, allocator, p->output_names + i),
             path);
        p->outputs[i] = value_of(out + i, outputs);
        outputs += out[i].bytes;
    }
    return p;
}

void peer_run(struct peer *p, size_t row)
{
    need(api->run(p->session, NULL, (const char *const *)p->input_names,
                  (const void *const *)p->inputs + row * p->ins, p->ins,
                  (const char *const *)p->output_names, p->outs, p->outputs),
         "run");
}

void peer_close(struct peer *p)
{
    for (size_t i = 0; i < p->rows * p->ins; i++)
        api->release_value(p->inputs[i]);
    for (size_t i = 0; i < p->outs; i++)
        api->release_value(p->outputs[i]);
    api->release_session(p->session);
    free(p);
}
