/* test/fuzz/fuzz_tokenizer.c - any bytes as a TEXT section, and as a text for
 * it: u16 length of the section / 8, the section, the text. The head is made to
 * have the lengths that there are, or little behind it would be reached. */
#include "core/model/file.h"
#include "core/model/tokenizer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Truncation leaves out the end of the ids and nothing else. */
static void check_cut(const struct mote_tokenizer *t, struct mote_text text)
{
    const uint32_t cap = 3 * (uint32_t)text.n + 2, few = 2 + text.n % 16;
    int32_t *all = malloc(cap * sizeof *all), *some = malloc(few * sizeof *all);
    bool cut, cut_all;
    const uint32_t n = mote_tokenizer_encode(t, text, all, cap, &cut_all);
    const uint32_t k = mote_tokenizer_encode(t, text, some, few, &cut);

    if (cut_all || n > cap || k != (n < few ? n : few) || cut != (n > few) ||
        memcmp(all, some, (k - 1) * sizeof *all) || some[k - 1] != all[n - 1])
        abort();
    for (uint32_t i = 0; i < n; i++)
        if (all[i] < 0 || (uint32_t)all[i] >= t->file->ids)
            abort();
    free(all);
    free(some);
}

/* Both halves of it as a pair. */
static void check_pair(const struct mote_tokenizer *t, struct mote_text text)
{
    const size_t half = text.n / 2;
    const uint32_t cap = 3 + text.n % 64;
    int32_t *ids = malloc(cap * sizeof *ids),
            *types = malloc(cap * sizeof *ids);
    bool cut;
    const uint32_t n = mote_tokenizer_encode_pair(
        t, (struct mote_text){text.at, half},
        (struct mote_text){text.at + half, text.n - half}, ids, types, cap,
        &cut);

    if (n > cap || (cut && n != cap) || types[0] != 0 || types[n - 1] != 1)
        abort();
    free(ids);
    free(types);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct mote_where where = {.row = MOTE_NO_ROW};
    struct mote_tokenizer t;

    if (n < 2)
        return 0;
    size_t bytes = 8 * (size_t)(data[0] | data[1] << 8);
    data += 2, n -= 2;
    bytes = bytes < n ? bytes : n / 8 * 8;
    uint8_t *section = malloc(bytes ? bytes : 1);
    memcpy(section, data, bytes);
    struct mote_file_wordpiece *head = (void *)section;
    if (bytes >= sizeof *head)
        head->bytes = (uint32_t)bytes;
    if (mote_tokenizer_open(&t, section, bytes, &where) == MOTE_OK &&
        mote_tokenizer_prove(&t, &where) == MOTE_OK) {
        char *copy = malloc(n - bytes + 1); /* so that its end is watched */
        memcpy(copy, data + bytes, n - bytes);
        check_cut(&t, (struct mote_text){copy, n - bytes});
        check_pair(&t, (struct mote_text){copy, n - bytes});
        free(copy);
    } else if (!where.expected) {
        abort();
    }
    free(section);
    return 0;
}
