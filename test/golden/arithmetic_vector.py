"""Operators 10 to 19: see arithmetic.py."""

import struct

import numpy as np
from arithmetic import OPERATORS, activate, dot16, erf, exp, f32, fma, sum16

from mote import file

MAPS = {
    16: exp,
    17: erf,
    18: np.abs,
    19: lambda x: f32(np.sqrt(x)),
    20: lambda x: -x,
    21: lambda x: f32(f32(1) / x),
}
ONE, ZERO = f32(1), f32(0)


def real(word: int) -> np.float32:
    return f32(struct.unpack("<f", struct.pack("<I", word))[0])


def lines(x: np.ndarray) -> np.ndarray:
    return x.reshape(-1, x.shape[-1])


def map_(op: file.Operator, x) -> list:
    (kind,) = op.attributes
    apply = MAPS.get(kind, lambda number: activate(kind, number))
    return [[apply(number) for number in x.reshape(-1)]]


def pair(kind: int, a, b) -> np.float32:
    if kind >= 4:
        return b if (b < a if kind == 4 else b > a) else a
    return f32((lambda: a + b, lambda: a - b, lambda: a * b, lambda: a / b)[kind]())


def binary(op: file.Operator, a, b) -> list:
    b = np.broadcast_to(b, a.shape).reshape(-1)
    return [[pair(op.attributes[0], p, q) for p, q in zip(a.reshape(-1), b, strict=True)]]


def norm_row(kind: int, eps, h, g, b) -> list:
    n = f32(len(h))
    m = f32(sum16(h) / n) if kind == 0 else ZERO
    d = [f32(x - m) for x in h]
    inverse = f32(ONE / f32(np.sqrt(f32(f32(dot16(d, d) / n) + eps))))
    return [fma(f32(x * inverse), p, q) for x, p, q in zip(d, g, b, strict=True)]


def norm(op: file.Operator, x, r, g, b) -> list:
    kind, eps = op.attributes
    h = x if r is None else x + r
    b = np.zeros_like(g) if b is None else b
    return [[norm_row(kind, real(eps), row, g, b) for row in lines(h)]]


def weights(row, scale) -> tuple[list, np.float32]:
    """e of each, and 1 / their sum."""
    top = max(row)
    e = [exp(f32(f32(x - top) * scale)) for x in row]
    return e, f32(ONE / sum16(e))


def softmax_row(row, scale) -> list:
    e, inverse = weights(row, scale)
    return [f32(x * inverse) for x in e]


def softmax(op: file.Operator, x) -> list:
    return [[softmax_row(row, real(op.attributes[0])) for row in lines(x)]]


def add_row(a, table, scale, row: int) -> list:
    n = table.shape[1]
    if scale is None:
        return list(table[row] if a is None else a + table[row])
    a = [ZERO] * n if a is None else a
    return [fma(f32(w), scale[row], p) for w, p in zip(table[row], a, strict=True)]


def embed(_: file.Operator, a, ids, table, scale) -> list:
    ids = ids.reshape(-1)
    rows = [None] * len(ids) if a is None else lines(a)
    return [[add_row(row, table, scale, i) for row, i in zip(rows, ids, strict=True)]]


def position(_: file.Operator, x, table, scale) -> list:
    steps = x.shape[-2]
    return [[add_row(row, table, scale, i % steps) for i, row in enumerate(lines(x))]]


def sequential(pairs) -> np.float32:
    total = ZERO
    for a, b in pairs:
        total = fma(a, b, total)
    return total


def head(q, k, v, scale, causal: bool) -> np.ndarray:
    """Rows of one head."""
    y = np.zeros_like(q)
    for i in range(len(q)):
        seen = i + 1 if causal else len(q)
        score = [sequential(zip(q[i], k[j], strict=True)) for j in range(seen)]
        e, inverse = weights(score, scale)
        e += [ZERO] * (len(q) - seen)
        for c in range(q.shape[1]):
            y[i, c] = f32(sequential(zip(e, v[:, c], strict=True)) * inverse)
    return y


def attention(op: file.Operator, qkv) -> list:
    heads, scale, causal = op.attributes
    d = qkv.shape[-1] // 3 // heads
    blocks = qkv.reshape(-1, *qkv.shape[-2:])
    y = np.zeros(blocks.shape[:2] + (heads * d,), np.float32)
    for block, out in zip(blocks, y, strict=True):
        for h in range(heads):
            q, k, v = (block[:, (part * heads + h) * d :][:, :d] for part in range(3))
            out[:, h * d : (h + 1) * d] = head(q, k, v, real(scale), causal == 1)
    return [y, None]


def reduce(op: file.Operator, x) -> list:
    (kind,) = op.attributes
    y = []
    for block in x.reshape(-1, *x.shape[-2:]):
        total = block[-1 if kind == 4 else 0]
        for row in block[1:] if kind < 3 else ():
            total = [pair(5 if kind == 1 else 0, p, q) for p, q in zip(total, row, strict=True)]
        y.append([f32(t / f32(len(block))) for t in total] if kind == 0 else list(total))
    return [y]


def normalize_row(row) -> list:
    size = f32(np.sqrt(dot16(row, row)))
    inverse = f32(ONE / max(size, f32(1e-12)))
    return [f32(x * inverse) for x in row]


def normalize(_: file.Operator, x) -> list:
    return [[normalize_row(row) for row in lines(x)]]


def lookup(_: file.Operator, x, table) -> list:
    return [[table[int(i) % 256] for i in x.reshape(-1)]]


OPERATORS.update(
    enumerate(
        (map_, binary, norm, softmax, embed, position, attention, reduce, normalize, lookup), 10
    )
)
