"""Operators 23 and 24 of arithmetic version 1: see arithmetic.py."""

import numpy as np
from arithmetic import OPERATORS, f32, s32


def keep(x, low: int, high: int):
    """x between both; of a NaN the first."""
    return np.rint(min(x, f32(high)) if x > low else f32(low))


def quantize_fixed(op, x):
    zero, scale = s32(op.attributes[0]), np.uint32(op.attributes[1]).view(f32)
    return [[int(keep(f32(v / scale), -128 - zero, 127 - zero)) + zero for v in x.reshape(-1)]]


def dense_fixed(op, q, w, c, b):
    zero, low = map(s32, op.attributes)

    def output(row, weights, factor, more) -> int:
        total = sum(int(a) * int(x) for a, x in zip(weights, row, strict=True)) + int(more)
        return int(keep(f32(f32(s32(total)) * factor), low - zero, 127 - zero)) + zero

    rows = q.reshape(-1, q.shape[-1])
    return [[[output(row, *one) for one in zip(w, c, b, strict=True)] for row in rows]]


OPERATORS |= {23: quantize_fixed, 24: dense_fixed}
