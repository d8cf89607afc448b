/*
 * tools/emulator/pairs.h - names with values, as headers and query strings
 * are, and the ways in which events hold them.
 */
#ifndef EMU_PAIRS_H
#define EMU_PAIRS_H

#include "core/base/json_write.h"
#include "net/http.h"
#include "tools/emulator/buffer.h"

#define EMU_PAIRS_MAX 512

struct emu_pairs {
    struct mote_http_field at[EMU_PAIRS_MAX];
    size_t count;
    bool nocase;            /* names are compared without case */
    struct emu_buffer text; /* what names and values are views of, if their
                             * own bytes had to change */
};

/*
 * The header fields that a gateway passes on: without those that end at it,
 * with X-Forwarded-For, -Port and -Proto unless they are there already.
 *
 * lower      names in lower case
 * source_ip  lives as long as the pairs, as does what head is a view of
 */
void emu_pairs_of_head(struct emu_pairs *p, const struct mote_http_head *head,
                       bool lower, const char *source_ip);

/*
 * The pairs of a query string. One that has more than EMU_PAIRS_MAX gives
 * false.
 *
 * decode  %41 and + are decoded, in names and values
 */
bool emu_pairs_of_query(struct emu_pairs *p, struct mote_text query,
                        bool decode);

void emu_pairs_free(struct emu_pairs *p);

enum emu_merge {
    EMU_LAST,   /* the last value of a name          */
    EMU_JOINED, /* all of them, with commas between  */
    EMU_LISTS,  /* an array of them                  */
};

/* Writes an object, names in the order of their first appearance. */
void emu_pairs_put(struct mote_json_out *o, const struct emu_pairs *p,
                   enum emu_merge merge);

#endif
