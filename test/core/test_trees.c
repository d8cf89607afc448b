/*
 * test/core/test_trees.c - walks and sums of trees against a walker written
 * from what trainers document, on numbers, with no keys and no tables:
 *
 *   scikit-learn  x <= t goes left (sklearn/tree: Tree.apply)
 *   XGBoost       x < t goes left; NaN by the node's default; a category goes
 *                 right when it is in the node's set, left when it is not,
 *                 and what is no category left (common/categorical.h)
 *   LightGBM      x <= t goes left; a category in the set goes left, others,
 *                 NaN and negative ones right (tree.h: CategoricalDecision)
 */
#include "test/test.h"
#include "core/kernel/trees.h"
#include <float.h>
#include <math.h>

enum { FEATURES = 5, NODES = 255, TREES = 19, SETS = 64, ROWS = 40 };
enum rule { SKLEARN, XGBOOST, LIGHTGBM };

struct node {
    int feature, left; /* left < 0: a leaf; right is another index */
    int right, height;
    double threshold;
    bool missing_left, is_set;
    uint64_t set; /* categories 0 to 49 */
};

struct tree {
    struct node nodes[NODES];
    int count;
};

static struct tree forest[TREES];

static bool goes_left(const struct node *n, double x, enum rule rule)
{
    const bool is_category = rule == LIGHTGBM ? x > -1 : x >= 0;
    const bool in = is_category && x < 50 && (n->set >> (int)x & 1);

    if (n->is_set && rule == LIGHTGBM)
        return !isnan(x) && in;
    if (isnan(x))
        return n->missing_left;
    if (n->is_set)
        return !in;
    return rule == XGBOOST ? x < n->threshold : x <= n->threshold;
}

static int reference(const struct tree *t, const double *x, enum rule rule)
{
    int i = 0;
    while (t->nodes[i].left >= 0)
        i = goes_left(t->nodes + i, x[t->nodes[i].feature], rule)
                ? t->nodes[i].left
                : t->nodes[i].right;
    return i;
}

/* ------------------------------------------------------------------------
 * Random forests
 */
static double pick_number(uint64_t *seed, bool wide)
{
    static const double special[] = {0,        -0.0,       1,        -1,
                                     INFINITY, -INFINITY,  0x1p-149, -0x1p-149,
                                     0x1p-126, 0x1.8p-140, FLT_MAX,  -FLT_MAX,
                                     1e-35f,   7,          31};
    const uint64_t r = test_random(seed);
    if (r % 3 == 0)
        return special[r / 3 % (sizeof special / sizeof *special)];
    const double x = (double)(int64_t)(r >> 20) * 0x1p-42 - 2;
    return wide ? x : (float)x;
}

static int grow(struct tree *t, int depth, bool sets, bool wide, uint64_t *seed)
{
    const int i = t->count++;
    const uint64_t r = test_random(seed);
    struct node *n = t->nodes + i;

    *n = (struct node){.left = -1, .feature = (int)(r % FEATURES)};
    if (depth == 0 || (r >> 8) % 8 == 0)
        return i;
    n->threshold = pick_number(seed, wide);
    n->missing_left = r >> 16 & 1;
    n->is_set = sets && r >> 17 & 1;
    n->set = test_random(seed) & ((UINT64_C(1) << 50) - 1);
    const int left = grow(t, depth - 1, sets, wide, seed);
    const int right = grow(t, depth - 1, sets, wide, seed);
    const int lh = t->nodes[left].height, rh = t->nodes[right].height;
    n->left = left, n->right = right, n->height = 1 + (lh > rh ? lh : rh);
    return i;
}

/* Numbers at, just below and just above every threshold, and special ones. */
static size_t make_rows(double rows[][FEATURES], bool wide, uint64_t *seed)
{
    for (size_t r = 0; r < ROWS; r++)
        for (size_t k = 0; k < FEATURES; k++) {
            const struct tree *t = forest + test_random(seed) % TREES;
            const struct node *n = t->nodes + test_random(seed) % t->count;
            const uint64_t how = test_random(seed) % 8;
            double x = n->left < 0 ? pick_number(seed, wide) : n->threshold;
            if (how < 2)
                x = wide ? nextafter(x, how ? INFINITY : -INFINITY)
                         : nextafterf((float)x, how ? INFINITY : -INFINITY);
            else if (how == 2)
                x = NAN;
            else if (how == 3)
                x = (double)(test_random(seed) % 120) / 2 - 3;
            rows[r][k] = x;
        }
    return ROWS;
}

