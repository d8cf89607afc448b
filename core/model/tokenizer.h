/*
 * core/model/tokenizer.h - text to the ids of a BERT model: WordPiece, cased
 * and uncased, as the package `tokenizers` does it.
 *
 *   "Café, naïvely." -> [CLS] cafe , naive ##ly . [SEP]
 *
 * A text is cut at the tokens that were added to the vocabulary ("[SEP]" in a
 * text is one). What lies between is cleaned of controls, spaced around
 * Chinese characters, stripped of accents and lower-cased as the flags say, and
 * cut at white space and around punctuation. A word is the longest piece that
 * its beginning has in the vocabulary, then the longest that goes on from
 * there, to its end; or, where a piece is missing and where it has too many
 * characters, the token for unknown words.
 *
 * format  section TEXT of compress/FORMAT.md, read in place
 * text    any bytes; those that are no UTF-8 count as U+FFFD, which is left out
 *         as other controls are
 * time    linear in the text: a word has at most 256 characters that count, and
 *         each is looked up in at most 255 lengths
 * memory  about 1 KB of stack; nothing is kept between calls
 * exact   the same ids on every machine; test/tools/test_tokenizer.py compares
 *         with the package
 * source  huggingface/tokenizers 0.23: normalizers/bert.rs, models/wordpiece;
 *         Devlin et al., arXiv:1810.04805
 */
#ifndef MOTE_MODEL_TOKENIZER_H
#define MOTE_MODEL_TOKENIZER_H

#include "core/base/status.h"

#define MOTE_WORD_MAX 256 /* characters of a word that is looked up */

/* Views into a section, which outlives it, and what every text needs. */
struct mote_tokenizer {
    const struct mote_file_wordpiece *file;
    const uint64_t *symbols; /* [file->symbols], zeros behind the length */
    const uint8_t *lengths;  /* [file->symbols], 1 to 8 */
    const uint8_t *added;    /* [file->added_bytes] */
    const uint32_t *index;   /* [file->buckets + 1] */
    const uint8_t *entries;  /* [file->entry_bytes], then 8 zeros */
    uint64_t begins[4];      /* bit b: added tokens begin with byte b */
    uint8_t plain[256];      /* letters and digits of ASCII, as they are looked
                                up; 0 for other bytes, and those that begin one */
};

/* Opens a section, at a multiple of 8, that has `bytes` bytes. Sizes, ids and
 * flags of its head are proven here; what needs a look at every byte is
 * mote_tokenizer_prove's, and encoding is for those that it has proven: outside
 * files at load, embedded ones when they were built. MOTE_E_FORMAT or
 * MOTE_E_UNKNOWN with where->expected; where->field is TEXT. */
enum mote_status mote_tokenizer_open(struct mote_tokenizer *t,
                                     const uint8_t *section, size_t bytes,
                                     struct mote_where *where);
enum mote_status mote_tokenizer_prove(const struct mote_tokenizer *t,
                                      struct mote_where *where);

/*
 * [CLS] text [SEP] as ids[0..cap). cap is the model's maximum, at least 2.
 * Returns how many they are; *truncated says whether tokens at the end were
 * left out because cap is no larger. A text that is too long costs no more time
 * than what is kept of it, and a word.
 */
uint32_t mote_tokenizer_encode(const struct mote_tokenizer *t,
                               struct mote_text text, int32_t *ids,
                               uint32_t cap, bool *truncated);

/* [CLS] a [SEP] b [SEP], cap at least 3; types[i] is 1 for the tokens of b and
 * its [SEP]. Of the longer text more is left out, as "longest first" does it.
 */
uint32_t mote_tokenizer_encode_pair(const struct mote_tokenizer *t,
                                    struct mote_text a, struct mote_text b,
                                    int32_t *ids, int32_t *types, uint32_t cap,
                                    bool *truncated);

#endif
