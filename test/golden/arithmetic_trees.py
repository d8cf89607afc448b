"""Operators 20 to 22 for arithmetic.py: one tree after the other, as the page
of the format says it."""

import struct

import numpy as np
from arithmetic import OPERATORS

GROUP = 8


def bits(x) -> int:
    form = {4: "<fI", 8: "<dQ"}[x.itemsize]
    return struct.unpack("<" + form[2], struct.pack("<" + form[1], x))[0]


def key(x) -> int:
    size = 8 * x.itemsize
    if np.isnan(x):
        return 2**size - 1
    if x == 0:
        return 2 ** (size - 1)
    return 2**size - 1 - bits(x) if x < 0 else bits(x) + 2 ** (size - 1)


def category(x, kind: int) -> int:
    if np.isnan(x):
        return 0
    is_one = x < 2**30 and (x >= 0 if kind == 1 else x > -1)
    return 2 + int(x) if is_one else 1


def key_row(row, kind: int) -> list[int]:
    keys = [key(x) for x in row]
    lowered = [0 if np.isnan(x) else k for x, k in zip(row, keys, strict=True)]
    return [*keys, *lowered, 0, *(category(x, kind) for x in row if kind)]


def unsigned(table):
    return None if table is None else table.view(f"<u{table.itemsize}")


def sums(x, kind: int, values, targets, start, m: int, trees: int, leaf) -> list:
    """leaf(keys of a row, tree) is an index of values, which are rows."""
    out = []
    for row in x.reshape(-1, x.shape[-1]):
        keys = key_row(row, kind)
        y = [values.dtype.type(0)] * m if start is None else list(start)
        for t in range(trees):
            to = 0 if targets is None else targets[t]
            for k, value in enumerate(values[leaf(keys, t)]):
                y[to + k] = values.dtype.type(y[to + k] + value)
        out.append(y)
    return [out, None]


def outputs(values, targets, start) -> int:
    """m, where a golden file has no other way to say it."""
    if start is not None:
        return len(start)
    return values.shape[-1] + (0 if targets is None else int(max(targets)))


def trees_heap(op, x, values, targets, start, keys, columns):
    keys, columns = unsigned(keys), unsigned(columns)
    nodes = keys.shape[1]
    rows = values.reshape(-1, values.shape[-1])

    def leaf(row, tree: int) -> int:
        group, i = tree // GROUP, GROUP + tree % GROUP
        while i < nodes:
            i = 2 * i + (row[columns[group, i]] > keys[group, i])
        return group * nodes + i - nodes

    m = outputs(rows, targets, start)
    return sums(x, 0, rows, targets, start, m, op.attributes[0], leaf)


def has(sets, at: int, bit: int) -> bool:
    count, words = int(sets[at]), sets[at + 1 :]
    bit = bit if bit < count else 1
    return bool(int(words[bit // 32]) >> bit % 32 & 1)


def trees_linked(op, x, values, targets, start, nodes, roots, order, sets):
    nodes, sets = unsigned(nodes).astype(object), unsigned(sets)
    if nodes.shape[1] == 2:
        fields = [(k, w & 0xFFFF, w >> 16 & 0xFFFF, w >> 32) for k, w in nodes]
    else:
        fields = [(k, w & 0xFFFF, w >> 16, left) for k, w, left in nodes]
    n = x.shape[-1]

    def leaf(row, tree: int) -> int:
        k, column, height, left = fields[roots[order[tree]]]
        while height:
            goes_left = has(sets, k, row[column]) if column > 2 * n else row[column] <= k
            k, column, height, left = fields[left if goes_left else left + 1]
        return k

    m = outputs(values, targets, start)
    return sums(x, op.attributes[0], values, targets, start, m, len(order), leaf)


def missing(op, x, low, high):
    return [np.where((low <= x) & (x <= high), x.dtype.type(np.nan), x)]


OPERATORS |= {20: trees_heap, 21: trees_linked, 22: missing}