/* ------------------------------------------------------------------------
 * Tables
 */
struct tables {
    char *keys, *features; /* heap */
    char *nodes;           /* linked */
    uint32_t *sets, *roots;
    size_t node_count, set_words, groups;
    uint32_t depth;
    bool wide, many;
    int *ends; /* node of the tree, by leaf: see ends_at */
};

static uint64_t key_of(double t, bool wide)
{
    uint64_t keys64[3];
    uint32_t keys32[3];
    const float narrow = (float)t;

    mote_trees_keys_f64(&t, keys64, 1, MOTE_TREES_NO_SETS);
    mote_trees_keys_f32(&narrow, keys32, 1, MOTE_TREES_NO_SETS);
    return wide ? keys64[0] : keys32[0];
}

static uint64_t threshold_key(const struct node *n, enum rule rule, bool wide)
{
    return key_of(n->threshold, wide) - (rule == XGBOOST);
}

static void put(char *table, size_t i, uint64_t x, size_t bytes)
{
    memcpy(table + i * bytes, &x, bytes); /* little-endian */
}

/* ends[leaf]: the tree's node that a leaf of the heap stands for. */
static void fill_heap(struct tables *h, const struct tree *t, int node,
                      size_t first, size_t i, uint32_t depth, enum rule rule)
{
    const struct node *n = t->nodes + node;
    const bool is_leaf = n->left < 0;
    const size_t leaves = (size_t)8 << h->depth;

    if (depth == 0) {
        h->ends[first + i - leaves] = node;
        return;
    }
    put(h->keys, first + i, is_leaf ? 0x55 : threshold_key(n, rule, h->wide),
        h->wide ? 8 : 4);
    put(h->features, first + i,
        (uint64_t)(n->feature + (n->missing_left ? FEATURES : 0)),
        h->many ? 2 : 1);
    fill_heap(h, t, is_leaf ? node : n->left, first, 2 * i, depth - 1, rule);
    fill_heap(h, t, is_leaf ? node : n->right, first, 2 * i + 1, depth - 1,
              rule);
}

static char room[4][1 << 20];
static int ends[1 << 18];

