"""Operators 23, 24 and 64 to 67 of arithmetic version 1: see arithmetic.py."""

import numpy as np
from arithmetic import OPERATORS, SHAPED, dense_s8, f32, s32
from arithmetic_conv import over_positions


def keep(x, low: int, high: int):
    """x between both; of a NaN the first."""
    return np.rint(min(x, f32(high)) if x > low else f32(low))


def quantize_fixed(op, x):
    zero, scale = s32(op.attributes[0]), np.uint32(op.attributes[1]).view(f32)
    return [[int(keep(f32(v / scale), -128 - zero, 127 - zero)) + zero for v in x.reshape(-1)]]


def requantized(pairs, factor, more, zero: int, low: int) -> int:
    total = sum(int(a) * int(b) for a, b in pairs) + int(more)
    return int(keep(f32(f32(s32(total)) * factor), low - zero, 127 - zero)) + zero


def dense_fixed(op, q, w, c, b):
    zero, low = map(s32, op.attributes)

    def output(row, weights, factor, more) -> int:
        return requantized(zip(weights, row, strict=True), factor, more, zero, low)

    rows = q.reshape(-1, q.shape[-1])
    return [[[output(row, *one) for one in zip(w, c, b, strict=True)] for row in rows]]


def conv_fixed(op, shapes, q, w, c, b):
    each = w.shape[1] // (op.attributes[0] * op.attributes[1])
    m = len(w) // (q.shape[-1] // each)
    zero_q, zero, low = map(s32, op.attributes[10:])

    def one(window, i: int) -> int:
        first = i // m * each
        row = [zero_q if t is None else t[first + k] for t in window for k in range(each)]
        return requantized(zip(w[i], row, strict=True), c[i], b[i], zero, low)

    def output(_, window):
        return [one(window, i) for i in range(len(w))]

    return over_positions(op, shapes[0], q, output) + [None]


def depthwise_fixed(op, shapes, q, w, c, b):
    zero_q, zero, low = map(s32, op.attributes[10:])

    def output(_, window):
        rows = [[zero_q] * len(c) if t is None else t for t in window]
        return [
            requantized(zip(w[:, i], (r[i] for r in rows), strict=True), c[i], b[i], zero, low)
            for i in range(len(c))
        ]

    return over_positions(op, shapes[0], q, output)


def quantize_u8(op, x):
    pieces = x.reshape(*x.shape[: x.ndim - op.attributes[0]], -1)
    rows = pieces.shape[-1] // x.shape[-1]
    q, s, zero = [], [], []
    for piece in pieces.reshape(-1, pieces.shape[-1]):
        least, most = min(piece.min(), f32(0)), max(piece.max(), f32(0))
        width = f32(most - least)
        scale = f32(1) if width < 2.0**-110 else f32(width / f32(255))
        middle = np.rint(np.clip(f32(f32(-least) / scale), 0, 255))
        q += [int(np.clip(np.rint(f32(v / scale)) + middle, 0, 255)) - 128 for v in piece]
        s += [scale] * rows
        zero += [f32(middle - 128)] * rows
    return [q, s, zero]


def dense_u8(op, q, s, zero, w, c, t, b):
    def output(row, r: int, i: int):
        y = dense_s8(w[i], c[i], None if b is None else b[i], row, s[r])
        return f32(y - f32(f32(zero[r] * s[r]) * t[i]))

    rows, s, zero = q.reshape(-1, q.shape[-1]), s.reshape(-1), zero.reshape(-1)
    return [[[output(row, r, i) for i in range(len(w))] for r, row in enumerate(rows)]]


OPERATORS |= {23: quantize_fixed, 24: dense_fixed, 66: quantize_u8, 67: dense_u8}
SHAPED |= {64: conv_fixed, 65: depthwise_fixed}
