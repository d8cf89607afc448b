/*
 * core/base/url.h - names and values as forms write them into URLs, and what
 * people may see of a URL.
 *
 * source  WHATWG URL, section 5.1: application/x-www-form-urlencoded
 */
#ifndef MOTE_BASE_URL_H
#define MOTE_BASE_URL_H

#include "core/base/text.h"

/* Undoes URL encoding in place, "+" being a blank: what text lies in must be
 * the caller's to write. A "%" without two digits behind it stays. */
struct mote_text mote_url_decode(struct mote_text text);

/* What a message may show of a URL: what stands before its query, which may
 * hold keys. A view into it. */
struct mote_text mote_url_shown(struct mote_text url);

#endif