/* As guarded(), in a place of its own that lasts until its next use. */
static void *fenced(int place, const void *bytes, size_t n)
{
    static char *pages[4];
    const size_t size = sizeof *room;

    if (!pages[place]) {
        pages[place] = mmap(NULL, size + 4096, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (pages[place] == MAP_FAILED ||
            mprotect(pages[place] + size, 4096, PROT_NONE))
            abort();
    }
    return memcpy(pages[place] + size - n, bytes, n);
}

static struct tables heap_of(bool wide, bool many, enum rule rule)
{
    struct tables h = {
        .wide = wide, .many = many, .ends = ends, .groups = (TREES + 7) / 8};

    for (int t = 0; t < TREES; t++)
        if (forest[t].nodes[0].height > (int)h.depth)
            h.depth = (uint32_t)forest[t].nodes[0].height;
    const size_t leaves = (size_t)8 << h.depth, all = h.groups * leaves;
    h.keys = memset(room[0], 0, all * 8);
    h.features = memset(room[1], 0, all * 2);
    for (size_t t = 0; t < TREES; t++)
        fill_heap(&h, forest + t, 0, t / 8 * leaves, 8 + t % 8, h.depth, rule);
    h.keys = fenced(0, h.keys, all * (wide ? 8 : 4));
    h.features = fenced(1, h.features, all * (many ? 2 : 1));
    return h;
}

static void put_node(struct tables *l, size_t at, uint64_t key, uint32_t column,
                     int height, uint32_t left)
{
    const uint32_t word = column | (uint32_t)height << 16;
    if (l->wide) {
        put(l->nodes, 2 * at, key, 8);
        put(l->nodes, 2 * at + 1, word | (uint64_t)left << 32, 8);
    } else {
        put(l->nodes, 3 * at, key, 4);
        put(l->nodes, 3 * at + 1, word, 4);
        put(l->nodes, 3 * at + 2, left, 4);
    }
}

/* A set of categories 0 to 49: the bits of a NaN and of others come first. */
static uint32_t put_set(struct tables *l, const struct node *n, enum rule rule)
{
    const uint64_t in = rule == LIGHTGBM ? n->set : ~n->set;
    const uint64_t bits = (in << 2 & ((UINT64_C(1) << 52) - 1)) |
                          (rule == LIGHTGBM ? 0 : 2u | n->missing_left);
    const uint32_t at = (uint32_t)l->set_words;

    l->sets[at] = 52;
    memcpy(l->sets + at + 1, &bits, sizeof bits);
    l->set_words += 3;
    return at;
}

static void link_node(struct tables *l, const struct tree *t, int node,
                      size_t at, enum rule rule)
{
    const struct node *n = t->nodes + node;

    if (n->left < 0) {
        put_node(l, at, (uint64_t)node, 2 * FEATURES, 0, (uint32_t)at);
        return;
    }
    const uint32_t left = (uint32_t)l->node_count;
    l->node_count += 2;
    if (n->is_set)
        put_node(l, at, put_set(l, n, rule),
                 (uint32_t)(2 * FEATURES + 1 + n->feature), n->height, left);
    else
        put_node(l, at, threshold_key(n, rule, l->wide),
                 (uint32_t)(n->feature + (n->missing_left ? FEATURES : 0)),
                 n->height, left);
    link_node(l, t, n->left, left, rule);
    link_node(l, t, n->right, left + 1, rule);
}

static struct tables linked_of(bool wide, bool sets, enum rule rule)
{
    struct tables l = {.wide = wide,
                       .nodes = room[0],
                       .sets = (uint32_t *)room[1],
                       .roots = (uint32_t *)room[2],
                       .groups = (TREES + 7) / 8};

    if (sets) /* one that numeric nodes look at */
        put_set(&l, forest[0].nodes, rule);
    for (size_t t = 0; t < 8 * l.groups; t++) {
        if (t < TREES) {
            l.roots[t] = (uint32_t)l.node_count++;
            link_node(&l, forest + t, 0, l.roots[t], rule);
        } else {
            l.roots[t] = 0;
        }
    }
    l.nodes = fenced(0, l.nodes, l.node_count * (wide ? 16 : 12));
    l.roots = fenced(1, l.roots, l.groups * 32);
    l.sets = sets ? fenced(2, l.sets, l.set_words * 4) : NULL;
    return l;
}

/* ------------------------------------------------------------------------
 * Walks
 */
static size_t key_bytes(bool wide, bool sets)
{
    return mote_trees_columns(FEATURES, sets) * (wide ? 8 : 4);
}

static const void *keys_of(const double *x, bool wide,
                           enum mote_trees_category c)
{
    float narrow[FEATURES];
    void *at = fenced(3, room[3], key_bytes(wide, c));

    for (size_t k = 0; k < FEATURES; k++)
        narrow[k] = (float)x[k];
    if (wide)
        mote_trees_keys_f64(x, at, FEATURES, c);
    else
        mote_trees_keys_f32(narrow, at, FEATURES, c);
    return at;
}

static void heap_walks(bool wide, bool many, enum rule rule, uint64_t *seed)
{
    static double rows[ROWS][FEATURES];
    const struct tables t = heap_of(wide, many, rule);
    const struct mote_trees_heap h = {t.keys, t.features, wide, many, t.depth};
    const struct mote_trees_heap_impl *v;
    uint32_t leaf[8];

    make_rows(rows, wide, seed);
    for (size_t r = 0; r < ROWS; r++) {
        const void *row = keys_of(rows[r], wide, MOTE_TREES_NO_SETS);
        for (size_t tree = 0; tree < TREES; tree++)
            for (v = mote_trees_heap_impls; v->fn; v++) {
                v->fn(&h, tree / 8, 1, row, leaf);
                EXPECT(ends[leaf[tree % 8]] ==
                           reference(forest + tree, rows[r], rule),
                       "%s, rule %d, wide %d, depth %u, row %zu, tree %zu",
                       v->isa, rule, wide, t.depth, r, tree);
            }
    }
}

static void linked_walks(bool wide, bool sets, enum rule rule, uint64_t *seed)
{
    static double rows[ROWS][FEATURES];
    const struct tables t = linked_of(wide, sets, rule);
    const struct mote_trees_linked l = {t.nodes, t.sets, t.roots, wide,
                                        FEATURES};
    const enum mote_trees_category c = !sets ? MOTE_TREES_NO_SETS
                                       : rule == LIGHTGBM
                                           ? MOTE_TREES_TRUNCATED
                                           : MOTE_TREES_FROM_ZERO;
    const struct mote_trees_linked_impl *v;
    uint32_t leaf[8];

    make_rows(rows, wide, seed);
    for (size_t r = 0; r < ROWS; r++) {
        const void *row = keys_of(rows[r], wide, c);
        for (size_t tree = 0; tree < TREES; tree++)
            for (v = mote_trees_linked_impls; v->fn; v++) {
                v->fn(&l, tree / 8, 1, row, leaf);
                EXPECT((int)leaf[tree % 8] ==
                           reference(forest + tree, rows[r], rule),
                       "%s, rule %d, wide %d, sets %d, row %zu, tree %zu",
                       v->isa, rule, wide, sets, r, tree);
            }
    }
}

/* Forests of every depth from single leaves on, each with a mix of depths. */
static void each_forest(void (*walks)(bool wide, bool other, enum rule rule,
                                      uint64_t *seed),
                        bool wide, bool other, bool sets)
{
    static const enum rule rules[] = {SKLEARN, XGBOOST, LIGHTGBM};
    uint64_t seed = 1 + wide + 2 * other;

    for (int depth = 0; depth < 8; depth++)
        for (size_t r = sets; r < 3; r++) {
            for (int t = 0; t < TREES; t++) {
                forest[t].count = 0;
                grow(forest + t, t % 3 ? depth : depth / 2, sets, wide, &seed);
            }
            walks(wide, other, rules[r], &seed);
        }
}

static void heap_f32(void)
{
    each_forest(heap_walks, false, false, false);
    each_forest(heap_walks, false, true, false);
}

static void heap_f64(void)
{
    each_forest(heap_walks, true, false, false);
    each_forest(heap_walks, true, true, false);
}

static void linked_f32(void)
{
    each_forest(linked_walks, false, false, false);
    each_forest(linked_walks, false, true, true);
}

static void linked_f64(void)
{
    each_forest(linked_walks, true, false, false);
    each_forest(linked_walks, true, true, true);
}

/* ------------------------------------------------------------------------
 * Keys
 */
static const double specials[] = {
    -INFINITY, -DBL_MAX, -FLT_MAX,   -1,         -FLT_MIN, -0x1p-127, -0x1p-149,
    -DBL_MIN,  -5e-324,  -0.0,       0.0,        5e-324,   DBL_MIN,   0x1p-149,
    0x1p-127,  FLT_MIN,  1.17e-38f,  1,          1.5,      FLT_MAX,   DBL_MAX,
    INFINITY,  NAN,      1000000007, -16777216.0};
#define SPECIALS (sizeof specials / sizeof *specials)

static double special(size_t i, bool wide)
{
    return wide ? specials[i] : (float)specials[i];
}

/* Every pair, and the neighbours up and down of each: keys are in the order
 * of the numbers, and one less than a key is "below" and not "at most". */
static void keys_are_in_order(void)
{
    for (int wide = 0; wide < 2; wide++)
        for (size_t i = 0; i < SPECIALS; i++)
            for (size_t j = 0; j < 3 * SPECIALS; j++) {
                const double t = special(i, wide), y = special(j / 3, wide);
                const double to = j % 3 == 1 ? INFINITY : -INFINITY;
                const double x = j % 3 == 0 ? y
                                 : wide     ? nextafter(y, to)
                                            : nextafterf((float)y, (float)to);
                const uint64_t kt = key_of(t, wide), kx = key_of(x, wide);
                if (isnan(t)) /* which no number is */
                    EXPECT(kx == kt || kx < kt);
                else
                    EXPECT((kx <= kt) == (x <= t) && (kx <= kt - 1) == (x < t),
                           "%d: %a %a", wide, x, t);
            }
}

static void keys_of_a_nan(void)
{
    static const float nans[] = {NAN, -NAN};
    for (size_t i = 0; i < 2; i++) {
        const double x = (double)nans[i];
        uint32_t k[4];
        uint64_t w[4];
        mote_trees_keys_f32(nans + i, k, 1, MOTE_TREES_FROM_ZERO);
        mote_trees_keys_f64(&x, w, 1, MOTE_TREES_FROM_ZERO);
        EXPECT(k[0] == UINT32_MAX && !k[1] && !k[2] && !k[3]);
        EXPECT(w[0] == UINT64_MAX && !w[1] && !w[2] && !w[3]);
    }
}

static void categories(void)
{
    static const struct {
        double x;
        uint32_t from_zero, truncated;
    } all[] = {{0, 2, 2},         {-0.0, 2, 2},
               {0.99, 2, 2},      {1, 3, 3},
               {-5e-324, 1, 2},   {-0.99, 1, 2},
               {-1, 1, 1},        {-7, 1, 1},
               {1e300, 1, 1},     {INFINITY, 1, 1},
               {-INFINITY, 1, 1}, {NAN, 0, 0},
               {49.5, 51, 51},    {0x1p30 - 1, 0x40000001, 0x40000001},
               {0x1p30, 1, 1}};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        uint64_t k[4];
        mote_trees_keys_f64(&all[i].x, k, 1, MOTE_TREES_FROM_ZERO);
        EXPECT(k[3] == all[i].from_zero, "%a", all[i].x);
        mote_trees_keys_f64(&all[i].x, k, 1, MOTE_TREES_TRUNCATED);
        EXPECT(k[3] == all[i].truncated, "%a", all[i].x);
    }
}

