/* core/base/xxh64.c - see core/base/xxh64.h */
#include "core/base/xxh64.h"
#include "core/base/mem.h"

#define P1 0x9E3779B185EBCA87u
#define P2 0xC2B2AE3D27D4EB4Fu
#define P3 0x165667B19E3779F9u
#define P4 0x85EBCA77C2B2AE63u
#define P5 0x27D4EB2F165667C5u

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static uint64_t load(const uint8_t *at, size_t bytes)
{
    uint64_t x = 0;
    memcpy(&x, at, bytes);
    return x;
}

static uint64_t round_of(uint64_t lane, uint64_t input)
{
    return rotate(lane + input * P2, 31) * P1;
}

static uint64_t merge(uint64_t hash, uint64_t lane)
{
    return (hash ^ round_of(0, lane)) * P1 + P4;
}

uint64_t mote_xxh64(const void *data, size_t n)
{
    const uint8_t *at = data;
    size_t left = n;
    uint64_t hash = P5;

    if (left >= 32) {
        static const int turns[4] = {1, 7, 12, 18};
        uint64_t lanes[4] = {P1 + P2, P2, 0, 0 - P1};

        for (; left >= 32; left -= 32)
            for (int i = 0; i < 4; i++, at += 8)
                lanes[i] = round_of(lanes[i], load(at, 8));
        hash = 0;
        for (int i = 0; i < 4; i++)
            hash += rotate(lanes[i], turns[i]);
        for (int i = 0; i < 4; i++)
            hash = merge(hash, lanes[i]);
    }
    hash += n;
    for (; left >= 8; at += 8, left -= 8)
        hash = rotate(hash ^ round_of(0, load(at, 8)), 27) * P1 + P4;
    for (; left >= 4; at += 4, left -= 4)
        hash = rotate(hash ^ load(at, 4) * P1, 23) * P2 + P3;
    for (; left > 0; at++, left--)
        hash = rotate(hash ^ *at * P5, 11) * P1;

    hash = (hash ^ hash >> 33) * P2;
    hash = (hash ^ hash >> 29) * P3;
    return hash ^ hash >> 32;
}
