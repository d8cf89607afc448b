"""Operators 25 to 36: see arithmetic.py."""

import struct

import numpy as np
from arithmetic import OPERATORS, SHAPED, activate, dense_s8, f32, fma, quantize, sigmoid, tanh

from mote import file

ZERO, ONE = f32(0), f32(1)

# ------------------------------------------------------------------------ windows


def as_image(x: np.ndarray) -> np.ndarray:
    return x if x.ndim == 4 else x[:, None]


def taps(words: list[int], image: np.ndarray, o: int, p: int) -> list:
    """What a window of position o, p has of [high][wide][c]: for each tap its
    channels, None outside."""
    high, wide = image.shape[:2]
    found = []
    for i in range(words[0]):
        h = o * words[2] + i * words[4] - words[6]
        for j in range(words[1]):
            w = p * words[3] + j * words[5] - words[7]
            inside = 0 <= h < high and 0 <= w < wide
            found.append(image[h, w] if inside else None)
    return found


def over_positions(op: file.Operator, shape: list, x, output) -> list:
    """output(item, window) for each position of each item."""
    images = as_image(x)
    high, wide = shape[1:3] if len(shape) == 4 else (1, shape[1])
    return [
        [
            [
                [output(n, taps(op.attributes, image, o, p)) for p in range(wide)]
                for o in range(high)
            ]
            for n, image in enumerate(images)
        ]
    ]


def chain(start, pairs) -> np.float32:
    total = ZERO if start is None else start
    for a, b in pairs:
        total = fma(a, b, total)
    return total


def conv(op: file.Operator, shapes: list, x, w, b) -> list:
    groups, _, m = w.shape
    n = x.shape[-1] // groups

    def one(window: list, g: int, i: int) -> np.float32:
        pairs = [
            (t[g * n + k], w[g, tap * n + k, i])
            for tap, t in enumerate(window)
            if t is not None
            for k in range(n)
        ]
        start = None if b is None else b[g * m + i]
        return activate(op.attributes[10], chain(start, pairs))

    def output(_, window: list) -> list:
        return [one(window, g, i) for g in range(groups) for i in range(m)]

    return over_positions(op, shapes[0], x, output)


def conv_s8(op: file.Operator, shapes: list, x, w, c, b) -> list:
    images = as_image(x)
    each = w.shape[1] // (op.attributes[0] * op.attributes[1])
    m = len(w) // (x.shape[-1] // each)
    rows = [quantize(image.reshape(-1)) for image in images]
    scales = [s for _, s in rows]
    quantized = np.array([q for q, _ in rows]).reshape(images.shape)

    def one(item: int, window: list, i: int) -> np.float32:
        first = i // m * each
        q = [0 if t is None else t[first + k] for t in window for k in range(each)]
        y = dense_s8(w[i], c[i], None if b is None else b[i], q, scales[item])
        return activate(op.attributes[10], y)

    def output(item: int, window: list) -> list:
        return [one(item, window, i) for i in range(len(w))]

    return [*over_positions(op, shapes[0], quantized, output), None]


def depthwise(op: file.Operator, shapes: list, x, w, b) -> list:
    def one(window: list, i: int) -> np.float32:
        pairs = [(t[i], w[tap, i]) for tap, t in enumerate(window) if t is not None]
        return activate(op.attributes[10], chain(None if b is None else b[i], pairs))

    def output(_, window: list) -> list:
        return [one(window, i) for i in range(x.shape[-1])]

    return over_positions(op, shapes[0], x, output)


def pool(op: file.Operator, shapes: list, x) -> list:
    kind = op.attributes[10]

    def one(window: list, i: int) -> np.float32:
        first, *more = [t[i] for t in window if t is not None]
        total = first
        for number in more:
            if kind > 0:
                total = f32(total + number)
            elif number > total:
                total = number
        count = len(window) if kind == 2 else 1 + len(more)
        return total if kind == 0 else f32(total / f32(count))

    def output(_, window: list) -> list:
        return [one(window, i) for i in range(x.shape[-1])]

    return over_positions(op, shapes[0], x, output)


# ----------------------------------------------------------------- moved elements