static void missing(void)
{
    const double low[] = {-1e-35f, 1, -999}, high[] = {1e-35f, 0, -999};
    double x[] = {0, 0.5, -999, -1e-35f, 1, -998, NAN, 0, 999, 2e-35, 1, 0};
    float f[] = {-0.0f, 7, 3}, f_low[] = {0, 7, 4}, f_high[] = {0, 7, 5};

    mote_missing_f64(x, low, high, x, 4, 3); /* in place */
    EXPECT(isnan(x[0]) && x[1] == 0.5 && isnan(x[2]) && isnan(x[3]));
    EXPECT(x[4] == 1 && x[5] == -998 && isnan(x[6]) && x[7] == 0);
    EXPECT(x[8] == 999 && x[9] == 2e-35 && x[10] == 1 && x[11] == 0);
    mote_missing_f32(f, f_low, f_high, f, 1, 3);
    EXPECT(isnan(f[0]) && isnan(f[1]) && f[2] == 3);
}

/* ------------------------------------------------------------------------
 * Sums
 */
static void sums_in_order(void)
{
    static const uint32_t order[] = {3, 0, 4, 1, 2},
                          targets[] = {0, 2, 0, 1, 2};
    const uint32_t leaf[] = {4, 0, 3, 2, 1};
    const float f[] = {1e8f, 1, -1e8f, 0x1p-20f, 3};
    const double d[] = {1e17, 1, -1e17, 0x1p-40, 3};
    struct mote_trees_sum s = {.values = f, .width = 1};
    float y[3] = {0.5f};
    double z[3] = {0.5};

    mote_trees_add(&s, leaf, 0, 2, y);
    mote_trees_add(&s, leaf + 2, 2, 3, y);
    EXPECT(y[0] == (((((0.5f + 3) + 1e8f) + 0x1p-20f) + -1e8f) + 1));
    s.order = order;
    s.values = d, s.wide = true;
    mote_trees_add(&s, leaf, 0, 5, z);
    EXPECT(z[0] == (((((0.5 + -1e17) + 3) + 1) + 1e17) + 0x1p-40));
    s.targets = targets;
    z[0] = z[1] = z[2] = 0;
    mote_trees_add(&s, leaf, 0, 5, z);
    EXPECT(z[0] == -1e17 + 1 && z[1] == 1e17 && z[2] == 3 + 0x1p-40, "%a %a %a",
           z[0], z[1], z[2]);
}

static void sums_of_rows(void)
{
    static const uint32_t targets[] = {1, 0}, leaf[] = {1, 0};
    const float values[] = {1, 2, 10, 20};
    const struct mote_trees_sum s = {values, targets, NULL, 2, false};
    float y[3] = {0.5f, 0.25f, 0};

    mote_trees_add(&s, leaf, 0, 2, y);
    EXPECT(y[0] == 1.5f && y[1] == 12.25f && y[2] == 20);
}

static const struct test_case cases[] = {
    {"heaps of f32", heap_f32},
    {"heaps of f64", heap_f64},
    {"linked trees of f32", linked_f32},
    {"linked trees of f64", linked_f64},
    {"keys are in the order of numbers", keys_are_in_order},
    {"keys of a NaN", keys_of_a_nan},
    {"categories", categories},
    {"numbers that stand for a missing one", missing},
    {"sums in the order of trees", sums_in_order},
    {"sums of rows of values", sums_of_rows},
};
TEST_MAIN(cases)
