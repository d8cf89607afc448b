/* core/kernel/layer.c - see core/kernel/layer.h */
#include "core/kernel/layer.h"

/* Floats of a strip: half of the smallest first cache, 32 KiB. */
#define STRIP 4096
/* Its rows, of products in panels: each panel is read once for all of them. */
#define STRIP_ROWS 32

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool is_curved(enum mote_activation activation)
{
    return activation > MOTE_ACTIVATION_RELU;
}

void mote_layer_f32(const struct mote_kernels *kernels, const float *x,
                    const float *w, const float *b, float *y, size_t rows,
                    size_t n, size_t m, enum mote_activation activation)
{
    const bool curved = is_curved(activation);
    const size_t height = !curved ? rows : m < STRIP ? STRIP / m : 1;

    for (size_t r = 0; r < rows; r += height) {
        const size_t count = smaller(rows - r, height);
        kernels->dense_f32(x + r * n, w, b, y + r * m, count, n, m,
                           curved ? MOTE_ACTIVATION_NONE : activation);
        if (curved)
            kernels->map_f32(y + r * m, y + r * m, count * m, activation);
    }
}

/* The rows from r on and the columns from i on of d, i a multiple of 8. */
static struct mote_dense_s8 part_of(const struct mote_dense_s8 *d, size_t r,
                                    size_t rows, size_t i, size_t m)
{
    const size_t blocks = (d->n + MOTE_P8K8 - 1) / MOTE_P8K8;
    struct mote_dense_s8 part = *d;

    part.q += r * d->q_stride;
    part.s += r;
    part.w += i / MOTE_P8K8 * blocks * MOTE_P8K8_BYTES;
    part.c += i;
    part.b = d->b ? d->b + i : NULL;
    part.y += r * d->y_stride + i;
    part.rows = smaller(d->rows - r, rows);
    part.m = smaller(d->m - i, m);
    part.relu = false;
    return part;
}

void mote_layer_s8(const struct mote_kernels *kernels,
                   const struct mote_dense_s8 *d,
                   enum mote_activation activation)
{
    const size_t height = smaller(d->rows, STRIP_ROWS);
    const size_t width = STRIP / MOTE_P8K8 / height * MOTE_P8K8;

    if (!is_curved(activation)) {
        struct mote_dense_s8 whole = *d;
        whole.relu = activation == MOTE_ACTIVATION_RELU;
        kernels->dense_s8(&whole);
        return;
    }
    for (size_t i = 0; i < d->m; i += width)
        for (size_t r = 0; r < d->rows; r += height) {
            const struct mote_dense_s8 part = part_of(d, r, height, i, width);
            kernels->dense_s8(&part);
            for (size_t k = 0; k < part.rows; k++)
                kernels->map_f32(part.y + k * part.y_stride,
                                 part.y + k * part.y_stride, part.m,
                                 activation);
        }
}
