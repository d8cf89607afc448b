/*
 * core/base/url.h - names and values as forms write them into URLs.
 *
 * source  WHATWG URL, section 5.1: application/x-www-form-urlencoded
 */
#ifndef MOTE_BASE_URL_H
#define MOTE_BASE_URL_H

#include "core/base/text.h"

/* Undoes URL encoding in place, "+" being a blank: what text lies in must be
 * the caller's to write. A "%" without two digits behind it stays. */
struct mote_text mote_url_decode(struct mote_text text);

#endif