def concat(op: file.Operator, *reads) -> list:
    return [np.concatenate(reads, axis=op.attributes[0])]


def slice_(op: file.Operator, shapes: list, x) -> list:
    axis, first = op.attributes
    return [np.take(x, range(first, first + shapes[0][axis]), axis=axis)]


def transpose(op: file.Operator, x) -> list:
    return [np.transpose(x, op.attributes)]


def pad(op: file.Operator, shapes: list, x) -> list:
    axis, before, value = op.attributes
    y = np.full(shapes[0], struct.unpack("<f", struct.pack("<I", value))[0], np.float32)
    place = [slice(None)] * x.ndim
    place[axis] = slice(before, before + x.shape[axis])
    y[tuple(place)] = x
    return [y]


def reshape(op: file.Operator, x) -> list:
    return [x]


# --------------------------------------------------------------- recurrent layers


def product(w, c, b, row) -> list:
    """All gates' outputs for one row."""
    if c is None:
        n, m = w.shape
        return [
            chain(None if b is None else b[i], [(row[k], w[k, i]) for k in range(n)])
            for i in range(m)
        ]
    q, s = quantize(row)
    return [dense_s8(w[i], c[i], None if b is None else b[i], q, s) for i in range(len(w))]


def gate(a, u, number: int, m: int) -> list:
    part = slice(number * m, (number + 1) * m)
    return [sigmoid(f32(p + q)) for p, q in zip(a[part], u[part], strict=True)]


def gru_step(a, h, state, before: bool) -> list:
    m, u = len(h), product(*state, h)
    z, r = gate(a, u, 0, m), gate(a, u, 1, m)
    if before:
        u = product(*state, [f32(p * q) for p, q in zip(r, h, strict=True)])
        c = [tanh(f32(a[2 * m + i] + u[2 * m + i])) for i in range(m)]
    else:
        c = [tanh(fma(r[i], u[2 * m + i], a[2 * m + i])) for i in range(m)]
    return [fma(z[i], h[i], f32(f32(ONE - z[i]) * c[i])) for i in range(m)]


def lstm_step(a, h, cell, state) -> tuple[list, list]:
    m, u = len(h), product(*state, h)
    i, o, f = (gate(a, u, number, m) for number in range(3))
    new = [tanh(f32(p + q)) for p, q in zip(a[3 * m :], u[3 * m :], strict=True)]
    cell = [fma(f[k], cell[k], f32(i[k] * new[k])) for k in range(m)]
    return [f32(o[k] * tanh(cell[k])) for k in range(m)], cell


def steps(op: file.Operator, x) -> list[int]:
    order = list(range(x.shape[1]))
    return order[::-1] if op.attributes[0] else order


def first(h, item: int, m: int) -> list:
    return [ZERO] * m if h is None else list(h[item])


def gru(op: file.Operator, shapes: list, x, w, c, r, d, b, e, h) -> list:
    m = shapes[0][2]
    y, last = np.zeros(shapes[0], np.float32), []
    for item, sequence in enumerate(x):
        state = first(h, item, m)
        for t in steps(op, x):
            a = product(w, c, b, sequence[t])
            state = gru_step(a, state, (r, d, e), op.attributes[1] == 1)
            y[item, t] = state
        last.append(state)
    return [y, last, None]


def lstm(op: file.Operator, shapes: list, x, w, c, r, d, b, e, h, cell) -> list:
    m = shapes[0][2]
    y, last, cells = np.zeros(shapes[0], np.float32), [], []
    for item, sequence in enumerate(x):
        state, inner = first(h, item, m), first(cell, item, m)
        for t in steps(op, x):
            a = product(w, c, b, sequence[t])
            state, inner = lstm_step(a, state, inner, (r, d, e))
            y[item, t] = state
        last.append(state)
        cells.append(inner)
    return [y, last, cells, None]


SHAPED.update(
    {25: conv, 26: conv_s8, 27: depthwise, 28: pool, 30: slice_, 32: pad, 35: gru, 36: lstm}
)
OPERATORS.update({29: concat, 31: transpose, 33: reshape})
