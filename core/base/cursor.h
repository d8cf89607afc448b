/*
 * core/base/cursor.h - little-endian reads from bytes that nobody vouches for.
 *
 * A cursor never reads past its end: the first read that would, and every one
 * after it, gives 0 and leaves `ok` false. So a record is read field by field
 * without a test after each, and `ok` is looked at once at its end.
 */
#ifndef MOTE_BASE_CURSOR_H
#define MOTE_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/mem.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "mote files are read in place, so the machine must be little-endian"
#endif

struct mote_cursor {
    const uint8_t *at, *end;
    bool ok;
};

static inline struct mote_cursor mote_cursor_over(const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    return (struct mote_cursor){at, at ? at + n : at, true};
}

/* The next n bytes, or NULL (and ok false) when fewer are left. */
static inline const void *mote_cursor_take(struct mote_cursor *c, size_t n)
{
    if (!c->ok || (size_t)(c->end - c->at) < n) {
        c->ok = false;
        return NULL;
    }
    const uint8_t *bytes = c->at;
    c->at += n;
    return bytes;
}

static inline uint64_t mote_cursor_uint(struct mote_cursor *c, size_t bytes)
{
    uint64_t value = 0;
    const void *at = mote_cursor_take(c, bytes);
    if (at)
        memcpy(&value, at, bytes);
    return value;
}

static inline uint8_t mote_cursor_u8(struct mote_cursor *c)
{
    return (uint8_t)mote_cursor_uint(c, 1);
}

static inline uint16_t mote_cursor_u16(struct mote_cursor *c)
{
    return (uint16_t)mote_cursor_uint(c, 2);
}

static inline uint32_t mote_cursor_u32(struct mote_cursor *c)
{
    return (uint32_t)mote_cursor_uint(c, 4);
}

static inline uint64_t mote_cursor_u64(struct mote_cursor *c)
{
    return mote_cursor_uint(c, 8);
}

static inline double mote_cursor_f64(struct mote_cursor *c)
{
    double value;
    const uint64_t bits = mote_cursor_u64(c);
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
