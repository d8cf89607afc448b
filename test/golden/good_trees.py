"""The good files with trees: see good.py. Trees are drawn, then laid out here
by hand, not by the writer that importers use."""

import numpy as np
from good import MODELS, Build, Draw, Golden, Tensors, classes, make, numbers

TREES_HEAP, TREES_LINKED, MISSING = 20, 21, 22
NAN, INF = float("nan"), float("inf")
EDGES = (0.0, -0.0, 0.5, NAN, INF, -INF, 1e-45, -1e-45)
UNSIGNED = {"f32": "<u4", "f64": "<u8"}
SIGNED = {"f32": "<i4", "f64": "<i8"}


def keys(numbers, dtype: str) -> np.ndarray:
    """Of numbers that are not NaN; 0 has one sign."""
    x = np.array(numbers, {"f32": "<f4", "f64": "<f8"}[dtype]) + 0.0
    bits, sign = x.view(UNSIGNED[dtype]), 1 << (8 * x.itemsize - 1)
    return np.where(bits & np.array(sign, bits.dtype), ~bits, bits | np.array(sign, bits.dtype))


def edge_rows(d: Draw, count: int, columns: int) -> list[list[float]]:
    """Rows of numbers of which some are at an edge."""
    rows = d.rows(count, columns, 1)
    for row in rows:
        for i in range(columns):
            if d.random.random() < 0.5:
                row[i] = d.random.choice(EDGES)
    return rows


class Trees(Build):
    def sums(self, opcode: int, x: int, m: int, dtype: str, tables: list, word: int, room: int):
        """tables: arrays or None, with their dtypes. room: of scratch for a row."""
        y, scratch = self.value(dtype, m), self.place("u8", (min(self.batch, 16) * room,))
        reads = [x, *(self.tensor(a, t) for a, t in tables)]
        self.run(opcode, reads, [y, scratch], word)
        return y


def heap(d: Draw, groups: int, depth: int, n: int, width: int, dtype: str):
    """Keys, columns and values of random trees of one depth; thresholds are 0
    now and then."""
    nodes = 8 << depth
    table = np.where(d.array(groups, nodes) < -0.5, 0.0, d.array(groups, nodes))
    key = keys(table, dtype) - (d.array(groups, nodes) < 0)  # some are < and not <=
    column = (np.abs(d.array(groups, nodes)) * 2 * n).astype(int)
    key[:, :8] = column[:, :8] = 0
    return key.astype(UNSIGNED[dtype]).view(SIGNED[dtype]), column, d.array(groups, nodes, width)


def heap_f32() -> Golden:
    """Eleven trees of depth 3, in f32; three sums, each tree for one of them."""
    d, b = Draw("heap_f32"), Trees(Tensors())
    key, column, values = heap(d, 2, 3, 3, 1, "f32")
    targets = np.arange(11, dtype="<i4") % 3
    tables = [(values, "f32"), (targets, "s32"), (d.array(3), "f32")]
    tables += [(key, "s32"), (column.astype("u1"), "u8")]
    y = b.sums(TREES_HEAP, b.input("f32", 3), 3, "f32", tables, 11, 7 * 4)
    b.plan.outputs = [b.argmax(b.cast(y)), y]
    f = make("heaps", b.tensors, [b], classes(["a", "b", "c"], "decision values"))
    return Golden(f, d.rows(3, 3, 1) + edge_rows(d, 12, 3))


def heap_f64() -> Golden:
    """Trees in f64 with two numbers at each leaf, columns of 16 bits; and trees
    that are a single leaf."""
    d, b = Draw("heap_f64"), Trees(Tensors())
    x = b.input("f64", 2)
    key, column, values = heap(d, 1, 2, 2, 2, "f64")
    tables = [(values, "f64"), (None, ""), (None, ""), (key, "s64"), (column.astype("<i2"), "s16")]
    y = b.sums(TREES_HEAP, x, 2, "f64", tables, 8, 5 * 8)
    key, column, values = heap(d, 1, 0, 2, 1, "f64")
    tables = [(values, "f32"), (None, ""), (None, ""), (key, "s64"), (column.astype("u1"), "u8")]
    leaves = b.sums(TREES_HEAP, x, 1, "f32", tables, 3, 5 * 8)
    b.plan.outputs = [y, leaves]
    f = make("heaps", b.tensors, [b], numbers(["y", "z"]))
    return Golden(f, d.rows(3, 2, 1) + edge_rows(d, 12, 2))


