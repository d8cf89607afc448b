/*
 * core/model/tokenizer_chars.h - what BERT's tokenizer does with a character.
 *
 * The tables are those of the package `tokenizers`, which mixes versions of
 * Unicode: tools/generate/characters.py asks it about each code point.
 */
#ifndef MOTE_MODEL_TOKENIZER_CHARS_H
#define MOTE_MODEL_TOKENIZER_CHARS_H

#include <stdint.h>

enum mote_char_class {
    MOTE_CHAR_PLAIN,
    MOTE_CHAR_DROP,
    MOTE_CHAR_SPACE,
    MOTE_CHAR_PUNCTUATION,
    MOTE_CHAR_CHINESE,
    MOTE_CHAR_MARK,   /* left out with the accents */
    MOTE_CHAR_STOP,   /* likewise, but marks do not change places across it */
    MOTE_CHAR_ORDERED /* and above: marks that stay, by combining class */
};

/* The class of any c up to U+10FFFF. */
unsigned mote_char_class(uint32_t c);

/* c in lower case, and without accents if bare is set: written to out[4];
 * returns how many characters (1 to 3). c is no mark that is left out. */
unsigned mote_char_fold(uint32_t c, int bare, uint32_t *out);

#endif
