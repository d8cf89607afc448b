#!/usr/bin/env python3
"""Writes core/base/pow10.inc: powers of ten as 128-bit significands, packed.

Reading and writing numbers need floor(10^e * 2^s) with its top bit at bit 127
for e from -342 to 324. Stored whole that is 10.7 KB; stored as every 27th
power, the powers of five up to 5^26 and two bits a power that say by how much
the product of the two came out too small, it is 0.8 KB and just as exact.

Usage: pow10.py > core/base/pow10.inc
"""

FIRST, LAST, STEP = -342, 324, 27


def significand(e: int) -> int:
    """floor(10^e * 2^s), s chosen so that the result has 128 bits."""
    if e >= 0:
        n = 10**e
        shift = n.bit_length() - 128
        return n >> shift if shift >= 0 else n << -shift
    d = 10**-e
    shift = d.bit_length() + 127
    n = (1 << shift) // d
    return n if n.bit_length() == 128 else (1 << (shift - 1)) // d


def recovered(base: int, five: int) -> int:
    product = base * five
    return product >> (product.bit_length() - 128)


def main() -> None:
    base_first = FIRST // STEP * STEP
    bases = [significand(e) for e in range(base_first, LAST + 1, STEP)]
    fives = [5**i for i in range(STEP)]
    low = []
    for e in range(FIRST, LAST + 1):
        row, column = divmod(e - base_first, STEP)
        off = significand(e) - recovered(bases[row], fives[column])
        assert off in (0, 1, 2), (e, off)
        low.append(off)

    print("/* Written by tools/generate/pow10.py: do not edit. */")
    print(f"#define POW10_FIRST {FIRST}")
    print(f"#define POW10_LAST {LAST}")
    print(f"#define POW10_STEP {STEP}")
    print(f"#define POW10_BASE_FIRST ({base_first})")
    print("static const uint64_t pow10_base[][2] = { /* high, low */")
    for b in bases:
        print(f"    {{0x{b >> 64:016x}u, 0x{b & (2**64 - 1):016x}u}},")
    print("};")
    print("static const uint64_t pow5[] = {")
    for f in fives:
        print(f"    {f}u,")
    print("};")
    print("static const uint32_t pow10_too_low[] = { /* 16 to a word */")
    for i in range(0, len(low), 16):
        word = sum(off << 2 * j for j, off in enumerate(low[i : i + 16]))
        print(f"    0x{word:08x}u,")
    print("};")


if __name__ == "__main__":
    main()
