/*
 * core/kernel/lanes.h - what a kernel of several instruction sets is written
 * in: vectors of LANES floats, and on top of them vectors of 16.
 *
 * A kernel includes the header of its set first, core/kernel/lanes_avx2.h or a
 * like one, then this. LANES divides 16. Each operation does to every lane
 * what C does to a float, rounded once, so a kernel that orders its operations
 * as the scalar one gives the same bytes.
 *
 *   lanes_all(x)              x in every lane
 *   lanes_load, _store        LANES floats of any alignment of theirs
 *   lanes_load_part(p, n)     the first n < LANES, zeros above; reads no more
 *   lanes_store_part(p, n, x) writes no more than n < LANES
 *   lanes_of_s8(p)            LANES int8 as floats
 *   lanes_first(x, n)         x with zeros from lane n < LANES on
 *   lanes_add, _sub, _mul, _div, _sqrt, lanes_fma(a, b, c) = a b + c
 *   lanes_min(a, b)           a where a < b, else b; lanes_max with a > b
 *   lanes_less(a, b)          a mask; lanes_select(mask, a, b) a where it is
 * set lanes_abs, lanes_negate   the sign bit alone lanes_with_sign(x, s)     x
 * >= 0 with the sign of s lanes_times_power(x, n)   x * 2^(n >> 1) * 2^(n - (n
 * >> 1)), n an integer in [-252, 254], in two products lanes_largest(x) over
 * the lanes, in any order lanes_fold16(part)        of 16 / LANES vectors:
 * core/kernel/sum16.h
 */
#ifndef MOTE_KERNEL_LANES_H
#define MOTE_KERNEL_LANES_H

/* n >= LANES: all of them, else the first n. */
LANES_INLINE lanes lanes_load_some(const float *p, size_t n)
{
    return n < LANES ? lanes_load_part(p, n) : lanes_load(p);
}

LANES_INLINE void lanes_store_some(float *p, size_t n, lanes x)
{
    if (n < LANES)
        lanes_store_part(p, n, x);
    else
        lanes_store(p, x);
}

/* ------------------------------------------------------------------------
 * Sixteen: what core/kernel/sum16.h sums in
 */
#define LANES_PARTS (16 / LANES)

struct lanes16 {
    lanes part[LANES_PARTS];
};

#define LANES16_EACH(i)                                                        \
    _Pragma("GCC unroll 4") for (size_t i = 0; i < LANES_PARTS; i++)

/* Of n floats, those that are part i's. */
LANES_INLINE size_t lanes16_left(size_t n, size_t i)
{
    return n > i * LANES ? n - i * LANES : 0;
}

LANES_INLINE struct lanes16 lanes16_all(float x)
{
    struct lanes16 y;

    LANES16_EACH(i)
    {
        y.part[i] = lanes_all(x);
    }
    return y;
}

/* The first n, or all when n >= 16; zeros above. */
LANES_INLINE struct lanes16 lanes16_load(const float *p, size_t n)
{
    struct lanes16 x;

    LANES16_EACH(i)
    {
        const size_t left = lanes16_left(n, i);
        x.part[i] = lanes_load_some(p + i * LANES, left);
    }
    return x;
}

LANES_INLINE void lanes16_store(float *p, size_t n, struct lanes16 x)
{
    LANES16_EACH(i)
    {
        lanes_store_some(p + i * LANES, lanes16_left(n, i), x.part[i]);
    }
}

/* Zeros from n on. */
LANES_INLINE struct lanes16 lanes16_first(struct lanes16 x, size_t n)
{
    LANES16_EACH(i)
    {
        const size_t left = lanes16_left(n, i);
        x.part[i] = left < LANES ? lanes_first(x.part[i], left) : x.part[i];
    }
    return x;
}

LANES_INLINE float lanes16_fold(struct lanes16 x)
{
    return lanes_fold16(x.part);
}

#endif
