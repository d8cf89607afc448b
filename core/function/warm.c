/* core/function/warm.c - see core/function/warm.h */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "core/function/warm.h"

#include <sys/mman.h>

/* A first page that takes so long came over a network, and the others will. */
#define FAR_US 1000

enum mote_ahead mote_warm_asked(const struct mote_function *f,
                                enum mote_init init)
{
    static const enum mote_ahead asked[] = {
        [MOTE_INIT_WAIT] = MOTE_AHEAD_NOTHING,
        [MOTE_INIT_READ] = MOTE_AHEAD_READ,
        [MOTE_INIT_WARM] = MOTE_AHEAD_RUN,
    };
    return init == MOTE_INIT_AUTO ? mote_model_ahead(f->model) : asked[init];
}

/* ------------------------------------------------------------------------
 * Reading ahead, in the order of the file: it is what a disk is fastest at.
 * Panels are multiplied in another, and pages that are mapped by one call
 * (MADV_POPULATE_READ) are read one by one. Where each read is a journey they
 * all set out first.
 */
static void touch(const uint8_t *at, size_t n)
{
    for (size_t i = 0; i < n; i += MOTE_FILE_PAGE)
        (void)*(const volatile uint8_t *)(at + i);
}

static void touch_tensor(const struct mote_model *m,
                         const struct mote_file_tensor *t)
{
    touch(m->bytes + t->data_offset, t->data_bytes);
}

static void ask_for_tensor(const struct mote_model *m,
                           const struct mote_file_tensor *t)
{
    const uintptr_t at = (uintptr_t)(m->bytes + t->data_offset);
    const uintptr_t in_page = at % MOTE_FILE_PAGE;

    madvise((void *)(at - in_page), t->data_bytes + in_page, MADV_WILLNEED);
}

void mote_warm_read(const struct mote_model *m)
{
    const struct mote_file_section *data = m->sections[MOTE_SECTION_DATA],
                                   *text = m->sections[MOTE_SECTION_TEXT];
    const uint64_t began = mote_clock_us();

    if (!data)
        return;
    touch(m->bytes + data->offset, 1);
    if (mote_clock_us() - began > FAR_US)
        mote_model_visit_wholes(m, ask_for_tensor);
    if (text)
        touch(m->bytes + text->offset, text->bytes);
    mote_model_visit_wholes(m, touch_tensor);
}

/* ------------------------------------------------------------------------
 * The run
 */

/* A row of zeros, first categories, or an empty text. */
static enum mote_status put_row(struct mote_input *in, struct mote_where *where)
{
    const struct mote_text got = MOTE_TEXT("0");
    enum mote_status s = MOTE_OK;

    for (uint32_t i = 0; s == MOTE_OK && i < in->model->feature_count; i++) {
        const struct mote_file_feature *f = in->model->features + i;
        if (mote_is_text(f))
            s = mote_input_text(in, i, MOTE_TEXT(""), false, got, where);
        else if (mote_is_category(f))
            s = mote_input_code(in, i, 0, got, where);
        else
            s = mote_input_number(in, i, 0, got, where);
    }
    return s == MOTE_OK ? mote_input_end_row(in, where) : s;
}

bool mote_warm_run(struct mote_function *f, struct mote_json_out *o,
                   struct mote_failure *failure)
{
    const struct mote_function before = *f;
    struct mote_where where = {.row = MOTE_NO_ROW};
    bool good = mote_predict_begin(f, false, failure);
    if (good) {
        const enum mote_status s = put_row(&f->input, &where);
        if (s != MOTE_OK)
            mote_failure_input(failure, s, &where);
        good = s == MOTE_OK && mote_predict_rows(f, o, failure);
    }
    *f = before;
    return good;
}
