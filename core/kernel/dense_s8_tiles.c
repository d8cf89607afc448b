/* core/kernel/dense_s8_tiles.c - see core/kernel/dense_s8_tiles.h */
#include "core/kernel/dense_s8_tiles.h"
#include "core/base/mem.h"

/* Rows that are got ready together, and bytes of them when packed: on the
 * stack, and in half of the smallest first cache. */
#define READY 64
#define PACKED 16384
/* Sums of the largest tile. */
#define SUMS (MOTE_S8_ROWS * MOTE_S8_PANELS * MOTE_P8K8)

/* The rows of one pass over all panels. */
struct pass {
    const struct mote_dense_s8 *d;
    const struct mote_s8_version *version;
    size_t row, rows; /* of d */
    size_t blocks, all_blocks;
    size_t group; /* bytes of the rows of one tile, packed; 0: plain rows */
    int32_t start[READY];
    int8_t last[READY][MOTE_P8K8];
    int8_t packed[PACKED];
};

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Chooses the rows from p->row on: several groups to pack, or what is left. */
static void choose_rows(struct pass *p)
{
    const struct mote_s8_version *v = p->version;
    const size_t left = p->d->rows - p->row, rows = v->tiles[0].rows;
    const size_t bytes = v->packed * p->all_blocks;

    p->group = 0;
    p->rows = smaller(left, READY);
    if (!v->pack || p->d->m <= (MOTE_S8_PANELS - 1) * MOTE_P8K8)
        return;
    if (bytes <= PACKED && left >= rows) {
        p->group = bytes;
        p->rows = smaller(smaller(left, READY) / rows, PACKED / bytes) * rows;
    }
}

static void get_ready(struct pass *p)
{
    const struct mote_dense_s8 *d = p->d;
    const size_t left = d->n % MOTE_P8K8, rows = p->version->tiles[0].rows;
    const int8_t *q = d->q + p->row * d->q_stride;

    for (size_t r = 0; p->group && r < p->rows; r += rows)
        p->version->pack(q + r * d->q_stride, d->q_stride, d->n,
                         p->packed + r / rows * p->group);
    for (size_t r = 0; r < p->rows; r++, q += d->q_stride) {
        p->start[r] = p->version->start ? p->version->start(q, d->n) : 0;
        memset(p->last[r], 0, MOTE_P8K8);
        for (size_t k = 0; k < left; k++)
            p->last[r][k] = q[p->blocks * MOTE_P8K8 + k];
    }
}

/* What earlier columns gave is added, and goes back when there are more. n is a
 * multiple of 8. */
static void add_earlier(const struct mote_dense_s8 *d, int32_t *sum,
                        int32_t *earlier, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum[i] += earlier[i];
    if (d->more)
        memcpy(earlier, sum, n * sizeof *sum);
}

/* A row of n columns from i on. */
static void finish_s8(const struct pass *p, const int32_t *sum, size_t r,
                      size_t i, size_t n)
{
    const struct mote_dense_s8 *d = p->d;
    struct mote_requantize t = *d->to_s8;

    t.b += i, t.c += i, t.y += r * d->y_stride + i;
    p->version->finish_s8(sum, &t, n);
}

/* `rows` rows of d from r on, and up to `stride` columns from i on, of which
 * `sum` has the products: a row of it every `stride` elements. */
static void finish(const struct pass *p, int32_t *sum, size_t stride, size_t r,
                   size_t rows, size_t i)
{
    const struct mote_dense_s8 *d = p->d;
    const size_t panels = (d->m + MOTE_P8K8 - 1) / MOTE_P8K8;
    const size_t padded = panels * MOTE_P8K8;
    const size_t n = smaller(d->m - i, stride);

    for (size_t k = 0; d->sums && k < rows; k++)
        add_earlier(d, sum + k * stride, d->sums + (r + k) * padded + i,
                    smaller(padded - i, stride));
    for (size_t k = 0; d->to_s8 && !d->more && k < rows; k++)
        finish_s8(p, sum + k * stride, r + k, i, n);
    if (!d->to_s8 && !d->more)
        p->version->finish(&(struct mote_s8_strip){
            .sum = sum,
            .sum_stride = stride,
            .rows = rows,
            .s = d->s + r,
            .c = d->c + i,
            .b = d->b ? d->b + i : NULL,
            .y = d->y + r * d->y_stride + i,
            .y_stride = d->y_stride,
            .n = n,
            .relu = d->relu,
        });
}

/* The sums of tiles of one kind: rows from r of the pass on, panels from
 * `panel` on and `n` of them, in as many tiles as that takes. */
static void sum_tiles(const struct pass *p, size_t r, size_t panel, size_t n,
                      size_t kind, int32_t *sum)
{
    const struct mote_dense_s8 *d = p->d;
    const struct mote_s8_version *v = p->version;
    const size_t rows = v->tiles[kind].rows, panels = v->tiles[kind].panels;
    const size_t last = (d->m + MOTE_P8K8 - 1) / MOTE_P8K8 - 1;
    const size_t panel_bytes = p->all_blocks * MOTE_P8K8_BYTES;
    struct mote_s8_tile t; /* not cleared: there are many */

    t.q = d->q + (p->row + r) * d->q_stride;
    t.q_stride = d->q_stride;
    t.blocks = p->blocks;
    t.last = p->all_blocks > p->blocks ? p->last[r] : NULL;
    t.start = p->start + r;
    t.next = MOTE_S8_PANELS * panel_bytes;
    if (p->group) {
        t.q = p->packed + r / rows * p->group;
        t.blocks = p->all_blocks;
    }
    for (size_t i = 0; i < n; i += panels) {
        for (size_t j = 0; j < panels; j++) /* the last again, beyond the end */
            t.w[j] = d->w + smaller(panel + i + j, last) * panel_bytes;
        t.sum = sum + i * rows * MOTE_P8K8;
        v->tiles[kind].sum(&t);
    }
}

/* All rows of the pass over a few panels. Tiles of a single row are finished
 * together, as many as there is room for. */
static void run_panels(const struct pass *p, size_t panel, size_t end)
{
    size_t kind = p->version->pack && !p->group;
    int32_t sum[SUMS];

    for (size_t r = 0, rows; r < p->rows; r += rows) {
        while (p->version->tiles[kind].rows > p->rows - r)
            kind++;
        rows = p->version->tiles[kind].rows;
        const size_t panels = p->version->tiles[kind].panels;
        const size_t most = rows > 1 ? panels : SUMS / MOTE_P8K8;
        for (size_t i = panel, n; i < end; i += n) {
            n = smaller((end - i + panels - 1) / panels * panels, most);
            sum_tiles(p, r, i, n, kind, sum);
            finish(p, sum, n * MOTE_P8K8, p->row + r, rows, i * MOTE_P8K8);
        }
    }
}

void mote_dense_s8_tiled(const struct mote_dense_s8 *d,
                         const struct mote_s8_version *version)
{
    const size_t panels = (d->m + MOTE_P8K8 - 1) / MOTE_P8K8;
    struct pass p; /* most of it not needed, and not touched */

    p.d = d;
    p.version = version;
    p.blocks = d->n / MOTE_P8K8;
    p.all_blocks = (d->n + MOTE_P8K8 - 1) / MOTE_P8K8;
    for (p.row = 0; p.row < d->rows; p.row += p.rows) {
        choose_rows(&p);
        get_ready(&p);
        const size_t step = p.rows > 1 ? MOTE_S8_PANELS : panels;
        for (size_t i = 0; i < panels; i += step)
            run_panels(&p, i, smaller(i + step, panels));
    }
}