def linked(d: Draw, n: int, dtype: str, depths: list[int], sets: list[int] | None):
    """Nodes and roots of random trees, so deep at most. sets: where they begin."""
    nodes: list = []

    def grow(at: int, depth: int) -> int:
        if depth == 0 or d.random.random() < 0.2:
            nodes[at] = (d.random.randrange(5), 2 * n, 0, at)
            return 0
        left = len(nodes)
        nodes.extend([None, None])
        height = 1 + max(grow(left, depth - 1), grow(left + 1, depth - 1))
        column, key = d.random.randrange(2 * n), int(keys([d.random.uniform(-1, 1)], dtype)[0])
        if sets and d.random.random() < 0.5:
            column, key = 2 * n + 1 + d.random.randrange(n), d.random.choice(sets)
        nodes[at] = (key, column, height, left)
        return height

    roots = []
    for depth in depths:
        roots.append(len(nodes))
        nodes.append(None)
        grow(roots[-1], depth)
    pack = {
        "f32": lambda key, column, height, left: (key, column | height << 16, left),
        "f64": lambda key, column, height, left: (key, column | height << 16 | left << 32),
    }[dtype]
    table = np.array([pack(*node) for node in nodes], UNSIGNED[dtype]).view(SIGNED[dtype])
    return table, np.array(roots, "<i4")


def linked_f32() -> Golden:
    """Trees of many depths on f32, summed in f64 in another order than they lie
    in; the last places are not summed."""
    d, b = Draw("linked_f32"), Trees(Tensors(), batch=17)
    nodes, roots = linked(d, 3, "f32", [0, 1, 2, 2, 3, 4, 5, 6, 6, 7, 8, 9, 0, 0, 0, 0], None)
    order = np.array([11, 3, 0, 5, 4, 9, 10, 2, 1, 8, 6, 7], "<i4")
    tables = [(d.array(5, 2), "f64"), (None, ""), (None, ""), (nodes, "s32")]
    tables += [(roots, "s32"), (order, "s32"), (None, "")]
    y = b.sums(TREES_LINKED, b.input("f32", 3), 2, "f64", tables, 0, 7 * 4 + 16 * 4)
    b.plan.outputs = [y]
    f = make("linked", b.tensors, [b], numbers(["y", "z"]))
    return Golden(f, d.rows(5, 3, 1) + edge_rows(d, 16, 3))


def linked_sets() -> Golden:
    """Sets of categories, in f64 as integers are cast and in f32 from 0 on;
    numbers near 0 that stand for a missing one."""
    d, b = Draw("linked_sets"), Trees(Tensors())
    x = b.input("f64", 3)
    low, high = np.array([-1e-35, 1.0, 7.0]), np.array([1e-35, 0.0, 7.0])
    shown = b.value("f64", 3, over=x)
    b.run(MISSING, [x, b.tensor(low, "f64"), b.tensor(high, "f64")], [shown])
    narrow = b.value("f32", 3)
    b.run(1, [shown], [narrow])
    sets = np.array([2, 1, 40, 0x5A5A5A59, 0x7E, 33, 0x12345672, 1], "<i4")
    outputs = []
    for value, dtype, category, size in ((shown, "f64", 2, 8), (narrow, "f32", 1, 4)):
        nodes, roots = linked(d, 3, dtype, [3, 3, 4, 4, 5, 5, 5, 6], [0, 2, 5])
        targets = np.array([1, 0, 1, 0, 1, 0, 1], "<i4")
        order = np.arange(7, dtype="<i4")
        tables = [(d.array(5, 1), "f32"), (targets, "s32"), (d.array(2), "f32")]
        tables += [(nodes, "s64" if size == 8 else "s32"), (roots, "s32"), (order, "s32")]
        tables += [(sets, "s32")]
        room = 10 * size + 8 * 4
        outputs.append(b.sums(TREES_LINKED, value, 2, "f32", tables, category, room))
    b.plan.outputs = outputs
    f = make("sets", b.tensors, [b], numbers(["y", "z"]))
    rows = edge_rows(d, 8, 3) + [[k - 2.5, float(k), 7.0 + k % 2] for k in range(0, 48, 3)]
    rows += [[-0.5, -1.0, -0.99], [1e300, 2.0**30, 2.0**30 - 1], [1e-36, -1e-35, 7.5]]
    return Golden(f, rows)


MODELS |= {m.__name__: m for m in (heap_f32, heap_f64, linked_f32, linked_sets)}
